"""Debian packages, installed as root without starting the services that they contain."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from aftersales.testing.servers.model import ServerUnavailableError

_POLICY = Path("/usr/sbin/policy-rc.d")


def can_install() -> bool:
    """Whether this is root on a system with apt."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install_package(package: str) -> None:
    """Install a package, and report it on stdout, because that changes the machine."""
    sys.stdout.write(f"{package}: not here, installing it with apt-get (nothing it brings is started)\n")
    sys.stdout.flush()
    with _autostart_forbidden():
        _apt("update")
        _apt("install", "-y", "--no-install-recommends", package)


@contextlib.contextmanager
def _autostart_forbidden() -> Iterator[None]:
    """Prevent Debian from starting what it installs, by writing this file; an existing file stays unchanged."""
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink()


def _apt(*words: str) -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(  # noqa: S603 - fixed words, no shell
        ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=120", *words],  # noqa: S607 - can_install() found it on PATH
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ServerUnavailableError(f"apt-get {' '.join(words)} failed:\n{done.stderr[-2000:]}")
