"""Registration of a request: its owner, its priority, and an earlier repair that it repeats. Pure."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from aftersales.common.events.intake import RepeatRepairFound, RequestFacts, RequestRegistered
from aftersales.common.fields import shared_fields
from aftersales.common.terms import UnclearTerm
from aftersales.intake.archive.domain.card import CardEntry
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.archive.domain.model import NO_MODEL
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.archive.domain.statement import MatchedProduct, NamedProduct, ProductForm
from aftersales.intake.network.domain import Branch
from aftersales.policy.business_time import on_holiday
from aftersales.policy.model import Policy, Scope, stages
from aftersales.policy.sla import ChangeNote
from aftersales.policy.sla.stages import policy_id
from aftersales.values import sibling_number
from aftersales.values.errors import Malformed

from .coverage import CoverageCase, WorkTime, announce_coverage, decide_coverage, surcharges_of
from .form import VISITS, RegisterRequest
from .prepaid import NOTHING, Prepaid
from .records import PartnerReference
from .request import (
    Ground,
    RequestDecision,
    RequestStep,
    ServiceRequest,
    count_from_wish,
    finish_change,
    pass_milestone,
)
from .steps import FirstStep, first_steps, reach_step


class Taken(NamedTuple):
    """The person who took the contact, and the time (INT-7)."""

    by: str
    at: datetime
    partner: PartnerReference | None = None
    danger_words: tuple[str, ...] = ()
    """Words of danger in a description about which the form does not say whether there is danger."""
    same_faults: frozenset[str] = frozenset()
    """Other codes that count as the same fault (INT-9)."""
    unclear: tuple[UnclearTerm, ...] = ()
    """Words that no catalogue has."""
    entered_at: datetime | None = None
    """The time at which it was entered, if that was later."""
    unowned: bool = False
    """Whether a machine brought it, so that nobody owns it unless the form names an owner."""


class Archive(NamedTuple):
    """The customer and the product as the archive has them (INT-3)."""

    customer: Customer
    product: Product
    prepaid: Prepaid = NOTHING
    """Terms of contracts and entitlements for the request."""


NO_LINE = "general"
"""The product line of a request that is about no product."""
ORDER_LINE = "online-order"
"""The product line of a request that is about an order of an online shop, whatever was ordered (INT-15)."""


def name_product(
    number: str, matched: MatchedProduct[NamedProduct], known: Product | None, *, needs_visit: bool, order: bool = False
) -> MatchedProduct[ProductForm]:
    """Complete what the caller knows of the product with what the archive and the model register know.

    A product without a serial number is a product of its own, `PR-…`, so that no other request is about the same one
    (INT-9). Raises `Malformed` if somebody must be sent and no product line says which skill is needed.
    """
    said, listing, unclear = matched
    line = said.line or (listing.model and listing.model.line) or (known and known.line)
    if line in {None, NO_LINE}:
        if needs_visit:
            raise Malformed("request.line_missing")
        line = ORDER_LINE if order else NO_LINE
    form = ProductForm.model_validate(
        said.model_dump()
        | {
            "serial": said.serial or sibling_number(number, "PR"),
            "model": said.model or (known.model if known else NO_MODEL),
            "line": line,
        }
    )
    return MatchedProduct(form, listing, unclear)


def register_request(
    number: str, form: RegisterRequest, archive: Archive, taken: Taken, ground: Ground
) -> RequestDecision:
    """Create the request; the person who took the contact owns it to the end, unless the form names another (INT-7)."""
    customer, product, prepaid = archive
    policy = ground.policy
    address = need_address(form.customer.address or customer.address, needs_visit=form.needs_visit)
    far = is_far(ground.branch, address) if form.far is None else form.far
    said = {
        "customer": customer.id,
        "caller": form.customer.name or customer.name,
        "unreachable": form.customer.unreachable,
        "importance_class": customer.known_as,
        "member": customer.is_member(ground.branch.day_of(taken.at)),
        "danger": form.danger or bool(taken.danger_words),
        "danger_words": taken.danger_words,
        "unclear": taken.unclear,
        "cases": name_cases(rush=form.rush, far=far, major=form.major),
        "product": product.ref,
        "fault": form.fault_code,
        "owner": form.owner or ("" if taken.unowned else taken.by),
        "registered_at": taken.at,
        "entered_at": taken.entered_at,
        "registered_by": taken.by,
        "partner": taken.partner,
    }
    request = ServiceRequest(
        id=number,
        address=address,
        priority=0,
        coverage=None,
        history=(RequestStep(state="registered", at=taken.at, by=form.owner or taken.by),),
        **shared_fields(form, ServiceRequest) | said,
    )
    request, repeated = decide_terms(request, product, ground, {*taken.same_faults, form.fault})
    surcharges = surcharges_of(policy, request.cases, time_of(request, ground))
    case = CoverageCase(product, form.kind, prepaid=prepaid, surcharges=surcharges)
    coverage = decide_coverage(case, policy, ground.branch.day_of(taken.at), taken.at, taken.by)
    request = request.but(coverage=coverage)
    note = ChangeNote(taken.at, request.owner, "wanted_at")
    request = start_promises(request, taken.at, ground, note, first_steps(request.kind))
    registered = RequestRegistered(**facts_of(request, archive, ground))
    told = announce_coverage(None, coverage, request=number, branch=form.branch, on_site=registered.on_site)
    return finish_change(None, request, taken.at, registered, *found_repeat(request, repeated, policy), *told)


def must_be_ahead(wanted: datetime | None, branch: Branch, now: datetime) -> None:
    """Raise `Malformed` if somebody is wanted on a day that is over at the branch (INT-2)."""
    if wanted and branch.day_of(wanted) < branch.day_of(now):
        raise Malformed("request.wanted_in_past", wanted=f"{wanted.astimezone(ZoneInfo(branch.zone)):%Y-%m-%d %H:%M}")


def time_of(request: ServiceRequest, ground: Ground) -> WorkTime:
    """Return the times by which night work is told (ALL-10)."""
    return WorkTime(request.wanted_at, request.registered_at, ground.branch.zone)


def start_promises(
    request: ServiceRequest, at: datetime, ground: Ground, note: ChangeNote, steps: Collection[FirstStep]
) -> ServiceRequest:
    """Start the clocks at `at`, each once, and those of `steps`; those of the work begin at the time that is wanted."""
    request = pass_milestone(request, "request_registered", at, ground)
    for step in steps:
        request = reach_step(request, step, at, ground)
    if request.wanted_at and request.wanted_at > at:
        request = count_from_wish(request, request.wanted_at, note, ground)
    return request


def need_address(address: str, *, needs_visit: bool) -> str:
    """Return the address. Raises `Malformed` if it is empty and somebody must be sent."""
    if not address and needs_visit:
        raise Malformed("request.address_missing")
    return address


def decide_terms(
    request: ServiceRequest, product: Product, ground: Ground, faults: Collection[str | None]
) -> tuple[ServiceRequest, CardEntry | None]:
    """Set what follows from the form: the policy, the cases, an earlier repair that it repeats, and the priority.

    Also returns that repair; `faults` are the codes that count as the same. New and corrected requests are alike.
    """
    policy, at = ground.policy, request.registered_at
    repeated = find_repeat(product, faults, policy, at) if request.kind == "repair" else None
    raised = policy.repeat_repair.raises_by if repeated and policy.repeat_repair else 0
    rank = policy.priority.rank(request.importance_class, request.urgency, danger=request.danger, raised=raised)
    decided = request.but(
        policy=policy_id(policy),
        policy_is_general=product.line != NO_LINE and policy.scope == Scope(),
        cases=special_cases(request, ground.branch),
        repeats=repeated.request if repeated else None,
        priority=rank,
    )
    return decided, repeated


def facts_of(request: ServiceRequest, archive: Archive, ground: Ground) -> dict[str, Any]:
    """Return what other services learn of the request (`RequestFacts`)."""
    about = {
        "request": request.id,
        "kind": VISITS.get(request.kind, "consultation"),
        "work_type": request.kind,
        "on_site": request.kind in VISITS,
        "calendar": ground.calendar,
        "quiet_hours": archive.customer.quiet_hours,
    }
    return shared_fields(request, RequestFacts) | shared_fields(archive.prepaid, RequestFacts) | about


def found_repeat(request: ServiceRequest, repeated: CardEntry | None, policy: Policy) -> tuple[RepeatRepairFound, ...]:
    """Return the event about a repair that did not hold, if there is one (INT-9)."""
    if repeated is None:
        return ()
    again = policy.repeat_repair
    found = RepeatRepairFound(
        request=request.id,
        technician=repeated.technician,
        report_to=again.reported_to if again else "",
        claim=bool(again and again.is_guaranteed(request.product.line)),
        found_at=request.registered_at,
        **shared_fields(request, RepeatRepairFound),
    )
    return (found,)


def find_repeat(product: Product, faults: Collection[str | None], policy: Policy, at: datetime) -> CardEntry | None:
    """Return the earliest repair of one of the faults on the card within the policy's window, or None (INT-9)."""
    if policy.repeat_repair is None:
        return None
    since = at - policy.repeat_repair.window
    return next((entry for entry in product.warranty_card if entry.fault in faults and since <= entry.at <= at), None)


def is_far(branch: Branch, address: str) -> bool:
    """Return whether the address names a far district of the branch (DSP-3)."""
    return any(district in address for district in branch.far_districts)


def name_cases(**named: bool) -> tuple[stages.SpecialCase, ...]:
    """Return the cases that people named: `rush`, `far`, `major`."""
    return tuple(case for case in stages.CASES if named.get(case))


def special_cases(request: ServiceRequest, branch: Branch) -> tuple[stages.SpecialCase, ...]:
    """Return the cases that apply: those that people have named, danger, work wanted on a public holiday (ALL-10)."""
    found: dict[stages.SpecialCase, bool] = {
        **dict.fromkeys(request.cases, True),
        "emergency": request.danger,
        "holiday": on_holiday(branch.calendar, request.wanted_at or request.registered_at),
    }
    return tuple(case for case in stages.CASES if found.get(case))
