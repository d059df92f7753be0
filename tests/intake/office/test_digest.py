"""Warnings and escalations, aggregated per owner and hour, never one message per item in a flood (ALL-3)."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import aio_pika
import pytest

from aftersales.common.events import Event, SlaMark
from aftersales.common.events import dispatch as from_dispatch
from aftersales.common.events import feedback as from_feedback
from aftersales.common.events import intake as from_intake
from aftersales.common.events.intake import SlaDigest
from aftersales.intake.office.domain.digest import (
    HOUR,
    LISTED,
    Digest,
    digest_of,
    find_addressee,
    gather_mark,
    send_waiting,
)
from aftersales.testing import ManualClock, eventually
from aftersales.testing.system import RunningService, RunningSystem, make_envelope

TEN = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""Ten o'clock in Beijing."""
Told = tuple[Event, ...]
Heard = Callable[..., Awaitable[list[Any]]]


def mark(kind: type[SlaMark] = from_dispatch.DispatchSlaWarned, number: int = 0, **changes: Any) -> SlaMark:
    at = changes.get("at", TEN + timedelta(minutes=5))
    about = {"subject": f"WO-261123-{number:04}", "request": f"SR-261123-{number:04}", "branch": "BJ01"}
    said = {"stage": "dispatch", "deadline": at + timedelta(minutes=3), "at": at, "mark": "80%", "owner": "desk-7"}
    return kind.model_validate(about | said | changes)


def gathered(marks: Iterable[SlaMark]) -> tuple[Digest, list[Event]]:
    digest: Digest | None = None
    told: list[Event] = []
    for one in marks:
        digest, events = gather_mark(digest or digest_of(one, one.at), one, one.at)
        told += events
    assert digest
    return digest, told


def test_five_thousand_marks_of_one_owner_in_an_hour_are_two_messages() -> None:
    digest, first = gathered(mark(number=number) for number in range(5000))
    closed, second = send_waiting(digest, TEN + HOUR)

    assert [(event.new, event.warned) for event in (*first, *second) if isinstance(event, SlaDigest)] == [
        (1, 1),
        (4999, 5000),
    ]
    assert digest.wake_at == TEN + HOUR
    assert (closed.told, closed.waiting, closed.wake_at) == (2, 0, None)
    assert send_waiting(closed, TEN + HOUR) == (closed, ()), "an hour is told once"


def received(marks: Iterable[SlaMark]) -> list[tuple[datetime, int]]:
    """When the owner is told, and of how many new marks: marks and timers in the order of time."""
    digest: Digest | None = None
    told: list[tuple[datetime, int]] = []

    def note(now: datetime, events: Told) -> None:
        told.extend((now, event.new) for event in events if isinstance(event, SlaDigest))

    for one in [*sorted(marks, key=lambda one: one.at), None]:
        now = one.at if one else TEN + HOUR
        while digest and digest.wake_at and digest.wake_at <= now:
            at = digest.wake_at
            digest, events = send_waiting(digest, at)
            note(at, events)
        if one:
            digest, events = gather_mark(digest or digest_of(one, one.at), one, one.at)
            note(one.at, events)
    return told


def test_all_3_breaches_of_short_promises_reach_their_owner_within_minutes() -> None:
    """A 50 % mark of a long promise comes first; seven breaches of promises of 5 to 20 minutes follow in the hour."""
    minutes = [4, 9, 13, 14, 22, 31, 47]
    targets = [5, 20, 5, 15, 20, 5, 10]
    breaches = [
        mark(
            from_dispatch.DispatchSlaBreached,
            number,
            at=TEN + timedelta(minutes=minute),
            deadline=TEN + timedelta(minutes=minute),
            target=60 * target,
            mark="breach",
        )
        for number, (minute, target) in enumerate(zip(minutes, targets, strict=True))
    ]
    told = received([mark(number=99, at=TEN, target=86400), *breaches])
    late = [next(at for at, _ in told if at >= one.at) - one.at for one in breaches]
    assert sum(new for _, new in told) == 8
    assert max(late) <= timedelta(minutes=5)
    assert late[0] == timedelta(), "the first one at once"


def test_all_3_two_hundred_late_requests_are_few_messages() -> None:
    at = [TEN + timedelta(seconds=5 * number) for number in range(200)]
    flood = [mark(from_dispatch.DispatchSlaBreached, n, at=when, target=300) for n, when in enumerate(at)]
    told = received(flood)
    assert sum(new for _, new in told) == 200
    assert len(told) <= 7
    assert max(b - a for (a, _), (b, _) in pairwise(told)) <= timedelta(minutes=5)


def test_all_3_a_mark_of_a_long_promise_waits_for_the_end_of_the_hour() -> None:
    day = [mark(number=n, at=TEN + timedelta(minutes=n), target=86400) for n in range(3)]
    assert received(day) == [(TEN, 1), (TEN + HOUR, 2)]


def test_all_3_one_promise_is_one_line_with_its_worst_mark() -> None:
    digest, _ = gathered(
        [
            mark(mark="50%", target=300),
            mark(from_dispatch.DispatchSlaBreached, mark="breach", target=300),
            mark(mark="80%", target=300),
        ]
    )
    assert [(item.kind, item.mark, item.mover) for item in digest.items] == [("breached", "breach", "desk-7")]
    assert (digest.warned, digest.breached) == (2, 1)


def test_all_3_a_withdrawn_breach_takes_the_place_of_the_breach_and_is_told_to_the_same_people() -> None:
    """ADR 18: the work was done in time and reported late."""
    breach = mark(from_dispatch.DispatchSlaBreached, mark="breach", target=300)
    withdrawn = mark(from_dispatch.DispatchSlaWithdrawn, mark="breach", target=300)
    digest, _ = gathered([mark(target=300), breach, withdrawn, mark(number=1, target=300)])
    assert [(item.kind, item.subject[-4:]) for item in digest.items] == [("warned", "0001"), ("withdrawn", "0000")]
    assert (digest.warned, digest.breached, digest.withdrawn) == (2, 1, 1)
    told = send_waiting(digest, TEN + HOUR)[1]
    assert [event.withdrawn for event in told if isinstance(event, SlaDigest)] == [1]
    assert find_addressee(withdrawn) == find_addressee(breach) == "desk-7"
    for kind in (from_dispatch.DispatchSlaEscalated, from_dispatch.DispatchSlaWithdrawn):
        assert find_addressee(mark(kind, mark="supervisor")) == "supervisor@BJ01"


def test_a_digest_stays_small_and_names_the_worst_first() -> None:
    flood = [mark(number=number) for number in range(100)]
    flood.insert(70, mark(from_dispatch.DispatchSlaBreached, 7000, mark="breach"))
    digest, _ = gathered(flood)

    assert len(digest.items) == LISTED
    assert [item.kind for item in digest.items[:2]] == ["breached", "warned"]
    assert (digest.warned, digest.breached) == (100, 1)


def test_one_mark_alone_is_told_at_once_and_never_again() -> None:
    digest, told = gathered([mark()])

    assert len(told) == 1
    assert digest.wake_at is None
    assert send_waiting(digest, TEN + HOUR) == (digest, ())


@pytest.mark.parametrize(
    ("said", "owner"),
    [
        (mark(), "desk-7"),
        (mark(from_intake.IntakeSlaBreached, mark="breach"), "desk-7"),
        (mark(owner=""), "BJ01"),
        (mark(from_dispatch.DispatchSlaEscalated, mark="supervisor"), "supervisor@BJ01"),
        (mark(from_feedback.FeedbackSlaEscalated, mark="supervisor", branch="SH01"), "supervisor@SH01"),
        (mark(from_intake.IntakeSlaEscalated, mark="leadership", owner=""), "leadership@BJ01"),
    ],
)
def test_a_mark_goes_to_the_owner_an_escalated_one_to_the_role_at_the_branch(said: SlaMark, owner: str) -> None:
    assert find_addressee(said) == owner
    assert digest_of(said, said.at).owner == owner


def test_each_owner_and_each_hour_has_a_digest_of_its_own() -> None:
    """An hour is one of UTC: where zones differ by half an hour, it begins at half past on the wall."""
    ids = [
        digest_of(mark(), TEN + timedelta(minutes=59)).id,
        digest_of(mark(), TEN + timedelta(minutes=60)).id,
        digest_of(mark(owner="desk-8"), TEN).id,
    ]

    assert ids == ["desk-7|20261123T02", "desk-7|20261123T03", "desk-8|20261123T02"]


async def _flood(intake: RunningService, marks: Iterable[SlaMark], times: int = 1) -> None:
    """As other services say them: over one connection, each as often as told."""
    connection = await aio_pika.connect(intake.runtime.service.settings.amqp_url.get_secret_value())
    async with connection:
        channel = await connection.channel(publisher_confirms=False)
        for number, one in enumerate(marks):
            body = make_envelope(one, id=f"{one.TYPE}-{one.owner}-{one.at}-{number}", subject="t", time=one.at)
            for _ in range(times):
                message = aio_pika.Message(body, delivery_mode=2)
                await channel.default_exchange.publish(message, intake.runtime.topology.queue)


async def _digests(intake: RunningService, owner: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await intake.http.get("/digests", params={"owner": owner})).json()["items"]
    return found


async def test_a_flood_is_two_messages_an_owner_on_the_wire_too(
    built: RunningSystem, intake: RunningService, clock: ManualClock, heard: Heard
) -> None:
    """Four hundred of one owner, each delivered twice, and some of others; the clock stands at nine in Beijing."""
    at = clock.now()
    escalated = [mark(from_feedback.FeedbackSlaEscalated, n, mark="supervisor", at=at) for n in range(3)]
    await _flood(intake, [mark(number=n, at=at) for n in range(400)], times=2)
    await _flood(intake, [mark(number=1, owner="desk-8", at=at), *escalated])

    async def all_heard() -> bool:
        found = await _digests(intake, "desk-7")
        return bool(found) and found[0]["warned"] >= 400

    await eventually(all_heard, 60)
    await built.quiet()
    before = [(one.owner, one.new) for one in await heard(SlaDigest)]
    clock.advance(hours=1)

    async def closed() -> bool:
        return [one["told"] for owner in ("desk-7", "supervisor@BJ01") for one in await _digests(intake, owner)] == [
            2,
            2,
        ]

    await eventually(closed)
    after = [(one.owner, one.new, one.warned, one.escalated) for one in (await heard(SlaDigest))[len(before) :]]
    assert sorted(before) == [("desk-7", 1), ("desk-8", 1), ("supervisor@BJ01", 1)]
    assert sorted(after) == [("desk-7", 399, 400, 0), ("supervisor@BJ01", 2, 0, 3)]


async def test_marks_that_come_late_belong_to_the_hour_in_which_they_are_heard(
    built: RunningSystem, intake: RunningService, clock: ManualClock, heard: Heard
) -> None:
    """Two hours' marks that waited in the queue are two messages, however many hours they are about."""
    long_ago = [mark(number=n, at=clock.now() + timedelta(minutes=7 * n)) for n in range(20)]
    clock.advance(hours=3)
    await _flood(intake, long_ago)

    async def all_heard() -> bool:
        found = await _digests(intake, "desk-7")
        return bool(found) and found[0]["warned"] == 20

    await eventually(all_heard)
    clock.advance(hours=1)

    async def closed() -> bool:
        return [one["told"] for one in await _digests(intake, "desk-7")] == [2]

    await eventually(closed)
    assert [one.new for one in await heard(SlaDigest)] == [1, 19]
