"""Parts of a process that must never end; if one does, for any reason, this is noticed."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class PartEnded(Exception):
    """A part that must never end returned or was cancelled, although nothing stopped the process."""


async def run_together(**parts: Coroutine[Any, Any, None]) -> None:
    """Run the parts until one ends, then end the others and raise its exception, or `PartEnded`.

    A TaskGroup would ignore a child that returned or was cancelled.
    """
    tasks = [asyncio.create_task(part, name=name) for name, part in parts.items()]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if task.cancelled():
                raise PartEnded(f"{task.get_name()} was cancelled")
            task.result()
            raise PartEnded(f"{task.get_name()} returned")
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
