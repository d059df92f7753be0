"""People, roles as data, and the chain above somebody (ALL-3, ALL-8)."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from intake.staff import ask, data, overheard, say, staff
from pydantic import ValidationError

from aftersales.common.events.intake import PersonChanged
from aftersales.intake.network.domain import LEVELS, Branch, Person, PersonForm, Start, climb_chain, register_person
from aftersales.intake.network.store import packaged_roles
from aftersales.testing import eventually
from aftersales.testing.system import RunningService
from aftersales.values import GeoPoint
from aftersales.values.errors import DomainError

TODAY = date(2026, 11, 23)
START = Start("clerk", "BJ01", TODAY)


def _form(**changes: Any) -> PersonForm:
    return PersonForm.model_validate({"name": "钱一", "branch": "BJ01", "roles": ["information_clerk"]} | changes)


def _person(code: str, *roles: str, supervisor: str | None = None, **changes: Any) -> Person:
    fields = {"branch": "BJ01", "name": code, "roles": roles or ("information_clerk",), "supervisor": supervisor}
    return Person(id=code, **fields | changes)


HOME = Branch(id="BJ01", branch="BJ01", name="x", zone="Asia/Shanghai", location=GeoPoint(lon=116.4, lat=39.9))
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


def _register(known: Person | None, code: str, form: PersonForm) -> tuple[Person, tuple[PersonChanged, ...]]:
    return register_person(known, code, form, HOME, NOW)


def _climb(*people: Person, start: Start = START) -> list[tuple[str, str]]:
    return [(rung.level, rung.person) for rung in climb_chain({person.id: person for person in people}, start)]


CENTRE, HQ = _person("c", "centre"), _person("h", "headquarters", branch="HQ")
BOSS = _person("b", "leadership", branch="HQ")


def test_a_newcomer_is_told_without_name_or_phone() -> None:
    """ALL-8, ALL-6."""
    person, (event,) = _register(None, "desk-7", _form(phone="13800138000"))
    assert (person.id, person.phone) == ("desk-7", "+8613800138000")
    said = {"person": "desk-7", "branch": "BJ01", "roles": ("information_clerk",), "active": True}
    assert event.model_dump(exclude_defaults=True) == said | {"changed_at": NOW}


def test_service_begins_and_ends_at_midnight_of_the_branch() -> None:
    """ALL-8: the other services let them in from the first day to the end of the last."""
    form = _form(since="2026-11-01", until="2026-11-30", branches=["SH01"], subject="a0-f3")
    _, (event,) = _register(None, "desk-7", form)
    assert (event.since, event.until) == (
        datetime(2026, 10, 31, 16, tzinfo=UTC),
        datetime(2026, 11, 30, 16, tzinfo=UTC),
    )
    assert (event.subject, event.branches) == ("a0-f3", ("SH01",))


def test_only_what_others_may_know_is_told_again() -> None:
    person, _ = _register(None, "desk-7", _form())
    assert _register(person, "desk-7", _form(name="钱小一", languages=["yue"], supervisor="s"))[1] == ()
    for change in (
        {"roles": ["technician"]},
        {"active": False},
        {"branch": "SH01"},
        {"subject": "u-1"},
        {"branches": ["SH01"]},
    ):
        assert len(_register(person, "desk-7", _form(**change))[1]) == 1


def test_nobody_is_their_own_supervisor_or_leaves_before_coming() -> None:
    with pytest.raises(DomainError, match=r"person\.own_supervisor"):
        _register(None, "desk-7", _form(supervisor="desk-7"))
    with pytest.raises(DomainError, match=r"person\.leaves_before_coming"):
        _register(None, "desk-7", _form(since="2026-02-01", until="2026-01-31"))
    wrongs: tuple[dict[str, Any], ...] = (
        {"roles": []},
        {"languages": ["Chinese please"]},
        {"since": 20260101},
        {"phone": "110-xx"},
    )
    for wrong in wrongs:
        with pytest.raises(ValidationError):
            _form(**wrong)


@pytest.mark.parametrize(
    ("changes", "serves"),
    [
        ({}, True),
        ({"since": "2026-11-23", "until": "2026-11-23"}, True),
        ({"since": "2026-11-24"}, False),
        ({"until": "2026-11-22"}, False),
        ({"active": False}, False),
    ],
)
def test_somebody_serves_from_their_first_day_to_their_last(changes: dict[str, Any], serves: bool) -> None:
    assert _register(None, "desk-7", _form(**changes))[0].serves(TODAY) == serves


def test_the_roles_of_the_rulebook_are_packaged_with_titles_in_three_languages() -> None:
    """ALL-8; ALL-3 names the levels of the chain, which are roles too."""
    found = {role.id: role for role in packaged_roles()}
    named = "dispatcher information_clerk callback_clerk duty_officer supervisor service_specialist service_manager"
    named += " inspector store_keeper purchasing finance technician dealer merchant headquarters"
    assert {*named.split(), *LEVELS} == set(found)
    assert all(role.told and role.asked for role in found.values())
    title = found["information_clerk"].title
    assert (title.en, title.zh_hans, title.zh_hant) == ("Information clerk", "信息员", "資訊員")


def test_the_chain_climbs_from_the_owner_to_leadership() -> None:
    """ALL-3, INT-10."""
    people = (_person("clerk", supervisor="s"), _person("s", "supervisor"), CENTRE, HQ, BOSS)
    levels = [("owner", "clerk"), ("supervisor", "s"), ("centre", "c"), ("headquarters", "h"), ("leadership", "b")]
    assert _climb(*people) == levels


@pytest.mark.parametrize("gap", [None, "gone", "left", "clerk"])
def test_a_missing_supervisor_falls_to_the_branch_s_own_then_to_headquarters(gap: str | None) -> None:
    """ALL-3: none named, unknown, has left, or oneself."""
    clerk, left = _person("clerk", supervisor=gap), _person("left", "supervisor", active=False)
    other = _person("a", "supervisor", branch="SH01")
    assert _climb(clerk, left, other, _person("s", "supervisor"), HQ)[1:] == [
        ("supervisor", "s"),
        ("headquarters", "h"),
    ]
    assert _climb(clerk, left, other, HQ)[1:] == [("headquarters", "h")]
    assert _climb(clerk, left, other)[1:] == []


def test_an_owner_nobody_registered_has_a_chain_all_the_same() -> None:
    assert _climb(_person("s", "supervisor"), HQ) == [("owner", "clerk"), ("supervisor", "s"), ("headquarters", "h")]


def test_a_circle_of_supervisors_is_left_upwards() -> None:
    circle = (_person("clerk", supervisor="x"), _person("x", supervisor="y"), _person("y", supervisor="x"))
    assert _climb(*circle, HQ)[1:] == [("supervisor", "x"), ("supervisor", "y"), ("headquarters", "h")]


def test_a_supervisor_who_is_the_owner_asks_the_centre_and_nobody_asks_downwards() -> None:
    boss_of_boss = _person("c", "centre", supervisor="clerk")
    assert _climb(_person("clerk", "supervisor"), boss_of_boss, HQ)[1:] == [("centre", "c"), ("headquarters", "h")]
    lower = _person("h", "headquarters", supervisor="s", branch="HQ")
    assert _climb(_person("clerk", supervisor="h"), lower, _person("s", "supervisor"), BOSS)[1:] == [
        ("headquarters", "h"),
        ("leadership", "b"),
    ]


CODES = st.sampled_from(["clerk", "p", "q", "r", "s", "t"])


@given(
    st.dictionaries(CODES, st.tuples(st.sampled_from(["technician", *LEVELS]), CODES | st.none(), st.booleans())),
)
def test_any_tangle_of_people_gives_a_chain_that_rises_and_names_nobody_twice(
    tangle: dict[str, tuple[str, str | None, bool]],
) -> None:
    """ALL-3."""
    people = [_person(code, role, supervisor=boss, active=on) for code, (role, boss, on) in tangle.items()]
    climbed = _climb(*people)
    heights = [("owner", *LEVELS).index(level) for level, _ in climbed]
    assert climbed[0] == ("owner", "clerk")
    assert heights == sorted(heights)
    assert len({code for _, code in climbed}) == len(climbed)
    assert all(tangle[code][2] for _, code in climbed[1:])


async def test_people_are_registered_found_and_told_of(intake: RunningService) -> None:
    """ALL-8."""
    async with overheard(intake) as heard:
        await staff(intake, T_1={"name": "郑", "roles": ["technician", "merchant"], "languages": ["zh-Hans", "yue"]})
        await eventually(lambda: _heard(heard, 6))
    assert "T_1" in {told["person"] for told in data(heard, "person_changed")}
    assert "李主管" not in str(heard)
    assert _ids(await ask(intake, "/people", branch="BJ01", role="information_clerk")) == ["desk-8", "desk-7"]
    assert _ids(await ask(intake, "/people", role="headquarters")) == ["hq-1"]
    assert (await ask(intake, "/people/T_1"))["languages"] == ["zh-Hans", "yue"]
    climbed = [(rung["level"], rung["person"]) for rung in await ask(intake, "/people/desk-7/chain")]
    owner = [("owner", "desk-7"), ("supervisor", "sup-1"), ("centre", "centre-1"), ("headquarters", "hq-1")]
    assert climbed == owner


async def _heard(heard: list[dict[str, Any]], number: int) -> bool:
    return len(data(heard, "person_changed")) >= number


def _ids(page: dict[str, Iterable[dict[str, Any]]]) -> list[str]:
    return [item["id"] for item in page["items"]]


async def test_a_role_is_changed_in_the_database_and_a_new_one_is_defined(intake: RunningService) -> None:
    """ALL-8."""
    title = {"en": "Driver", "zh_hans": "司机", "zh_hant": "司機"}
    await say(intake, "PUT", "/roles/driver", title=title, asked=["deliver"])
    assert len((await ask(intake, "/roles"))["items"]) == 18
    person: dict[str, Any] = {"name": "冯", "branch": "BJ01", "roles": ["driver"]}
    assert (await say(intake, "PUT", "/people/d-1", **person))["roles"] == ["driver"]
    assert await say(intake, "PUT", "/people/d-2", **person | {"roles": ["pilot"]}, status=409) == "role.unknown"
    assert await say(intake, "PUT", "/people/d-2", **person | {"branch": "XX"}, status=409) == "branch.unknown"


async def test_lists_of_people_run_on_an_index(intake: RunningService) -> None:
    for where in ({"branch": "BJ01"}, {"roles": "technician"}, {"branch": "BJ01", "roles": "technician"}, {}):
        plan = str(await intake.runtime.mongo.explain(Person, where, sort=("-_id",)))
        assert "IXSCAN" in plan, where
        assert "'SORT'" not in plan, where
