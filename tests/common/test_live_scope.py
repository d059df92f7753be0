"""`GET /live` with sign-in: each listener hears of what they may read, and no longer than they may (ALL-2)."""

import time
from datetime import timedelta

import pytest
from common.issuer import serve_issuer
from common.things import listening, start_replicas

from aftersales.common.mongo import to_document
from aftersales.common.sign_in.accounts import Account
from aftersales.testing import eventually

SOON = 5
"""Seconds after which a change of a person must be in force (ALL-8)."""


@pytest.fixture
def issuer():
    with serve_issuer() as started:
        yield started


@pytest.fixture
async def gated(urls, clock, issuer):
    """The service behind the gate; its own client is headquarters."""
    known = {"oidc_issuer": issuer.url, "oidc_first_subjects": ("hq",)}
    async with start_replicas(urls, clock, 1, **known) as (one,):
        one.http.headers["authorization"] = f"Bearer {issuer.token(clock.now(), sub='hq')}"
        yield one


@pytest.fixture
def bearer(issuer, clock):
    def make(subject: str = "clerk", **claims) -> dict[str, str]:
        return {"authorization": f"Bearer {issuer.token(clock.now(), sub=subject, **claims)}"}

    return make


async def hire(gated, clock, **changes) -> None:
    """Make or change the clerk, as the event about a person does."""
    fields = {"id": "p-1", "branch": "sh-01", "subject": "clerk", "branches": ("sh-01",), "roles": ("clerk",)}
    account = Account.model_validate(fields | {"active": True, "version": 1, "changed_at": clock.now()} | changes)
    document = to_document(account)
    await gated.runtime.mongo._db["accounts"].replace_one({"_id": "p-1"}, document, upsert=True)


def ids(ear) -> list[str]:
    return [hint["id"] for hint in ear.hints]


async def test_a_clerk_hears_of_the_own_branch_of_what_is_shared_and_of_what_is_everybodys(gated, clock, bearer):
    await hire(gated, clock)
    async with listening(gated, **bearer()) as ear:
        await gated.keep("theirs", "bj-01")
        await gated.keep("lent", "bj-01", shared_with=["sh-01"])
        await gated.keep("common", "-")
        assert (await gated.http.put("/standards/s", json={"branch": "bj-01"})).status_code == 200
        await gated.keep("own", "sh-01")
        await ear.hears("things", "own", 1)
    assert ids(ear) == ["lent", "common", "s", "own"]
    assert {hint["kind"] for hint in ear.hints} == {"things", "standards"}, "clerks may not read gadgets"


async def test_headquarters_hears_of_all_branches_and_kinds(gated):
    async with listening(gated) as ear:
        await gated.keep("t", "bj-01")
        await ear.hears("things", "t", 1)
        await ear.hears("gadgets", "t", 1)


async def test_a_kind_that_a_caller_may_not_read_is_refused(gated, clock, bearer):
    await hire(gated, clock)
    answer = await gated.http.get("/live?kind=gadgets", headers=bearer())
    assert (answer.status_code, answer.json()["code"]) == (403, "access.denied")
    assert answer.json()["params"] == {"action": "gadgets", "roles": "headquarters, store_keeper"}


async def test_another_branch_in_the_query_and_an_old_position_show_nothing_of_it(gated, clock, bearer):
    await hire(gated, clock)
    async with listening(gated) as all_ear:
        begin = all_ear.last
        await gated.keep("theirs", "bj-01")
        await all_ear.hears("things", "theirs", 1)
    async with listening(gated, "?branch=bj-01", last=begin, **bearer()) as ear:
        await gated.keep("theirs", "bj-01")
        await gated.keep("lent", "bj-01", shared_with=["sh-01"])
        await ear.hears("things", "lent", 1)
    assert ids(ear) == ["lent"]


async def test_a_person_who_changes_branch_hears_of_the_new_one_within_five_seconds(gated, clock, bearer):
    await hire(gated, clock)
    async with listening(gated, **bearer()) as ear:
        await gated.keep("first", "sh-01")
        await ear.hears("things", "first", 1)
        await hire(gated, clock, branch="bj-01", branches=("bj-01",))
        began, number = time.monotonic(), 0
        while "bj-01" not in {hint["branch"] for hint in ear.hints}:
            assert time.monotonic() - began < SOON
            number += 1
            await gated.keep(f"new-{number}", "bj-01")
            await ear.hears("things", "first", 1)
            await eventually(_tick(0.1))
        await gated.keep("old", "sh-01")
        await gated.keep("last", "bj-01")
        await ear.hears("things", "last", 1)
    assert "old" not in ids(ear)


async def test_a_person_who_left_is_cut_off_within_five_seconds(gated, clock, bearer):
    await hire(gated, clock)
    async with listening(gated, **bearer()) as ear:
        await hire(gated, clock, active=False)
        await eventually(lambda: _ended(ear), SOON)
    answer = await gated.http.get("/live", headers=bearer())
    assert (answer.status_code, answer.json()["code"]) == (401, "person.not_serving")
    assert gated.runtime.live.metrics.ended.labels("access")._value.get() == 1


async def test_a_stream_does_not_outlive_its_token(gated, clock, bearer):
    await hire(gated, clock)
    ends = int((clock.now() + timedelta(minutes=5)).timestamp())
    async with listening(gated, **bearer(exp=ends)) as ear:
        clock.advance(minutes=6)
        await eventually(lambda: _ended(ear), SOON)


async def test_without_a_token_nobody_listens(gated):
    answer = await gated.http.get("/live", headers={"authorization": ""})
    assert answer.status_code == 401


def _tick(seconds: float):
    began = time.monotonic()

    async def over() -> bool:
        return time.monotonic() - began > seconds

    return over


async def _ended(ear) -> bool:
    return ear.ended
