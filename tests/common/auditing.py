"""A service whose audit trail is written by two replicas, and what somebody with write access could do to it."""

from contextlib import asynccontextmanager

from common.counter import add, service
from pydantic import SecretStr

from aftersales.common.runtime import Runtime
from aftersales.common.settings import ServiceSettings
from aftersales.common.work import Job, audit
from aftersales.testing.system import start_system
from aftersales.values import uuid7

KEY = "an audit key of the tests, 32 characters or more".replace(" ", "-")
OTHER = "another-" + KEY


@asynccontextmanager
async def running_service(urls, clock, **settings):
    chosen = {"audit_key": SecretStr(KEY)} | settings
    async with start_system(urls, clock, [(service, ServiceSettings)], **chosen) as built:
        yield built.counter


async def work(counter, changes=6):
    """Change documents with two writers in turn, and anchor what came of it."""
    async with second_writer(counter) as change:
        for n in range(changes):
            await counter.do(add, f"c{n % 2}", 1)
            await change(f"c{n % 2}")
    await counter.runtime.auditor.anchor()


@asynccontextmanager
async def second_writer(counter, name="second"):
    """Another replica, which writes alone: it takes no events."""
    settings = counter.runtime.service.settings
    runtime = Runtime(service(settings.model_copy(update={"instance": name})), counter.runtime.clock)
    await runtime.start()

    async def change(id, amount=1):
        async def run(work):
            return await add(work, id, amount)

        return await runtime.writer.submit(Job(run, "add", "second", uuid7()))

    try:
        yield change
    finally:
        await runtime.stop()


async def found(counter):
    """What a verification finds: codes, each with what it is about."""
    run = await counter.runtime.auditor.verify()
    return sorted((finding.code, str(next(iter(finding.params.values()), ""))) for finding in run.findings)


def database(counter):
    return counter.runtime.mongo._db


async def records(counter, writer):
    return await counter.runtime.mongo.rows("audit", {"writer": writer}, sort=("seq",))


async def forge(counter, writer, *changes, keys=None):
    """Write a whole chain anew, as somebody with write access to the database could."""
    chain = audit.Chain(writer, keys)
    for change in changes:
        record = chain.extend(change["changes"], change["at"])
        chain.advance(record)
        await database(counter)["audit"].replace_one({"_id": record["_id"]}, record, upsert=True)
