"""Roles, branches and people behind the gate (ALL-2, ALL-8): 403, 404, and access that ends at once."""

import asyncio
from datetime import timedelta
from itertools import zip_longest

import pytest
from common.counter import Counter, service
from common.issuer import serve_issuer

from aftersales.common.aggregate import Aggregate
from aftersales.common.events.intake import PersonChanged
from aftersales.common.scope import WHOLE_NETWORK, Scope, SharedAggregate
from aftersales.common.settings import ServiceSettings
from aftersales.common.sign_in.access import access_table
from aftersales.common.sign_in.accounts import FRESH_FOR, Account, follow_person
from aftersales.common.sign_in.keys import PAUSE
from aftersales.common.work import Job, audit
from aftersales.testing import eventually
from aftersales.testing.system import start_system


@pytest.fixture
async def gate(urls, clock):
    """The counter service behind the gate, where the claims `roles` and `branches` add to what is registered."""
    with serve_issuer() as issuer:
        claims = {"oidc_roles_claim": "roles", "oidc_branches_claim": "branches", "refusals_a_minute": 1_000_000}
        async with start_system(urls, clock, [(service, ServiceSettings)], oidc_issuer=issuer.url, **claims) as built:
            yield _Gate(built.counter, issuer, clock)


class _Gate:
    def __init__(self, counter, issuer, clock):
        self.counter, self.issuer, self._clock = counter, issuer, clock

    async def ask(self, path, method="GET", body=None, headers=None, **claims):
        token = self.issuer.token(self._clock.now(), **claims)
        bearer = {"authorization": f"Bearer {token}"} | (headers or {})
        return await self.counter.http.request(method, path, json=body, headers=bearer)

    async def add(self, id="c", headers=None, **claims):
        return await self.ask(f"/counters/{id}/add", "POST", {"amount": 1}, headers, **claims)

    async def register(self, **person):
        """Tell the service of a person, as intake's event does."""
        said = {"person": "chen", "branch": "b-1", "roles": ["information_clerk"], "active": True, "subject": "u-17"}
        event = PersonChanged(**(said | {"changed_at": self._clock.now()} | person))
        job = Job(lambda work: follow_person(work, event), "follow_person", "test", "correlation")
        await self.counter.runtime.writer.submit(job)

    async def becomes(self, status, **claims):
        """Wait until a read is answered with this status."""

        async def answered():
            return (await self.ask("/counters/c", **claims)).status_code == status

        await eventually(answered, FRESH_FOR + 3)


CALLERS = 10_000


async def test_each_of_ten_thousand_callers_is_let_in_or_not_while_keys_rotate(gate, clock):
    """ALL-8: a third has left, a third is unknown; the sign-in server changes its key in between."""
    runtime, issuer = gate.counter.runtime, gate.issuer
    kinds = {"here": 200, "left": 401, "unknown": 403}
    callers = [(f"{kind}-{number}", status) for number in range(CALLERS // 3) for kind, status in kinds.items()]

    async def register(work):
        fields = {"branch": "b-1", "branches": ("b-1",), "roles": ("information_clerk",), "changed_at": work.now}
        for subject, status in callers:
            if status != 403:
                work.put(Account(id=subject, subject=subject, active=status == 200, **fields))

    await runtime.writer.submit(Job(register, "register", "test", "correlation"))
    await gate.add(roles=["clerk"], branches=["b-1"])
    issuer.rotate()
    old = [issuer.token(clock.now(), sub=subject) for subject, _ in callers[::2]]
    clock.advance(seconds=PAUSE.total_seconds())
    issuer.rotate()
    new = [issuer.token(clock.now(), sub=subject) for subject, _ in callers[1::2]]
    tokens = [token for pair in zip_longest(old, new) for token in pair if token]
    wrong = []

    async def ask(part):
        for at in part:
            answer = await gate.counter.http.get("/counters/c", headers={"authorization": f"Bearer {tokens[at]}"})
            if answer.status_code != callers[at][1]:
                wrong.append((callers[at], answer.status_code, answer.json().get("code")))

    await asyncio.gather(*(ask(range(first, len(callers), 16)) for first in range(16)))
    assert wrong == []
    assert issuer.fetches < 5


CLERK = {"roles": ["clerk"], "branches": ["b-1"]}


async def test_a_token_of_nobody_says_which_subject_to_register_all_8(gate):
    answer = await gate.add(sub="a0f3")
    assert (answer.status_code, answer.json()["code"]) == (403, "access.nobody")
    assert "a0f3" in answer.json()["detail"]


async def test_a_role_without_the_action_is_told_which_roles_have_it_all_2(gate):
    answer = await gate.add(roles=["technician"], branches=["b-1"], headers={"accept-language": "zh-Hans"})
    assert (answer.status_code, answer.json()["code"]) == (403, "access.denied")
    assert "clerk, headquarters" in answer.json()["detail"]


async def test_a_route_without_an_entry_is_closed_to_everybody(gate, monkeypatch):
    monkeypatch.setattr(gate.counter.runtime.service.access, "_action_of", {})
    assert (await gate.add(roles=["headquarters"])).json()["code"] == "access.denied"


async def test_a_person_has_the_roles_and_branches_of_their_record_all_8(gate):
    await gate.register()
    assert (await gate.add()).status_code == 200
    (change,) = await audit.read_changes(gate.counter.runtime.mongo, f"{Counter.COLLECTION}/c")
    assert (change["who"], change["subject"]) == ("chen", "u-17")
    me = (await gate.ask("/me")).json()
    assert (me["person"], me["roles"], me["branches"]) == ("chen", ["clerk"], ["b-1"])
    assert "count" in me["actions"]
    assert "operate" not in me["actions"]


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"active": False}, 401),
        ({"roles": ["store_keeper"]}, 403),
        ({"branch": "b-2"}, 404),
        ({"subject": "another"}, 403),
        ({"until": timedelta()}, 401),
        ({"since": timedelta(hours=1)}, 401),
    ],
)
async def test_a_change_of_the_record_is_in_force_within_seconds_all_8(gate, clock, changed, status):
    await gate.register()
    assert (await gate.add()).status_code == 200
    moments = {name: clock.now() + value for name, value in changed.items() if isinstance(value, timedelta)}
    clock.advance(seconds=1)
    await gate.register(**(changed | moments))
    await gate.becomes(status)


async def test_an_older_event_changes_nothing(gate, clock):
    await gate.register()
    await gate.register(active=False, changed_at=clock.now() - timedelta(seconds=1))
    assert (await gate.add()).status_code == 200


async def test_what_belongs_to_another_branch_does_not_exist_all_2(gate):
    """A read, a change and one under If-Match answer as for something that nobody has."""
    assert (await gate.add(**CLERK)).status_code == 200
    other = CLERK | {"branches": ["b-2"]}
    for headers in ({}, {"if-match": '"1"'}, {"if-match": "*"}):
        theirs, none = await gate.ask("/counters/c", headers=headers, **other), await gate.ask("/counters/x", **other)
        assert (theirs.status_code, theirs.json()["code"]) == (none.status_code, none.json()["code"])
    refused = await gate.add(**other)
    assert (refused.status_code, refused.json()["code"]) == (404, "counters_of_tests.unknown")
    assert (await gate.counter.get(Counter, "c")).total == 1


async def test_nothing_is_created_in_another_branch_all_2(gate):
    answer = await gate.add("new", **(CLERK | {"branches": ["b-2"]}))
    assert (answer.status_code, answer.json()["code"]) == (403, "scope.other_branch")
    assert await gate.counter.get(Counter, "new") is None


async def test_a_stored_answer_is_only_for_the_one_who_asked(gate):
    key = {"idempotency-key": "k-1"}
    assert (await gate.add(headers=key, **CLERK)).status_code == 200
    again = await gate.add(headers=key, sub="u-18", **(CLERK | {"branches": ["b-2"]}))
    assert again.status_code == 404


class _Own(Aggregate):
    COLLECTION = "own_of_tests"


class _Shared(SharedAggregate):
    COLLECTION = "shared_of_tests"


def test_a_scope_sees_its_branches_what_is_shared_with_them_and_what_is_everybodys_all_2():
    scope = Scope(frozenset({"a"}))
    assert scope.sees(_Own(id="1", branch="a"))
    assert scope.sees(_Own(id="1", branch="-"))
    assert not scope.sees(_Own(id="1", branch="b"))
    assert scope.sees(_Shared(id="1", branch="b", shared_with=("c", "a")))
    assert not scope.sees(_Shared(id="1", branch="b", shared_with=("c",)))
    assert not Scope(frozenset()).sees(_Own(id="1", branch="a"))
    assert WHOLE_NETWORK.sees(_Own(id="1", branch="a"))
    assert _Shared(id="1", branch="b").share("a").share("a").share("b").shared_with == ("a",)


def test_the_roles_of_people_lead_to_access_roles_all_8():
    table = access_table()
    assert table.roles_of(["information_clerk", "technician", "merchant"]) == {"clerk", "technician"}
    assert table.scope_of({"clerk"}, ["a", "b"]).branches == {"a", "b"}
    assert table.scope_of({"clerk", "auditor"}, ["a"]) == WHOLE_NETWORK
    assert table.scope_of({"partner"}, ["a"]).branches == frozenset()
