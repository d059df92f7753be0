"""Parts of a process that never end. One that does, however it does, must be noticed."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class PartEnded(Exception):
    """A part that never should has returned or was cancelled, and nobody stopped the whole."""


async def run_together(**parts: Coroutine[Any, Any, None]) -> None:
    """Run them until one ends, then end the others and raise what it raised, or `PartEnded`.

    A TaskGroup takes no notice of a child that returned or was cancelled.
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
