"""One price list of labour and parts for all branches (INV-15, ALL-2), public (INT-11)."""
# ruff: noqa: RUF001 (full width and dashes are meant)

from datetime import UTC, date, datetime
from itertools import permutations
from typing import Any

import pytest
from pydantic import ValidationError

from aftersales.common.events.inventory import PartPriced
from aftersales.intake.prices.domain import (
    LabourPriceForm,
    ListedPrice,
    follow_part_price,
    list_spans,
    set_labour_price,
)
from aftersales.testing import ManualClock, eventually
from aftersales.testing.system import RunningService
from aftersales.values import Money
from aftersales.values.errors import DomainError
from aftersales.values.prices import price_words

FORM: dict[str, Any] = {
    "line": "冰箱",
    "names": {"zh-Hans": "冰箱上门维修", "en": "Refrigerator repair"},
    "price": {"amount": 12000},
    "valid_from": "2026-11-01",
}
COMPRESSOR: dict[str, Any] = {
    "part": "P-100",
    "name": "变频压缩机",
    "model": "VTH1113Y",
    "specification": "220 V",
    "lines": ("refrigerator",),
    "price": Money(amount=68000),
    "since": datetime(2026, 11, 2, 16, 30, tzinfo=UTC),
    "revision": 1,
}


def priced(known: ListedPrice | None = None, **changes: Any) -> ListedPrice:
    return set_labour_price(known, "RF-1", LabourPriceForm.model_validate(FORM | changes), "refrigerator")


def test_inv_15_the_price_of_a_day_is_the_one_that_began_last_and_earlier_ones_stay() -> None:
    price = priced(priced(priced(), price={"amount": 15000}, valid_from="2027-01-01"), valid_from="2026-12-01")
    amounts = {day: price.price_on(date.fromisoformat(day)) for day in ("2026-10-31", "2026-11-01", "2026-12-31")}
    assert amounts == {"2026-10-31": None, "2026-11-01": Money(amount=12000), "2026-12-31": Money(amount=12000)}
    assert price.price_on(date(2027, 1, 1)) == Money(amount=15000)
    assert [
        (span.valid_from.isoformat(), span.valid_until and span.valid_until.isoformat()) for span in list_spans(price)
    ] == [
        ("2026-11-01", "2026-12-31"),
        ("2027-01-01", None),
    ], "a price that is said again goes on"


def test_inv_15_two_prices_of_one_day_are_refused_unless_one_was_a_mistake() -> None:
    price = priced()
    assert priced(price) == price
    with pytest.raises(DomainError) as refused:
        priced(price, price={"amount": 1})
    assert (refused.value.code, refused.value.params) == ("price.day_taken", {"id": "RF-1", "day": "2026-11-01"})
    corrected = priced(price, price={"amount": 13000}, corrects=True)
    assert [term.price for term in corrected.terms] == [Money(amount=13000)]


def test_inv_15_what_is_no_longer_offered_has_no_price_from_that_day() -> None:
    price = priced(priced(), price=None, valid_from="2026-12-01")
    derived = price.derived()
    assert (price.price_on(date(2026, 12, 1)), derived["listed_until"]) == (None, date(2026, 12, 1))
    assert [span.valid_until for span in list_spans(price)] == [date(2026, 11, 30)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"price": {"amount": -1}},
        {"price": {"amount": 100, "currency": "XYZ"}},
        {"price": {"amount": 100, "currency": "cny"}},
        {"price": {"amount": 120.5}},
        {"names": {}},
        {"names": {"en": ""}},
        {"valid_from": "2026-02-30"},
        {"work": "magic"},
    ],
)
def test_inv_15_what_is_no_price_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        LabourPriceForm.model_validate(FORM | wrong)


def test_inv_15_prices_of_parts_are_the_same_in_whatever_order_they_arrive() -> None:
    day = COMPRESSOR["since"]
    news = [
        PartPriced(**COMPRESSOR),
        PartPriced(**COMPRESSOR | {"price": Money(amount=1), "revision": 2}),
        PartPriced(**COMPRESSOR | {"price": Money(amount=70000), "revision": 3, "since": day.replace(day=20)}),
        PartPriced(**COMPRESSOR | {"name": "压缩机", "price": None, "revision": 4, "since": day.replace(day=25)}),
    ]
    found = []
    for order in permutations(news):
        price = None
        for event in (*order, order[0]):
            price = follow_part_price(price, event, event.since.date())
        assert price is not None
        found.append(price)
    assert all(one == found[0] for one in found)
    assert found[0].names == {"en": "压缩机"}
    assert [span.price.amount for span in list_spans(found[0])] == [1, 70000], "of one day the newest holds"


@pytest.mark.parametrize(
    ("money", "locale", "words"),
    [
        (Money(amount=1234550), "zh-Hans", "12,345.50 元"),
        (Money(amount=5), "en", "CNY 0.05"),
        (Money(amount=1200, currency="JPY"), "zh-Hans", "JPY 1,200"),
        (Money(amount=1200, currency="KWD"), "en", "KWD 1.200"),
    ],
)
def test_inv_15_a_price_is_told_with_the_digits_of_its_currency(money: Money, locale: str, words: str) -> None:
    assert price_words(money, locale) == words


async def set_price(intake: RunningService, code: str, **changes: Any) -> Any:
    return await intake.http.put(f"/prices/labour/{code}", json=FORM | changes, headers={"X-Actor": "headquarters"})


async def rows(intake: RunningService, locale: str = "en", **params: Any) -> list[dict[str, Any]]:
    answer = await intake.http.get("/public/prices", params=params, headers={"Accept-Language": locale})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


@pytest.fixture
async def listed(intake: RunningService) -> RunningService:
    """Labour for refrigerators and for every line, announced and ended prices, and two parts."""
    every = {"line": "*", "names": {"zh-Hans": "上门费", "zh-Hant": "到府費", "en": "Call-out"}, "work": "travel"}
    for code, changes in (
        ("RF-1", {}),
        ("RF-1", {"price": {"amount": 15000}, "valid_from": "2027-01-01"}),
        ("TRAVEL", every | {"price": {"amount": 3000}}),
        ("WM-1", {"line": "washer", "names": {"en": "Washer repair"}}),
        ("SOON", {"valid_from": "2026-11-24"}),
        ("GONE", {}),
        ("GONE", {"price": None, "valid_from": "2026-11-23"}),
    ):
        assert (await set_price(intake, code, **changes)).status_code == 200
    await intake.deliver(PartPriced(**COMPRESSOR))
    await intake.deliver(PartPriced(**COMPRESSOR | {"part": "C-01", "name": "電源線", "model": None, "lines": ()}))

    async def arrived() -> bool:
        return len(await rows(intake, kind="part")) == 2

    assert await eventually(arrived)
    return intake


async def test_int_11_everybody_reads_the_prices_of_the_day_by_line_in_any_word(listed: RunningService) -> None:
    for line in ("冰箱", "fridge", "REFRIGERATOR", "雪櫃"):
        found = await rows(listed, line=line)
        assert [row["code"] for row in found] == ["RF-1", "TRAVEL", "C-01", "P-100"], "labour first, and what fits all"
    labour, travel, _, part = found
    assert (labour["name"], labour["price"], labour["price_words"], labour["valid_from"]) == (
        "Refrigerator repair",
        {"amount": 12000, "currency": "CNY"},
        "CNY 120.00",
        "2026-11-01",
    )
    assert [(span["valid_from"], span["valid_until"]) for span in labour["spans"]] == [
        ("2026-11-01", "2026-12-31"),
        ("2027-01-01", None),
    ]
    assert (travel["line_names"], travel["lines"], travel["work"]) == ([], ["*"], "travel")
    assert (part["price_words"], part["model"], part["valid_from"]) == ("CNY 680.00", "VTH1113Y", "2026-11-03"), "there"
    chinese = await rows(listed, "zh-CN", line="冰箱", kind="labour")
    assert [(row["name"], row["price_words"]) for row in chinese] == [
        ("冰箱上门维修", "120.00 元"),
        ("上门费", "30.00 元"),
    ]
    assert chinese[0]["line_names"] == ["冰箱"]


async def test_inv_15_the_old_price_can_still_be_read_and_an_announced_one_too(listed: RunningService) -> None:
    labour, *_ = await rows(listed, line="冰箱", kind="labour", q="维修", day="2027-01-01")
    assert labour["price"]["amount"] == 15000
    assert "GONE" in {row["code"] for row in await rows(listed, day="2026-11-22")}
    assert not {"GONE", "SOON"} & {row["code"] for row in await rows(listed)}
    shown = (await listed.http.get("/prices/labour/GONE")).json()
    assert [term["price"] and term["price"]["amount"] for term in shown["terms"]] == [12000, None]
    unknown = await listed.http.get("/prices/labour/NONE")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "prices.unknown")


@pytest.mark.parametrize(
    ("q", "codes"),
    [
        ("压缩机", ["P-100"]),
        ("壓縮機", ["P-100"]),
        ("vth 1113", ["P-100"]),
        ("电源线", ["C-01"]),
        ("冰箱 压缩机", ["P-100"]),
        ("洗衣机", ["TRAVEL", "WM-1", "C-01"]),
        ("call-out", ["TRAVEL"]),
        ("ＲＥＰＡＩＲ", ["RF-1", "WM-1"]),
        (".*", []),
        ("冰箱%", []),
    ],
)
async def test_int_11_prices_are_found_by_words(listed: RunningService, q: str, codes: list[str]) -> None:
    assert [row["code"] for row in await rows(listed, q=q)] == codes


async def test_int_11_the_price_list_has_pages(listed: RunningService) -> None:
    first = (await listed.http.get("/public/prices", params={"limit": 3})).json()
    rest = (await listed.http.get("/public/prices", params={"limit": 3, "cursor": first["next"]})).json()
    assert [row["code"] for row in first["items"] + rest["items"]] == ["RF-1", "TRAVEL", "WM-1", "C-01", "P-100"]
    assert rest["next"] is None


async def test_inv_15_a_wrong_price_is_refused_in_words(intake: RunningService) -> None:
    unknown = await set_price(intake, "X", line="海尔冰箱")
    assert (unknown.status_code, unknown.json()["code"]) == (422, "catalogue.word_unknown")
    assert "refrigerator" in unknown.json()["detail"]
    for wrong, code in (
        ({"amount": -1}, "money.not_a_price"),
        ({"amount": 1, "currency": "RMB"}, "money.currency_unknown"),
    ):
        answer = await set_price(intake, "X", price=wrong)
        (error,) = answer.json()["params"]["errors"]
        assert (answer.status_code, error["code"]) == (422, code)
        assert error["problem"] != code
    await set_price(intake, "X")
    twice = await set_price(intake, "X", price={"amount": 1})
    assert (twice.status_code, twice.json()["code"]) == (409, "price.day_taken")
    nowhere = await intake.http.get("/public/prices", params={"line": "spaceship"})
    assert (nowhere.status_code, nowhere.json()["code"]) == (422, "catalogue.word_unknown")


async def test_int_11_the_page_shows_the_prices_without_javascript(listed: RunningService, clock: ManualClock) -> None:
    info = (await listed.http.get("/public/info")).json()
    assert info["price_list"] == "/public/prices"
    page = (await listed.http.get("/public/", params={"lang": "zh-Hans", "prices": " 冰箱 "})).text
    for words in (
        "冰箱上门维修",
        "120.00 元",
        "自 2026-11-01",
        "2027-01-01 –: 150.00 元",
        "变频压缩机",
        "680.00 元",
        'value="冰箱"',
    ):
        assert words in page
    assert "Washer" not in page
    none = await listed.http.get("/public/", params={"lang": "en", "prices": "<nothing>"})
    assert "Nothing found" in none.text
    assert "&lt;nothing&gt;" in none.text
    for number in range(12):
        await set_price(listed, f"RF-9{number:02}", names={"en": f"Repair {number}"})
    first = (await listed.http.get("/public/?lang=en")).text
    (link,) = [part.split("#")[0] for part in first.split('href="./?lang=en&amp;prices=&amp;after=')[1:]]
    second = (await listed.http.get("/public/", params={"lang": "en", "after": link})).text
    assert "Call-out" not in first
    assert "Call-out" in second
    broken = await listed.http.get("/public/", params={"after": "x"})
    assert (broken.status_code, 'role="status"' in broken.text) == (422, True)


async def test_int_11_looking_for_words_is_limited_and_the_page_stays(intake: RunningService) -> None:
    for _ in range(30):
        assert (await intake.http.get("/public/prices", params={"q": "x"})).status_code == 200
    assert (await intake.http.get("/public/prices")).status_code == 429
    page = await intake.http.get("/public/", params={"prices": "x"})
    assert (page.status_code, 'class="said bad"' in page.text) == (429, True)
    assert (await intake.http.get("/public/")).status_code == 200
