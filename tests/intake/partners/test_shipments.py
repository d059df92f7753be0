"""Parcels that partners report (INT-12): each recorded once, seen at the product, found by the waybill."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from intake import staff
from intake.shop import SALE, event, publish, receipts, sale

from aftersales.common.events.intake import PartnerMessageAccepted
from aftersales.common.events.partner import PartnerProductShipped
from aftersales.common.partners import Sender
from aftersales.intake.sales.domain import Shipment, note_shipment, shipment_id
from aftersales.testing.system import RunningService, RunningSystem
from aftersales.values.errors import DomainError

NOW, TODAY = datetime(2026, 11, 23, 1, tzinfo=UTC), date(2026, 11, 23)
SHIPPED = "partner.product_shipped.v1"
PARCEL: dict[str, Any] = {
    "branch": "BJ01",
    "waybill": "SF1402876600123",
    "carrier": "顺丰",
    "serials": [SALE["serial"]],
    "order_number": "3401122334455667788",
    "shipped_on": "2026-11-21",
    "expected_on": "2026-11-25",
}


async def ship(intake: RunningService, id: str, **changes: Any) -> None:
    body = event(intake, id, SHIPPED, {name: said for name, said in (PARCEL | changes).items() if said is not None})
    await publish(intake, body, key=SHIPPED)


async def told(intake: RunningService, number: int) -> dict[str, tuple[str, str]]:
    return {one["id"]: (one["state"], one["code"]) for one in await receipts(intake, number)}


async def test_a_parcel_is_recorded_once_and_found_by_waybill_product_and_order(
    built: RunningSystem, intake: RunningService, heard: Any
) -> None:
    """INT-12: the same parcel in another event changes nothing; a new day is taken, and the earlier one kept."""
    await publish(intake, sale(intake, "sold"))
    await receipts(intake, 1)
    for id in ("A", "A", "B"):
        await ship(intake, id, carrier="顺丰 " if id == "B" else "顺丰")
    await receipts(intake, 3)
    await ship(intake, "late", waybill="sf1402876600123", expected_on="2026-11-28")
    found = await told(intake, 4)
    assert [found[id][0] for id in ("A", "B", "late")] == ["accepted", "duplicate", "accepted"]
    (parcel,) = await intake.find(Shipment)
    assert [str(day) for day in (parcel.expected_on, *parcel.earlier_expected)] == ["2026-11-28", "2026-11-25"]
    for asked in ({"waybill": "sf1402876600123"}, {"serial": "eb-0002"}, {"order_number": PARCEL["order_number"]}):
        assert [one["waybill"] for one in await staff.items(intake, "/shipments", **asked)] == [PARCEL["waybill"]]
    (item,) = (await staff.ask(intake, "/lookup", q=" sf1402876600123 "))["items"]
    assert (item["customer"]["name"], item["products"][0]["shipments"]) == (
        "李雷",
        [{"waybill": PARCEL["waybill"], "carrier": "顺丰", "shipped_on": "2026-11-21", "expected_on": "2026-11-28"}],
    )
    await built.quiet()
    waybills = [one.waybill for one in await heard(PartnerMessageAccepted) if one.type == SHIPPED]
    assert waybills == [PARCEL["waybill"]] * 3


async def test_a_parcel_that_cannot_be_is_refused_in_words(intake: RunningService) -> None:
    """INT-12: and accepted under the same id once it is corrected."""
    await publish(intake, sale(intake, "sold"), sale(intake, "other", serial="EB-0003"))
    await receipts(intake, 2)
    await ship(intake, "first")
    await receipts(intake, 3)
    bad: dict[str, dict[str, Any]] = {
        "other serials": {"serials": ["EB-0002", "EB-0003"]},
        "unknown product": {"waybill": "SF-2", "serials": ["EB-0002", "EB-9999"]},
        "too early": {"waybill": "SF-3", "expected_on": "2026-11-20"},
        "not yet": {"waybill": "SF-4", "shipped_on": "2026-12-24", "expected_on": None},
        "receiver": {"to": "branch"},
        "branch": {"waybill": "SF-5", "branch": "XX99"},
        "blank": {"waybill": "  "},
    }
    for id, changes in bad.items():
        await ship(intake, id, **changes)
    found = {one["id"]: one for one in await receipts(intake, len(bad), state="refused")}
    assert {id: one["code"] for id, one in found.items()} == {
        "other serials": "shipment.other_products",
        "unknown product": "shipment.products_unknown",
        "too early": "shipment.arrives_before_it_leaves",
        "not yet": "shipment.in_future",
        "receiver": "shipment.other_receiver",
        "branch": "branch.unknown",
        "blank": "event.data_malformed",
    }
    assert "EB-9999" in found["unknown product"]["words"]
    assert "EB-0002" not in found["unknown product"]["words"]
    assert "先报告销售" in found["unknown product"]["words"]
    await publish(intake, sale(intake, "third", serial="EB-9999"))
    await receipts(intake, 4, state="accepted")
    await ship(intake, "unknown product", **bad["unknown product"])
    assert len(await receipts(intake, 5, state="accepted")) == 5


async def test_stock_for_a_branch_need_not_be_archived(intake: RunningService) -> None:
    """INT-12: nobody has bought it yet."""
    await ship(intake, "stock", to="branch", serials=["NEW-1", "new-1", "NEW-2"], order_number=None)
    await receipts(intake, 1, state="accepted")
    (parcel,) = await staff.items(intake, "/shipments", branch="BJ01")
    assert (parcel["serials"], parcel["to"]) == (["NEW-1", "NEW-2"], "branch")


def test_a_waybill_of_another_partner_is_refused_unless_another_carrier_has_it() -> None:
    """INT-12: carriers number their own parcels, so only the same carrier's number is the same parcel."""
    parcel = PartnerProductShipped.model_validate(PARCEL)
    ours, theirs = (Sender(user, "//x.example", "1", "1", "d") for user in ("dealer-88", "acme"))
    known = note_shipment(None, parcel, ours, TODAY, NOW)
    assert note_shipment(known, parcel, ours, TODAY, NOW) == known
    with pytest.raises(DomainError, match=r"shipment\.waybill_of_another"):
        note_shipment(known, parcel, theirs, TODAY, NOW)
    assert shipment_id("SF", "1") == shipment_id(" sf ", "1") != shipment_id("ZTO", "1")
