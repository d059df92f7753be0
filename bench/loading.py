"""Documents by the million, as one loads them who moves in: from two processes, loosely, and indexed afterwards."""

import asyncio
import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from typing import Any

from pymongo import AsyncMongoClient, IndexModel, MongoClient
from pymongo.write_concern import WriteConcern

from aftersales.common.mongo import Document, Index

LOADERS = 2
_CHUNK = 2000
Make = Callable[[int, int], Iterator[dict[str, Document]]]
"""The documents of so many, from this number on, by collection."""


async def load(url: str, database: str, make: Make, count: int) -> None:
    """Store the documents of so many, each process its share."""
    share = count // LOADERS
    with ProcessPoolExecutor(LOADERS, multiprocessing.get_context("spawn")) as pool:
        loop = asyncio.get_running_loop()
        jobs = [loop.run_in_executor(pool, _fill, url, database, make, part * share, share) for part in range(LOADERS)]
        await asyncio.gather(*jobs)


def _fill(url: str, database: str, make: Make, first: int, count: int) -> None:
    with MongoClient[Any](url) as client:
        loose = client.get_database(database, write_concern=WriteConcern(1, j=False))
        made = make(first, count)
        while several := [*islice(made, _CHUNK)]:
            for collection in several[0]:
                loose[collection].insert_many([one[collection] for one in several], ordered=False)


async def drop_indexes(client: AsyncMongoClient[Any], database: str, indexes: Mapping[str, Sequence[Index]]) -> None:
    """They are made again after the load: entry by entry a million would take an hour."""
    for collection in indexes:
        await client[database][collection].drop_indexes()


async def make_indexes(client: AsyncMongoClient[Any], database: str, indexes: Mapping[str, Sequence[Index]]) -> None:
    """All of a collection in one command, which reads it once; then all is written out, so that nobody waits for it."""
    commands = [
        client[database][collection].create_indexes([IndexModel(index.keys, **index.options) for index in several])
        for collection, several in indexes.items()
    ]
    await asyncio.gather(*commands)
    await client.admin.command("fsync")
