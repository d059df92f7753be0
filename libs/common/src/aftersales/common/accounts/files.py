"""The files with the settings of each account: only their owner may read them, and each is replaced as a whole."""

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_LINE = re.compile(r"(\w+)=(\S*)")


def read_settings(file: Path) -> dict[str, str]:
    """Return the variables of a file, none if it does not exist."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except FileNotFoundError:
        return {}
    return {found[1]: found[2] for line in lines if (found := _LINE.fullmatch(line.strip()))}


def write_settings(file: Path, settings: Mapping[str, str]) -> bool:
    """Write the variables, as Docker, Kubernetes and systemd read them; return whether that was new."""
    if read_settings(file) == settings and file.stat().st_mode & 0o077 == 0:
        return False
    text = "".join(f"{name}={value}\n" for name, value in settings.items())
    made = file.with_name(f".{file.name}.new")
    with suppress(FileNotFoundError):
        made.unlink()
    with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as output:
        output.write(text)
    made.replace(file)
    return True
