"""Charged work is finished only when the customer has accepted a quotation (INT-6, DSP-17)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import permutations

import pytest

from aftersales.common.dead_letters import StoredDeadLetter
from aftersales.common.events.intake import CoverageDecided, QuotationAccepted, RequestRegistered, SurchargeTold
from aftersales.dispatch.orders.domain import quotation
from aftersales.dispatch.orders.domain.order import OrderPolicy, WorkOrder
from aftersales.dispatch.orders.domain.report import ServiceReport
from aftersales.dispatch.visits import domain as visit
from aftersales.testing import eventually
from aftersales.testing.system import RunningSystem
from aftersales.values import Money
from aftersales.values.errors import DomainError

News = CoverageDecided | QuotationAccepted
REQUEST, ORDER = "SR-261123-0001", "WO-261123-0001"


def decided(at: datetime, *, first: bool, on_site: bool = True) -> CoverageDecided:
    payer = "quote" if first else "free"
    return CoverageDecided(
        request=REQUEST,
        branch="SH01",
        policy="enterprise@0",
        warranty="out",
        cause="unknown",
        parts=payer,
        labour=payer,
        travel=payer,
        reason="out_of_warranty",
        price_list_first=not first,
        quotation_first=first,
        revised=False,
        on_site=on_site,
        decided_at=at,
    )


def accepted(at: datetime, amount: int = 12_800) -> QuotationAccepted:
    return QuotationAccepted(request=REQUEST, branch="SH01", amount=Money(amount=amount), accepted_at=at)


def hear(order: WorkOrder, events: Iterable[News]) -> WorkOrder:
    for event in events:
        if isinstance(event, CoverageDecided):
            order = quotation.record_coverage(order, event)
        else:
            order = quotation.record_acceptance(order, event)
    return order


def test_an_order_nobody_said_anything_about_needs_no_quotation(offered: WorkOrder) -> None:
    assert (offered.quotation, offered.quoted, offered.price_list_first) == ("none", None, False)


def test_the_order_shows_what_comes_first(offered: WorkOrder, now: datetime) -> None:
    """INT-6."""
    needed = quotation.record_coverage(offered, decided(now, first=True))
    assert (needed.quotation, needed.price_list_first) == ("needed", False)
    free = quotation.record_coverage(needed, decided(now + timedelta(hours=1), first=False))
    assert (free.quotation, free.price_list_first) == ("none", True)


def test_all_10_the_order_shows_the_surcharges_of_the_newest_decision(offered: WorkOrder, now: datetime) -> None:
    rush = (SurchargeTold(case="rush", percent=30),)
    dear = decided(now, first=True).model_copy(update={"surcharges": rush})
    order = quotation.record_coverage(offered, dear)
    assert order.surcharges == rush
    later = quotation.record_coverage(order, decided(now + timedelta(hours=1), first=True))
    assert later.surcharges == ()
    assert quotation.record_coverage(later, dear).surcharges == ()


def test_every_order_of_arrival_ends_the_same(offered: WorkOrder, now: datetime) -> None:
    """DSP-17: the newest decision holds, and the highest amount."""
    events: tuple[CoverageDecided | QuotationAccepted, ...] = (
        decided(now, first=True),
        decided(now + timedelta(hours=1), first=False),
        decided(now + timedelta(hours=2), first=True),
        accepted(now),
        accepted(now, 20_000),
    )
    ends = [hear(offered, order) for order in permutations(events)]
    assert all(end == ends[0] for end in ends)
    assert (ends[0].quotation, ends[0].quoted) == ("accepted", Money(amount=20_000))


def test_a_visit_is_not_completed_while_a_quotation_is_missing(
    offered: WorkOrder, report: ServiceReport, now: datetime, policy: OrderPolicy
) -> None:
    """DSP-17."""
    order = quotation.record_coverage(offered.but(state="diagnosed"), decided(now, first=True))
    with pytest.raises(DomainError) as refused:
        visit.complete_visit(order, report, now, "T1", policy)
    assert refused.value.code == "order.quotation_not_accepted"
    for settled in (accepted(now), decided(now, first=False)):
        done, _ = visit.complete_visit(hear(order, [settled]), report, now, "T1", policy)
        assert done.state == "completed"


async def test_dispatch_hears_of_quotations_before_and_after_the_order(
    running: RunningSystem, registered: RequestRegistered, now: datetime
) -> None:
    """DSP-17: what comes before the order waits for it; what is answered at the desk has none."""
    service = running.dispatch
    await service.deliver(decided(now, first=True, on_site=False).model_copy(update={"request": "SR-261123-0002"}))
    await service.deliver(decided(now, first=True))
    await service.deliver(registered)

    async def order() -> WorkOrder | None:
        found: WorkOrder | None = await service.get(WorkOrder, ORDER)
        return found if found and found.quotation == "needed" else None

    await eventually(order)
    await service.deliver(accepted(now))

    async def quoted() -> Money | None:
        return (await service.get(WorkOrder, ORDER)).quoted

    assert await eventually(quoted) == Money(amount=12_800)
    assert (await service.get(WorkOrder, ORDER)).quotation == "accepted"
    assert await service.find(StoredDeadLetter) == []
