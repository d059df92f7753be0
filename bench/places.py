"""The servers of all races, on loopback, data and logs under `.run/bench`."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from pymongo import AsyncMongoClient, MongoClient

from aftersales.testing import eventually
from aftersales.testing.servers import ServerName, provide_server

ROOT = Path(__file__).parents[1]
DATA = ROOT / ".run" / "bench"
NAMES: tuple[ServerName, ...] = ("mongo", "rabbitmq")
Driver = Literal["motor", "pymongo"]
_ROOM = {"wiredTigerEngineRuntimeConfig": "cache_size=4G", "maxIndexBuildMemoryUsageMegabytes": 2000}
"""As a MongoDB with a million documents would have it (half of the memory, unless told); in tests it has little."""


@dataclass(frozen=True)
class Urls:
    mongo_url: str
    amqp_url: str


async def caught_up(urls: Urls, bus: str, *names: str) -> None:
    """Until these services have heard the journal, which they do once in their lives: that is no part of a race."""
    async with AsyncMongoClient[dict[str, object]](urls.mongo_url) as client:
        for name in names:
            heard = partial(client[f"{bus}_{name}"]["marks"].find_one, {"_id": "caught_up"})
            await eventually(heard, 60)


@contextmanager
def servers() -> Iterator[Urls]:
    """One MongoDB and one RabbitMQ."""
    shutil.rmtree(DATA, ignore_errors=True)
    with ExitStack() as stack:
        provided = []
        for name in NAMES:
            provided.append(provide_server(name, DATA))
            stack.callback(provided[-1].close)
        mongo, rabbit = provided
        if mongo.kind != "url":
            with MongoClient[dict[str, object]](mongo.url) as client:
                client.admin.command({"setParameter": 1, **_ROOM})
        yield Urls(mongo.url, rabbit.url)
