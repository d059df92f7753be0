"""Brings the demo's sheets in with the command that a branch would use: `aftersales import KIND FILE`."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.demo.make_data import DATA
from deploy.local.screen import console

POLICIES = sorted((Path(__file__).parent / "policies").glob("*.yaml"))
WAVES = (("branches", "technicians", "parts", "prices"), ("stock", "customers"))
"""What builds on something else comes after it."""


class ImportFailedError(Exception):
    """A sheet did not go in, or not all of it."""


async def bring_in(environment: Mapping[str, str]) -> None:
    """Publish the branches' policies and import every sheet; what is in already changes nothing.

    Raises `ImportFailedError`.
    """
    for file in POLICIES:
        said = await _run(environment, "policy", "publish", str(file))
        console.print(f"[green]✓[/] {file.name:<16} {said.decode().strip()}")
    for wave in WAVES:
        async with asyncio.TaskGroup() as group:
            for kind in wave:
                group.create_task(_bring_in(kind, environment))


async def _bring_in(kind: str, environment: Mapping[str, str]) -> None:
    summary = json.loads(await _run(environment, "import", kind, str(DATA / f"{kind}.csv"), "--json"))
    again = f", {summary['repeated']} of them there already" if summary["repeated"] else ""
    console.print(f"[green]✓[/] {kind + '.csv':<16} {summary['rows']:>4} rows in {summary['seconds']:.1f} s{again}")


async def _run(environment: Mapping[str, str], *arguments: str) -> bytes:
    """Run `aftersales`, and give what it said."""
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("aftersales")),
        *arguments,
        env=os.environ | dict(environment),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complained = await process.communicate()
    if process.returncode:
        raise ImportFailedError(f"aftersales {' '.join(arguments[:2])}: {(complained or said).decode()[-2000:]}")
    return said
