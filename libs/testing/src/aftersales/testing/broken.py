"""A service that is broken on purpose, or dies at a chosen point, so that the checks have something to find.

    python -m aftersales.testing.broken dispatch --variant ack_early --once FILE \
        --die before_commit --why intake.request_registered.v1

The variant patches the running program from outside; the product has no such switch. `--die` kills the process once
(FILE records that), before or after it commits a change made for that reason.
"""

import argparse
import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from aftersales.common import dead_letters
from aftersales.common.amqp import Bus, Delivery
from aftersales.common.inbound import Inbound
from aftersales.common.mongo import Mongo, Writes
from aftersales.common.outgoing import Parcel, from_row
from aftersales.common.relay import OUTBOX, Relay
from aftersales.common.work import audit

_ACK_SECONDS = 0.5
"""Seconds that an acknowledgement needs to reach the broker."""


def ack_early() -> None:
    """Acknowledge each delivery when it arrives, not when its effect is committed."""
    take = Inbound.take

    def early(self: Inbound, delivery: Delivery) -> None:
        delivery.done()
        take(self, replace(delivery, done=lambda: None))

    Inbound.take = early  # type: ignore[method-assign]


def no_inbox() -> None:
    """Forget which events were handled."""
    make = Inbound._job

    def forgetful(self: Inbound, *args: Any) -> Any:
        job = make(self, *args)
        job.inbox = None
        return job

    Inbound._job = forgetful  # type: ignore[method-assign,assignment]


def publish_after_commit() -> None:
    """Keep events only in memory, so that unpublished ones are lost when the process dies."""
    commit = Mongo.commit

    async def without_outbox(self: Mongo, writes: Writes) -> None:
        writes.inserts.pop(OUTBOX, None)
        await commit(self, writes)

    Mongo.commit = without_outbox  # type: ignore[method-assign]


def publish_before_commit() -> None:
    """Publish first and commit afterwards, so that uncommitted changes are published when the process dies.

    This starts with the first connection; earlier changes use the outbox.
    """
    commit, offer, relays, told = Mongo.commit, Relay.offer, list[Relay](), set[str]()
    make = Relay.__init__

    def noted(self: Relay, *args: Any, **kwargs: Any) -> None:
        make(self, *args, **kwargs)
        relays.append(self)

    async def told_first(self: Mongo, writes: Writes) -> None:
        publisher: Any = relays[0]._publisher
        if publisher._ready.is_set():
            rows = writes.inserts.pop(OUTBOX, [])
            told.update(row["_id"] for row in rows)
            await publisher.publish([message for row in rows for message in from_row(row).messages])
        await commit(self, writes)

    def offered(self: Relay, parcels: Sequence[Parcel]) -> None:
        offer(self, [parcel for parcel in parcels if parcel.id not in told])

    Relay.__init__ = noted  # type: ignore[method-assign]
    Relay.offer = offered  # type: ignore[method-assign]
    Mongo.commit = told_first  # type: ignore[method-assign]


def no_watch() -> None:
    """Assume that a queue is consumed because the connection is up."""

    async def blind(_self: Bus, _connection: Any) -> None:
        await asyncio.Event().wait()

    Bus._watch = blind  # type: ignore[method-assign,assignment]


def never_ends() -> None:
    """Neither store an unreadable message as a dead letter nor acknowledge it."""
    Inbound._give_up = lambda *_: None  # type: ignore[method-assign]


def stays_parked() -> None:
    """Keep the dead letter of an event that is handled later."""

    async def remembered(*_: Any) -> None:
        return None

    dead_letters.forget_dead_letter = remembered  # type: ignore[assignment]


VARIANTS: dict[str, Callable[[], None]] = {
    "sound": lambda: None,
    "ack_early": ack_early,
    "no_inbox": no_inbox,
    "publish_after_commit": publish_after_commit,
    "publish_before_commit": publish_before_commit,
    "no_watch": no_watch,
    "never_ends": never_ends,
    "stays_parked": stays_parked,
}


def die_at_commit(when: str, why: str, once: Path) -> None:
    """Kill this process, as a crash would, before or after it commits the first change made for this reason."""
    commit, died_before = Mongo.commit, once.exists()

    async def fatal(self: Mongo, writes: Writes) -> None:
        fatal_now = not died_before and _concerns(writes, why)
        if fatal_now and when == "before_commit":
            await asyncio.sleep(_ACK_SECONDS)
            _crash(once)
        await commit(self, writes)
        if fatal_now:
            _crash(once)

    Mongo.commit = fatal  # type: ignore[method-assign]


def _concerns(writes: Writes, why: str) -> bool:
    records = writes.inserts.get(audit.COLLECTION, ())
    return why in {change["why"] for record in records for change in record["changes"]}


def _crash(once: Path) -> None:
    once.touch()
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("service")
    parser.add_argument("--variant", choices=VARIANTS, default="sound")
    parser.add_argument("--die", choices=("before_commit", "after_commit"))
    parser.add_argument("--why")
    parser.add_argument("--once", type=Path)
    given = parser.parse_args()
    if given.die:
        die_at_commit(given.die, given.why, given.once)
    VARIANTS[given.variant]()
    import_module(f"aftersales.{given.service}.main").main()


if __name__ == "__main__":
    main()
