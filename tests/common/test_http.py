"""The edge: problem+json, idempotency, preconditions, sizes, languages, bad input."""

import asyncio

import pytest
from common.counter import Counter, add

from aftersales.common.work import AnswerKey, Job, Stored, audit
from aftersales.values import uuid7
from aftersales.values.errors import Busy, NotYet, TooMany


async def post(counter, amount=1, id="c", **headers):
    return await counter.http.post(f"/counters/{id}/add", json={"amount": amount}, headers=headers)


async def test_the_same_idempotency_key_has_one_effect_and_one_answer(counter):
    first = await post(counter, **{"Idempotency-Key": "k"})
    again = await post(counter, **{"Idempotency-Key": '"k"'})
    assert (first.status_code, first.json(), first.headers["etag"]) == (200, again.json(), again.headers["etag"])
    assert again.headers["idempotent-replayed"] == "true"
    assert (await counter.get(Counter, "c")).total == 1


async def test_the_same_idempotency_key_at_once_has_one_effect(counter):
    answers = await asyncio.gather(*(post(counter, **{"Idempotency-Key": "k"}) for _ in range(30)))
    assert {answer.json()["total"] for answer in answers} == {1}
    assert (await counter.get(Counter, "c")).total == 1


async def test_a_refusal_is_remembered_too(counter):
    first = await post(counter, -1, **{"Idempotency-Key": "k"})
    await counter.do(add, "c", 5)
    again = await post(counter, -1, **{"Idempotency-Key": "k"})
    assert (first.status_code, again.status_code) == (409, 409)
    assert first.json()["code"] == again.json()["code"] == "counter.negative"
    assert (await counter.get(Counter, "c")).total == 5


async def test_another_body_under_the_same_key_is_refused(counter):
    await post(counter, 1, **{"Idempotency-Key": "k"})
    answer = await post(counter, 2, **{"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key.reused")


async def test_another_caller_may_use_the_same_key(counter):
    await post(counter, 1, **{"Idempotency-Key": "k", "X-Actor": "a"})
    await post(counter, 1, **{"Idempotency-Key": "k", "X-Actor": "b"})
    assert (await counter.get(Counter, "c")).total == 2


async def test_if_match_holds_back_a_change_of_something_newer(counter):
    etag = (await post(counter)).headers["etag"]
    assert (await counter.http.get("/counters/c")).headers["etag"] == etag
    assert (await post(counter, **{"If-Match": etag})).status_code == 200
    late = await post(counter, **{"If-Match": etag})
    assert (late.status_code, late.json()["code"]) == (412, "version.changed")


async def test_the_correlation_id_goes_from_call_to_audit_and_event(counter):
    answer = await post(counter, **{"X-Correlation-ID": "my-call"})
    assert answer.headers["x-correlation-id"] == "my-call"
    (change,) = await audit.read_changes(counter.runtime.mongo, f"{Counter.COLLECTION}/c")
    assert change["correlation"] == "my-call"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 422),
        (b"", 422),
        (b"null", 422),
        (b'{"amount": "many"}', 422),
        (b'{"amount": 1, "more": 2}', 422),
        (b'{"amount": 1, "$set": {"total": 9}}', 422),
        (b'{"amount": {"$gt": 0}}', 422),
        (b'{"amount": 1e999}', 422),
        (b'{"amount": 100000000000000000000000}', 422),
        (b"\xff{", 400),
        (b"[" * 100_000, 400),
        (b"x" * 10_000_000, 413),
    ],
)
async def test_bad_bodies_get_a_clear_problem_and_change_nothing(counter, body, status):
    headers = {"content-type": "application/json", "Accept-Language": "zh-TW,zh;q=0.9"}
    answer = await counter.http.post("/counters/c/add", content=body, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-language"] == "zh-Hant"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["detail"] != problem["code"]
    assert await counter.get(Counter, "c") is None


async def test_a_chunked_body_cannot_pass_the_limit_either(counter):
    async def chunks():
        for _ in range(20):
            yield b"x" * 100_000

    answer = await counter.http.post("/counters/c/add", content=chunks())
    assert answer.status_code == 413


async def test_a_bug_is_a_500_problem_without_inner_details(counter):
    answer = await post(counter, 666)
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal.error"
    assert "a bug" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "takes"),
    [
        ("PUT", "/counters/c/add", "POST"),
        ("DELETE", "/livez", "GET"),
        ("PUT", "/dead/x", "DELETE, GET"),
        ("DELETE", "/static-offline-docs/x", ""),
    ],
)
async def test_a_method_that_a_path_does_not_take_is_told_which_it_takes(counter, method, path, takes):
    """RFC 9110, section 10.2.1."""
    answer = await counter.http.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, takes)


async def test_operations_answer(counter):
    assert (await counter.http.get("/livez")).json() == {"alive": True}
    assert set((await counter.http.get("/readyz")).json().values()) == {True}
    assert (await counter.http.get("/version")).json()["service"] == "counter"
    assert (await counter.http.get("/nowhere")).json()["code"] == "http.404"
    assert (await counter.http.get("/docs")).status_code == 200
    assert "://" not in (await counter.http.get("/docs")).text.replace("http://www.w3.org", "")


@pytest.mark.parametrize("refusal", [NotYet("counter.too_early"), Busy("service.busy"), TooMany("public.too_many")])
async def test_a_refusal_that_passes_is_not_remembered_under_the_key(counter, refusal):
    left = [refusal]

    async def refused_once(work):
        if left:
            raise left.pop()
        return await add(work, "c", 1)

    key = AnswerKey("k", "print", lambda result: {"said": str(result)})

    async def once():
        return await counter.runtime.writer.submit(Job(refused_once, "test", "test", uuid7(), answer=key))

    with pytest.raises(type(refusal)):
        await once()
    assert (await once()).total == 1
    assert isinstance(await once(), Stored), "the test can tell: what is done is remembered"


async def test_after_a_412_the_same_key_may_come_with_the_right_version(counter):
    await post(counter)
    stale = await post(counter, **{"Idempotency-Key": "k", "If-Match": '"7"'})
    right = await post(counter, **{"Idempotency-Key": "k", "If-Match": '"1"'})
    again = await post(counter, **{"Idempotency-Key": "k", "If-Match": '"1"'})
    other = await post(counter, **{"Idempotency-Key": "k", "If-Match": '"2"'})
    assert [answer.status_code for answer in (stale, right, again, other)] == [412, 200, 200, 422]
    assert again.headers["idempotent-replayed"] == "true"
    assert other.json()["code"] == "idempotency_key.reused"
    assert (await counter.get(Counter, "c")).total == 2


async def test_another_query_under_the_same_key_is_refused(counter):
    headers = {"Idempotency-Key": "k"}
    paths = ("/counters/c/add?dry=1", "/counters/c/add?dry=2", "/counters/c/add?dry=1")
    answers = [await counter.http.post(path, json={"amount": 1}, headers=headers) for path in paths]
    assert [answer.status_code for answer in answers] == [200, 422, 200]
    assert (await counter.get(Counter, "c")).total == 1


@pytest.mark.parametrize("expected", ["*", '"1"'])
async def test_if_match_does_not_hold_for_what_is_not_there(counter, expected):
    """RFC 9110, section 13.1.1; what is refused anyway keeps its reason (section 13.2.1)."""
    answer = await post(counter, **{"If-Match": expected})
    refused = await post(counter, -1, **{"If-Match": expected})
    assert (answer.status_code, answer.json()["code"]) == (412, "version.missing")
    assert (refused.status_code, refused.json()["code"]) == (409, "counter.negative")
    assert await counter.get(Counter, "c") is None
    await post(counter)
    assert (await post(counter, **{"If-Match": expected})).status_code == 200
