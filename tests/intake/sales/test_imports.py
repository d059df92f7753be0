"""Many rows in one request (INT-3, INT-2): each is in or refused on its own, and counts once."""

from typing import Any

from aftersales.common.work import audit
from aftersales.common.work.group import ANSWERS
from aftersales.intake.archive.domain.customer import ContactPoint, Customer
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.testing.system import RunningService

PRODUCT = {"serial": "rf-1", "model": "BCD-258", "line": "refrigerator"}


def customer(number: int, **changes: Any) -> dict[str, Any]:
    who = {"branch": "BJ01", "name": f"王{number}", "phone": f"1380013{number:04}", "address": "建国路 1 号"}
    return who | {"products": [PRODUCT | {"serial": f"rf-{number}"}]} | changes


def request(number: int, **changes: Any) -> dict[str, Any]:
    caller = {name: customer(number)[name] for name in ("name", "phone", "address")}
    product = PRODUCT | {"serial": f"rf-{number}"}
    form = {"branch": "BJ01", "channel": "phone", "customer": caller, "product": product, "fault": "no-cooling"}
    return form | changes


async def send(
    intake: RunningService, what: str, *forms: tuple[str, dict[str, Any]], **more: Any
) -> list[dict[str, Any]]:
    rows = [{"key": key, "form": form} for key, form in forms]
    answer = await intake.http.post(f"/imports/{what}", json={"rows": rows} | more)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["rows"])


def outcomes(rows: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    return [(row["outcome"], row["code"]) for row in rows]


async def test_int3_a_refused_row_touches_no_other_and_says_why(intake: RunningService) -> None:
    rows = await send(
        intake,
        "customers",
        ("a", customer(1)),
        ("b", customer(2, branch="XX99")),
        ("c", customer(3, phone="12", name="")),
        ("d", customer(1, name="王芳")),
        ("e", customer(4, products=[PRODUCT | {"serial": "rf-1"}])),
        ("f", customer(5)),
    )

    assert outcomes(rows) == [
        ("created", None),
        ("refused", "branch.unknown"),
        ("refused", "input.malformed"),
        ("updated", None),
        ("refused", "product.owned_by_other"),
        ("created", None),
    ]
    assert rows[1]["params"] == {"branch": "XX99"}
    assert {error["field"] for error in rows[2]["params"]["errors"]} == {"name", "phone"}
    assert rows[0]["id"] == rows[3]["id"]
    assert sorted(one.name for one in await intake.find(Customer)) == ["王5", "王芳"]
    assert await intake.get(ContactPoint, "+8613800130004") is None


async def test_a_repeated_batch_changes_nothing_whoever_sends_it(intake: RunningService) -> None:
    forms = [(f"k{number}", request(number)) for number in range(250)]
    first = await send(intake, "requests", *forms)
    intake.http.headers["x-actor"] = "somebody-else"
    again = await send(intake, "requests", *forms)

    assert {row["outcome"] for row in first} == {"created"}
    assert {row["outcome"] for row in again} == {"repeated"}
    assert [row["id"] for row in again] == [row["id"] for row in first]
    found = await intake.find(ServiceRequest)
    assert len(found) == len({one.correlation for one in found}) == 250


async def test_one_key_counts_once_within_a_batch_too_and_is_not_for_another_form(intake: RunningService) -> None:
    rows = await send(intake, "requests", ("k", request(1)), ("k", request(1)), ("k", request(2)))

    assert outcomes(rows) == [("created", None), ("repeated", None), ("refused", "idempotency_key.reused")]
    assert len(await intake.find(ServiceRequest)) == 1


async def test_a_refused_row_goes_in_under_the_same_key_when_the_reason_is_gone(intake: RunningService) -> None:
    early = await send(intake, "products", ("k", PRODUCT | {"phone": "13800130007"}))
    await send(intake, "customers", ("c", customer(7)))
    late = await send(intake, "products", ("k", PRODUCT | {"phone": "13800130007"}))

    assert outcomes(early) == [("refused", "customer.phone_unknown")]
    assert outcomes(late) == [("created", None)]


async def test_int3_a_product_goes_to_a_known_customer_by_phone_or_id(intake: RunningService) -> None:
    first, second = await send(intake, "customers", ("a", customer(1)), ("b", customer(2)))
    nobody = "0190b5e2-7c3a-7def-8123-456789abcdef"
    rows = await send(
        intake,
        "products",
        ("1", PRODUCT | {"serial": "tv-1", "phone": "+86 138 0013 0001"}),
        ("2", PRODUCT | {"serial": "tv-2", "customer": second["id"]}),
        ("3", PRODUCT | {"serial": "tv-3", "customer": second["id"], "phone": "13800130001"}),
        ("4", PRODUCT | {"serial": "tv-4", "customer": nobody}),
        ("5", PRODUCT | {"serial": "tv-5"}),
        ("6", PRODUCT | {"serial": "tv-1", "phone": "13800130002"}),
        ("7", PRODUCT | {"serial": "tv-1", "phone": "13800130001", "model": "BCD-300"}),
        ("8", PRODUCT | {"serial": "tv-8", "phone": "13800130001", "purchased_on": "2099-01-01"}),
    )

    assert outcomes(rows) == [
        ("created", None),
        ("created", None),
        ("refused", "customer.phone_of_other"),
        ("refused", "customers.unknown"),
        ("refused", "input.malformed"),
        ("refused", "product.owned_by_other"),
        ("updated", None),
        ("refused", "product.purchased_in_future"),
    ]
    assert rows[4]["params"]["errors"][0]["code"] == "product.owner_missing"
    owners = {one.id: (one.customer, one.model) for one in await intake.find(Product) if one.id.startswith("TV")}
    assert owners == {"TV-1": (first["id"], "BCD-300"), "TV-2": (second["id"], "BCD-258")}


async def test_a_dry_run_says_what_would_be_and_stores_nothing(intake: RunningService) -> None:
    await intake.runtime._cancel("relay")  # else events leave the outbox meanwhile
    await send(intake, "customers", ("known", customer(1)))
    collections = (*(kind.COLLECTION for kind in (Customer, ContactPoint, Product, ServiceRequest)), ANSWERS)
    before = [await intake.runtime.mongo.rows(name, {}) for name in (*collections, audit.COLLECTION, "outbox")]
    rows = await send(
        intake,
        "customers",
        ("known", customer(1)),
        ("a", customer(1)),
        ("b", customer(2)),
        ("c", customer(3, branch="XX99")),
        dry_run=True,
    )
    (wish,) = await send(intake, "requests", ("d", request(9)), dry_run=True)
    after = [await intake.runtime.mongo.rows(name, {}) for name in (*collections, audit.COLLECTION, "outbox")]

    assert [row["outcome"] for row in [*rows, wish]] == ["repeated", "updated", "created", "refused", "created"]
    assert after == before


async def test_reasons_are_told_in_the_callers_language(intake: RunningService) -> None:
    intake.http.headers["accept-language"] = "zh-CN"
    rows = await send(intake, "requests", ("a", request(1, branch="XX99")), ("b", request(2, urgency=9)))

    assert "网点" in rows[0]["detail"]
    assert rows[1]["params"]["errors"][0]["field"] == "urgency"
    assert any("\u4e00" <= letter <= "\u9fff" for letter in rows[1]["params"]["errors"][0]["problem"])


NO_BATCHES: list[Any] = [
    {},
    [],
    {"rows": []},
    {"rows": "all"},
    {"rows": [{"key": "k"}]},
    {"rows": [{"key": "", "form": {}}]},
    {"rows": [{"key": "k" * 61, "form": {}}]},
    {"rows": [{"key": "k", "form": []}]},
    {"rows": [{"key": "k", "form": {}, "more": 1}]},
    {"rows": [{"key": "k", "form": {}}] * 501},
]


async def test_what_is_no_batch_is_refused_as_a_whole(intake: RunningService) -> None:
    answers = [await intake.http.post("/imports/customers", json=body) for body in NO_BATCHES]

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(422, "input.malformed")}


async def test_forms_of_any_shape_are_refused_one_by_one(intake: RunningService) -> None:
    """No 500, whatever stands in a form: text that is no Unicode, numbers beyond all bounds, nesting."""
    body = '{"rows":[%s]}' % ",".join(  # noqa: UP031 (braces)
        f'{{"key":"k{at}","form":{form}}}'
        for at, form in enumerate(
            [
                "{}",
                '{"\\ud800":1}',
                '{"name":"\\ud800"}',
                '{"name":null,"phone":[1],"products":{}}',
                '{"name":1e999}',
                '{"products":[[[[]]]]}',
            ]
        )
    )
    answer = await intake.http.post("/imports/customers", content=body, headers={"content-type": "application/json"})

    assert answer.status_code == 200, answer.text
    assert {row["code"] for row in answer.json()["rows"]} == {"input.malformed"}


async def test_int2_a_row_counts_once_for_a_year_under_each_of_its_keys(intake: RunningService) -> None:
    """A file that grows every day is imported for months; a better mapping changes what its rows say."""

    async def sent(key: str, number: int) -> dict[str, Any]:
        row = {"key": key, "also": ["cells-1"], "form": request(number)}
        answer = await intake.http.post("/imports/requests", json={"rows": [row]})
        return dict(answer.json()["rows"][0])

    first, better, same = await sent("a", 1), await sent("b", 2), await sent("a", 1)
    answers = await intake.runtime.mongo.rows(ANSWERS, {})

    assert [one["outcome"] for one in (first, better, same)] == ["created", "repeated", "repeated"]
    assert [one["changed"] for one in (better, same)] == [True, False]
    assert better["id"] == first["id"]
    assert len(await intake.find(ServiceRequest)) == 1
    assert [(row["at"] - intake.runtime.clock.now()).days for row in answers] == [365, 365]
