"""Customers who turn out to be one are merged, and parted again (INT-3)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.intake.archive.domain.consent import Consent
from aftersales.intake.archive.domain.contact import Address, Contact, PhoneNumber
from aftersales.intake.archive.domain.customer import ContactPoint, Customer, phone_numbers
from aftersales.intake.archive.domain.duplicates import compare_customers
from aftersales.intake.archive.domain.merge import MOST_MERGED, Act, Merge, Pair, merge_customers, undo_merge
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.archive.domain.search import SearchEntry, search_entry
from aftersales.testing.system import RunningService
from aftersales.values.errors import DomainError

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
ACT = Act("desk-7", NOW, "同一人")
NAMES = st.sampled_from(["王芳", "王小芳", "Wang Fang", "天成物业"])
TEXTS = st.sampled_from(["建国路 1 号", "建国路1号", "长安街 2 号", "世纪大道 100 号"])
CONSENTS = st.builds(
    Consent,
    purpose=st.sampled_from(["marketing", "callback"]),
    given=st.booleans(),
    at=st.integers(0, 99).map(lambda hours: NOW - timedelta(hours=hours)),
    how=st.just("phone"),
    evidence=st.just(""),
    by=st.just("desk-7"),
)


@st.composite
def customers(draw: st.DrawFn, id: str, first: int) -> Customer:
    """A customer whose numbers, from `first` on, are nobody else's."""
    digits = draw(st.lists(st.integers(first, first + 9), min_size=1, max_size=4, unique=True))
    phones = [PhoneNumber(number=f"+86138001380{number:02}") for number in digits]
    mine = draw(st.integers(1, len(phones)))
    texts = draw(st.lists(TEXTS, min_size=1, max_size=3, unique=True))
    contacts = tuple(Contact(name="李雷", phone=phone) for phone in phones[mine:])
    return Customer(
        id=id,
        branch=draw(st.sampled_from(["BJ01", "SH01"])),
        name=draw(NAMES),
        aliases=tuple(draw(st.lists(NAMES, max_size=2, unique=True))),
        phone=phones[0].number,
        phones=tuple(phones[:mine]),
        address=texts[0],
        addresses=tuple(Address(text=text) for text in texts),
        contacts=contacts,
        consents=tuple(sorted(draw(st.lists(CONSENTS, max_size=3, unique=True)), key=lambda one: one.at)),
        customer_class=draw(st.sampled_from("ABC")),
    )


PAIRS = st.builds(Pair, customers("c-1", 10), customers("c-2", 20))


def _pair() -> Pair:
    winner = Customer(id="c-1", branch="BJ01", name="王芳", phone="+8613800138000", address="建国路 1 号")
    return Pair(winner, winner.but(id="c-2", phone="+8613900139000", phones=(PhoneNumber(number="+8613900139000"),)))


def _product(**changes: Any) -> Product:
    return Product(id="RF-0001", branch="BJ01", model="m", line="l", customer="c-2").but(**changes)


@given(PAIRS)
def test_merge_then_undo_gives_back_what_there_was(pair: Pair) -> None:
    merged, record = merge_customers("m-1", pair, [], ACT)
    parted, done = undo_merge(record, merged, [], ACT)
    assert parted == pair
    assert (done.undone_by, done.undone_at) == ("desk-7", NOW)


@given(PAIRS)
def test_the_winner_has_everything_that_leads_to_the_loser(pair: Pair) -> None:
    (winner, loser), record = merge_customers("m-1", pair, [], ACT)
    assert set(phone_numbers(winner)) == {*phone_numbers(pair.winner), *phone_numbers(pair.loser)}
    assert set(search_entry(winner).tokens) >= set(search_entry(pair.loser).tokens) - {f"@{pair.loser.branch}"}
    assert (winner.phone, winner.address, winner.customer_class) == (
        pair.winner.phone,
        pair.winner.address,
        pair.winner.customer_class,
    )
    assert loser == pair.loser.but(merged_into="c-1")
    assert winner.also == record.also == ("c-2",)


@given(PAIRS, customers("c-3", 30))
def test_merges_are_undone_in_turn(pair: Pair, third: Customer) -> None:
    (second, first), inner = merge_customers("m-1", pair, [], ACT)
    (winner, loser), outer = merge_customers("m-2", Pair(third, second), [], ACT)
    assert winner.also == ("c-1", "c-2")
    (parted, back), _ = undo_merge(outer, Pair(winner, loser), [], ACT)
    assert (parted, back) == (third, second)
    assert undo_merge(inner, Pair(back, first), [], ACT)[0] == pair


@given(PAIRS)
def test_a_winner_that_lives_on_keeps_what_came_later(pair: Pair) -> None:
    """A broken undo, which gives back an old copy of the winner, would lose it."""
    merged, record = merge_customers("m-1", pair, [], ACT)
    later = merged.winner.but(
        phones=(*merged.winner.phones, PhoneNumber(number="+8613800138099")), language="en", name="王大芳"
    )
    (winner, _), _ = undo_merge(record, Pair(later, merged.loser), [], ACT)
    assert winner == pair.winner.but(
        phones=(*pair.winner.phones, PhoneNumber(number="+8613800138099")), language="en", name="王大芳"
    )
    assert winner != pair.winner


def test_a_number_of_the_loser_leaves_the_winner_however_it_was_labelled_since() -> None:
    merged, record = merge_customers("m-1", _pair(), [], ACT)
    work = PhoneNumber(number="+8613900139000", label="work")
    later = merged.winner.but(phones=(work, *merged.winner.phones[:1]), contacts=(Contact(name="我", phone=work),))
    (winner, _), _ = undo_merge(record, Pair(later, merged.loser), [], ACT)
    assert (phone_numbers(winner), winner.contacts) == (("+8613800138000",), ())
    with pytest.raises(DomainError, match=r"merge\.nothing_left"):
        undo_merge(record, Pair(merged.winner.but(phones=(work,)), merged.loser), [], ACT)


@pytest.mark.parametrize(
    "thing", [_product(customer="c-3"), ContactPoint(id="+8613900139000", branch="BJ01", customer="c-3")]
)
def test_what_went_on_to_a_third_cannot_be_put_back(thing: Product | ContactPoint) -> None:
    merged, record = merge_customers("m-1", _pair(), [_product()], ACT)
    assert undo_merge(record, merged, [_product(customer="c-1")], ACT)[0] == _pair()
    with pytest.raises(DomainError, match=r"merge\.moved_again"):
        undo_merge(record, merged, [thing], ACT)


def test_a_merge_is_undone_once_and_nobody_is_merged_into_themselves() -> None:
    merged, record = merge_customers("m-1", _pair(), [], ACT)
    parted, done = undo_merge(record, merged, [], ACT)
    with pytest.raises(DomainError, match=r"merge\.already_undone"):
        undo_merge(done, parted, [], ACT)
    with pytest.raises(DomainError, match=r"merge\.with_itself"):
        merge_customers("m-2", Pair(parted.winner, parted.winner), [], ACT)
    with pytest.raises(DomainError, match=r"merge\.too_many_products"):
        merge_customers("m-2", parted, [_product()] * (MOST_MERGED + 1), ACT)


def test_reasons_for_two_being_the_same() -> None:
    one, other = _pair()
    assert compare_customers(one, other, share_a_product=False) == ("name_and_address",)
    moved = other.but(address="x", addresses=(Address(text="x"),))
    assert compare_customers(one, moved, share_a_product=True) == ("serial",)
    landline = moved.but(phones=(PhoneNumber(number="+861066668000"),))
    assert compare_customers(one, landline, share_a_product=False) == ("name_and_phone_tail",)
    assert compare_customers(one, landline.but(name="李雷"), share_a_product=False) == ()
    spaced = other.but(name="王 芳", addresses=(Address(text="建国路１号"),))
    assert compare_customers(one, spaced, share_a_product=False) == ("name_and_address",)


FANG = {"branch": "BJ01", "name": "王芳", "phone": "13800138000", "address": "建国路 1 号"}
FRIDGE = {"serial": "RF-0001", "model": "BCD-258", "line": "refrigerator"}


async def _archived(intake: RunningService, **said: Any) -> str:
    answer = await intake.http.post("/customers", json=FANG | said)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def _asked(intake: RunningService, phone: str, name: str = "王芳") -> dict[str, Any]:
    form = {"branch": "BJ01", "channel": "phone", "product": FRIDGE, "fault": "no-cooling"}
    caller = {"name": name, "phone": phone, "address": "别处"}
    answer = await intake.http.post("/requests", json=form | {"customer": caller})
    request: dict[str, Any] = answer.json()
    assert answer.status_code == 201, request
    return request


async def _everything(intake: RunningService) -> dict[str, dict[str, Any]]:
    """All documents of the archive, apart from their versions."""
    found = [one for kind in (Customer, ContactPoint, Product, SearchEntry) for one in await intake.find(kind)]
    return {f"{type(one).__name__}/{one.id}": one.model_dump(exclude={"version"}) for one in found}


async def _ids(intake: RunningService, path: str, **params: Any) -> list[str]:
    answer = await intake.http.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


async def test_two_who_are_one_are_merged_and_parted_again(intake: RunningService) -> None:
    winner = await _archived(intake)
    loser = await _archived(intake, phone="13900139000", products=[FRIDGE], name="王小芳")
    requests = sorted([(await _asked(intake, phone))["id"] for phone in ("13900139000", "13800138000")])
    before = await _everything(intake)
    done = await intake.http.post(f"/customers/{winner}/merge", json={"other": loser, "why": "同一人"})
    assert done.status_code == 200, done.text
    record = done.json()
    assert (record["winner"], record["loser"], record["products"]) == (winner, loser, ["RF-0001"])

    shown = await intake.http.get(f"/customers/{loser}")
    assert (shown.json()["id"], shown.headers["Content-Location"]) == (winner, f"/customers/{winner}")
    assert [phone["number"] for phone in shown.json()["phones"]] == ["+8613800138000", "+8613900139000"]
    for id in (winner, loser):
        assert await _ids(intake, f"/customers/{id}/products") == ["RF-0001"]
        assert sorted(await _ids(intake, f"/customers/{id}/requests")) == requests
    assert await _ids(intake, "/customers", q="9000") == await _ids(intake, "/customers", q="王小芳") == [winner]
    assert await _ids(intake, "/customers") == [winner]
    assert await _archived(intake, phone="13900139000", products=[FRIDGE]) == winner
    refused = await intake.http.patch(f"/customers/{loser}", json={"language": "en"})
    assert (refused.status_code, refused.json()["code"]) == (409, "customer.merged")
    assert refused.json()["params"]["into"] == winner

    assert [merge["id"] for merge in (await intake.http.get(f"/customers/{winner}/merges")).json()["items"]] == [
        record["id"]
    ]
    undone = await intake.http.post(f"/merges/{record['id']}/undo", json={"why": "两人"})
    assert undone.status_code == 200, undone.text
    assert await _everything(intake) == before
    again = await intake.http.post(f"/merges/{record['id']}/undo", json={"why": "两人"})
    assert (again.status_code, again.json()["code"]) == (409, "merge.already_undone")


async def test_an_undo_that_cannot_be_exact_changes_nothing(intake: RunningService) -> None:
    winner = await _archived(intake)
    loser = await _archived(intake, phone="13900139000", products=[FRIDGE])
    third = await _archived(intake, phone="13700137000", name="李雷")
    record = (await intake.http.post(f"/customers/{winner}/merge", json={"other": loser, "why": "x"})).json()
    sold = await intake.http.post("/products/RF-0001/transfer", json={"to": third, "why": "二手转让"})
    assert (sold.status_code, sold.json()["customer"]) == (200, third)
    before = await _everything(intake)
    refused = await intake.http.post(f"/merges/{record['id']}/undo", json={"why": "x"})
    assert (refused.status_code, refused.json()["code"]) == (409, "merge.moved_again")
    assert refused.json()["params"] == {"merge": record["id"], "what": "products", "customer": third}
    assert await _everything(intake) == before
    assert (await intake.get(Merge, record["id"])).undone_at is None


async def test_a_number_that_was_given_up_meanwhile_is_the_losers_again(intake: RunningService) -> None:
    winner, loser = await _archived(intake), await _archived(intake, phone="13900139000")
    before = await _everything(intake)
    record = (await intake.http.post(f"/customers/{winner}/merge", json={"other": loser, "why": "x"})).json()
    await intake.http.patch(f"/customers/{winner}", json={"phones": [{"number": "13800138000"}]})
    assert await intake.get(ContactPoint, "+8613900139000") is None
    assert (await intake.http.post(f"/merges/{record['id']}/undo", json={"why": "x"})).status_code == 200
    assert await _everything(intake) == before


async def test_doubles_are_shown_with_their_reasons(intake: RunningService) -> None:
    fang = await _archived(intake, products=[FRIDGE])
    address = await _archived(intake, phone="13900139000", name="王 芳", address="建国路1号")
    tail = await _archived(intake, phone="010-66668000", address="长安街 2 号")
    await _archived(intake, phone="13700137000", name="李雷", address="长安街 2 号")
    serial = (await _asked(intake, "13600136000", "李娜"))["customer"]
    doubles = (await intake.http.get(f"/customers/{fang}/duplicates")).json()
    assert {double["customer"]["id"]: double["reasons"] for double in doubles} == {
        address: ["name_and_address"],
        tail: ["name_and_phone_tail"],
        serial: ["serial"],
    }
    back = (await intake.http.get(f"/customers/{serial}/duplicates")).json()
    assert [(double["customer"]["id"], double["reasons"]) for double in back] == [(fang, ["serial"])]
