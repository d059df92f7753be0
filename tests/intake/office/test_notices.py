"""Notices that named readers acknowledge (ALL-9)."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from intake.staff import ask, data, overheard, say, staff

from aftersales.common.events.intake import DesignChanged, NoticeOverdue, NoticePublished
from aftersales.intake.network.domain import Person
from aftersales.intake.office.domain.notice import (
    CHUNK,
    Acknowledgement,
    Notice,
    NoticeForm,
    Publication,
    Reading,
    acknowledge_notice,
    audience_keys,
    chunk_of,
    publish_notice,
    remind_readers,
)
from aftersales.intake.office.store import notices_for
from aftersales.testing import ManualClock, eventually
from aftersales.testing.system import RunningService
from aftersales.values.errors import DomainError

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
DUE = NOW + timedelta(days=4)
NUMBER = "NT-261123-K8WM"
PAIR = {"old": "COMP-1", "new": "COMP-1B", "valid_from": "2026-12-01"}


def _form(**changes: Any) -> NoticeForm:
    return NoticeForm.model_validate({"kind": "new_rule", "title": "出差管理制度", "roles": ["technician"]} | changes)


def _published(*readers: str, **changes: Any) -> Notice:
    return publish_notice(NUMBER, _form(**changes), Publication("hq-1", NOW, readers or ("T-1", "T-2")))[0]


def _person(*roles: str, branch: str = "BJ01") -> Person:
    return Person(id="T-9", branch=branch, name="郑", roles=roles)


def test_five_thousand_readers_are_a_dozen_documents_of_which_none_is_large() -> None:
    """ALL-9."""
    readers = [f"T-{number:05}" for number in range(5000)]
    notice, chunks, _ = publish_notice(NUMBER, _form(), Publication("hq-1", NOW, readers))
    assert (notice.readers, len(chunks)) == (5000, 5000 // CHUNK)
    assert sorted(reader for chunk in chunks for reader in chunk.readers) == readers
    assert max(len(chunk.readers) for chunk in chunks) < CHUNK * 1.3
    assert all(reader in chunks[chunk_of(notice, reader)].readers for reader in readers)
    assert len(notice.model_dump_json()) < 1000


def test_a_design_change_tells_which_part_supersedes_which() -> None:
    """ALL-9, INV-1."""
    form = _form(kind="design_change", supersessions=[PAIR, PAIR | {"old": "COMP-2"}], due_at=DUE)
    _, _, (published, changed) = publish_notice(NUMBER, form, Publication("hq-1", NOW, ("T-1",)))
    assert isinstance(published, NoticePublished)
    assert (published.kind, published.readers, published.due_at) == ("design_change", 1, DUE)
    assert isinstance(changed, DesignChanged)
    assert [(pair.old, pair.new, str(pair.valid_from)) for pair in changed.supersessions] == [
        ("COMP-1", "COMP-1B", "2026-12-01"),
        ("COMP-2", "COMP-1B", "2026-12-01"),
    ]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kind": "design_change"}, "notice.supersessions_misplaced"),
        ({"supersessions": [PAIR]}, "notice.supersessions_misplaced"),
        ({"kind": "design_change", "supersessions": [PAIR | {"new": "COMP-1"}]}, "notice.supersession_unclear"),
        ({"kind": "design_change", "supersessions": [PAIR, PAIR]}, "notice.supersession_unclear"),
        ({"due_at": NOW.isoformat()}, "notice.due_in_the_past"),
    ],
)
def test_a_notice_that_cannot_be_meant_is_refused(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(DomainError, match=code.replace(".", r"\.")):
        _published(**changes)


@pytest.mark.parametrize(("number", "code"), [(0, "notice.no_readers"), (20_001, "notice.too_many_readers")])
def test_a_notice_has_readers_but_not_any_number(number: int, code: str) -> None:
    with pytest.raises(DomainError, match=code.replace(".", r"\.")):
        publish_notice(NUMBER, _form(), Publication("hq-1", NOW, [str(n) for n in range(number)]))


@pytest.mark.parametrize(
    ("addressed", "reader", "sees"),
    [
        ({"roles": ["technician"]}, _person("technician"), True),
        ({"roles": ["technician"]}, _person("finance"), False),
        ({"roles": ["technician"], "branches": ["BJ01"]}, _person("technician", "finance"), True),
        ({"roles": ["technician"], "branches": ["SH01"]}, _person("technician"), False),
        ({"roles": [], "branches": ["BJ01"]}, _person("finance"), True),
        ({"roles": [], "people": ["T-1"]}, _person("technician"), False),
    ],
)
def test_who_comes_into_an_addressed_role_later_sees_it_and_is_not_counted(
    addressed: dict[str, Any], reader: Person, sees: bool
) -> None:
    """ALL-9."""
    notice, (chunk,), _ = publish_notice(NUMBER, _form(**addressed), Publication("hq-1", NOW, ("T-1",)))
    assert bool(set(audience_keys(reader)) & set(notice.audience)) == sees
    if sees:
        assert acknowledge_notice(notice, chunk, "T-9", reader, NOW).counted is False
    else:
        with pytest.raises(DomainError, match=r"notice\.not_addressed"):
            acknowledge_notice(notice, chunk, "T-9", reader, NOW)
    assert acknowledge_notice(notice, chunk, "T-1", None, NOW).counted is True


def test_an_overdue_notice_names_who_has_not_read_it_once() -> None:
    """ALL-9."""
    notice = _published("T-1", "T-2", "T-3", due_at=DUE)
    assert notice.wake_at == DUE
    reading = Reading(frozenset({"T-3", "T-2", "T-1"}), frozenset({"T-2"}))
    reminded, (event,) = remind_readers(notice, reading, DUE)
    assert isinstance(event, NoticeOverdue)
    assert (event.readers, event.acknowledged, event.unread_by) == (3, 1, ("T-1", "T-3"))
    assert (reminded.wake_at, reminded.reminded_at) == (None, DUE)
    assert remind_readers(notice, Reading(frozenset({"T-1"}), frozenset({"T-1"})), DUE)[1] == ()


async def _publish(service: RunningService, **changes: Any) -> str:
    form = {"kind": "new_rule", "title": "出差管理制度", "roles": ["information_clerk"]}
    notice = await say(service, "POST", "/notices", by="hq-1", status=201, **form | changes)
    number: str = notice["id"]
    return number


async def test_a_notice_is_read_acknowledged_and_overdue(intake: RunningService, clock: ManualClock) -> None:
    """ALL-9: once, by name, and the reminder tells who has not."""
    await staff(intake)
    async with overheard(intake) as heard:
        due = clock.now() + timedelta(days=1)
        number = await _publish(intake, people=["sup-1"], due_at=due.isoformat())
        first = await say(intake, "POST", f"/notices/{number}/acknowledge", by="desk-7")
        clock.advance(hours=1)
        assert await say(intake, "POST", f"/notices/{number}/acknowledge", by="hq-1", reader="desk-7") == first
        await staff(intake, **{"desk-9": {"name": "新人", "roles": ["information_clerk"]}})
        assert (await say(intake, "POST", f"/notices/{number}/acknowledge", by="desk-9"))["counted"] is False
        stranger = await say(intake, "POST", f"/notices/{number}/acknowledge", by="centre-1", status=409)
        assert stranger == "notice.not_addressed"
        unread = {"readers": 3, "acknowledged": 1, "unread_by": ["desk-8", "sup-1"]}
        assert await ask(intake, f"/notices/{number}/unread") == unread
        clock.advance(days=1)
        await eventually(lambda: _told(heard, "notice_overdue"))
        reminded = await intake.get(Notice, number)
        clock.advance(days=1)
        await intake.quiet()
    assert (await intake.get(Notice, number)).version == reminded.version == 2
    (overdue,) = data(heard, "notice_overdue")
    assert {name: overdue[name] for name in unread} == unread
    assert [told["readers"] for told in data(heard, "notice_published")] == [3]


async def _told(heard: list[dict[str, Any]], kind: str) -> bool:
    return bool(data(heard, kind))


async def test_a_reader_s_list_has_the_unread_first_on_every_page(intake: RunningService) -> None:
    """ALL-9."""
    await staff(intake)
    numbers = sorted([await _publish(intake) for _ in range(6)] + [await _publish(intake, roles=[], branches=["BJ01"])])
    other = await _publish(intake, roles=["headquarters"])
    read = {numbers[1], numbers[5]}
    for number in read:
        await say(intake, "POST", f"/notices/{number}/acknowledge")
    expected = [n for n in reversed(numbers) if n not in read] + [numbers[5], numbers[1]]
    for limit in (2, 3, 7, 50):
        seen, cursor = [], None
        while True:
            query: dict[str, Any] = {"reader": "desk-7", "limit": limit} | ({"cursor": cursor} if cursor else {})
            page = await ask(intake, "/notices", **query)
            seen += [(item["notice"]["id"], bool(item["acknowledged_at"])) for item in page["items"]]
            if not (cursor := page["next"]):
                break
        assert seen == [(number, number in read) for number in expected]
    assert other not in str(seen)
    assert (await ask(intake, "/notices", reader="nobody"))["items"] == []


async def test_readers_who_left_the_role_still_find_what_they_must_read(intake: RunningService) -> None:
    await staff(intake)
    number = await _publish(intake)
    await say(intake, "PUT", "/people/desk-7", name="钱一", branch="BJ01", roles=["finance"])
    assert [item["notice"]["id"] for item in (await ask(intake, "/notices", reader="desk-7"))["items"]] == [number]


async def test_many_acknowledge_at_once_and_each_is_kept_once(intake: RunningService) -> None:
    """ALL-9: nobody waits for a document that all write."""
    people = {f"T-{n}": {"name": "郑", "roles": ["technician"]} for n in range(30)}
    await staff(intake, **people)
    number = await _publish(intake, roles=["technician"])
    path = f"/notices/{number}/acknowledge"
    await asyncio.gather(*(say(intake, "POST", path, by=code) for code in [*people, *people]))
    kept = await intake.find(Acknowledgement, notice=number)
    assert Counter(read.reader for read in kept) == Counter(people.keys())
    assert (await intake.get(Notice, number)).version == 1
    assert (await ask(intake, f"/notices/{number}/unread"))["unread_by"] == []


async def test_only_known_people_roles_and_branches_are_addressed(intake: RunningService) -> None:
    await staff(intake, gone={"name": "走", "roles": ["finance"], "active": False})
    form = {"kind": "other", "title": "t"}
    refusals: tuple[tuple[dict[str, Any], str], ...] = (
        ({}, "notice.no_readers"),
        ({"roles": ["finance"]}, "notice.no_readers"),
        ({"roles": ["pilot"]}, "role.unknown"),
        ({"branches": ["XX"]}, "branch.unknown"),
        ({"people": ["nobody"]}, "person.unknown"),
        ({"people": ["gone"]}, "person.not_serving"),
    )
    for addressed, code in refusals:
        assert await say(intake, "POST", "/notices", status=409, **form, **addressed) == code
    explain = intake.runtime.mongo.explain
    assert "IXSCAN" in str(await explain(Notice, {"audience": {"$in": ["technician@*"]}}))
    assert "IXSCAN" in str(await explain(Acknowledgement, {"notice": "NT-261123-K8WM"}))
    assert await notices_for(intake.runtime.mongo, "nobody", (), None, 10) == []
