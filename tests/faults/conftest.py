"""Servers that may be killed, and what a sound system leaves behind after a day with four crashes."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator

import pytest
from faults.scenarios import BROKEN, SOUND, play
from faults.score import Outcome
from faults.servers import Servers, start_servers


def _interrupt(*_: object) -> None:
    """A terminated session ends as an interrupted one does: with its fixtures closed."""
    raise KeyboardInterrupt


@pytest.fixture(scope="session")
async def killable() -> AsyncIterator[Servers]:
    for name in ("aio_pika", "aiormq"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # connections that break are what these tests are about
    before = signal.signal(signal.SIGTERM, _interrupt)
    running = await start_servers()
    try:
        yield running
    finally:
        await running.close()
        signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="session")
async def sound(killable) -> Outcome:
    """The end of a day on which each service was killed once, at its worst moment."""
    return await play(killable, "sound", SOUND)


@pytest.fixture(scope="session")
async def broken(killable) -> dict[str, Outcome]:
    """What each broken variant leaves behind; they run at once, which takes two thirds of the time."""
    outcomes = await asyncio.gather(*(play(killable, name, scenario) for name, scenario in BROKEN.items()))
    return dict(zip(BROKEN, outcomes, strict=True))
