"""Registration of a request: its owner, its priority, and an earlier repair that it repeats. Pure."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from aftersales.common.events.intake import RepeatRepairFound, RequestRegistered
from aftersales.common.fields import shared_fields
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.archive.domain.model import NO_MODEL
from aftersales.intake.archive.domain.product import CardEntry, Product
from aftersales.intake.archive.domain.statement import MatchedProduct, NamedProduct, ProductForm
from aftersales.intake.catalogues.domain import UnclearTerm
from aftersales.intake.network.domain import Branch
from aftersales.policy.business_time import on_holiday
from aftersales.policy.model import Policy, Scope, stages
from aftersales.policy.sla import ChangeNote
from aftersales.policy.sla.stages import policy_id
from aftersales.values import sibling_number
from aftersales.values.errors import Malformed

from .coverage import CoverageCase, announce_coverage, decide_coverage
from .form import VISITS, RegisterRequest
from .prepaid import NOTHING, Prepaid
from .request import (
    Ground,
    PartnerReference,
    RequestDecision,
    RequestStep,
    ServiceRequest,
    count_from_wish,
    finish_change,
    pass_milestone,
)
from .steps import LIKE_COMPLAINTS, reach_step


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
    if line is None and needs_visit:
        raise Malformed("request.line_missing")
    form = ProductForm.model_validate(
        said.model_dump()
        | {
            "serial": said.serial or sibling_number(number, "PR"),
            "model": said.model or (known.model if known else NO_MODEL),
            "line": line or (ORDER_LINE if order else NO_LINE),
        }
    )
    return MatchedProduct(form, listing, unclear)


def register_request(
    number: str, form: RegisterRequest, archive: Archive, taken: Taken, ground: Ground
) -> RequestDecision:
    """Create the request; the person who took the contact owns it to the end, unless the form names another (INT-7)."""
    customer, product, prepaid = archive
    address = form.customer.address or customer.address
    if not address and form.needs_visit:
        raise Malformed("request.address_missing")
    policy, same = ground.policy, {*taken.same_faults, form.fault}
    repeated = find_repeat(product, same, policy, taken.at) if form.kind == "repair" else None
    danger = form.danger or bool(taken.danger_words)
    raised = policy.repeat_repair.raises_by if repeated and policy.repeat_repair else 0
    decided = {
        "customer": customer.id,
        "caller": form.customer.name,
        "danger": danger,
        "danger_words": taken.danger_words,
        "unclear": taken.unclear,
        "product": product.ref,
        "fault": form.fault_code,
        "priority": policy.priority.rank(customer.known_as, form.urgency, danger=danger, raised=raised),
        "owner": form.owner or ("" if taken.unowned else taken.by),
        "registered_at": taken.at,
        "policy": policy_id(policy),
        "policy_is_general": product.line != NO_LINE and policy.scope == Scope(),
        "cases": special_cases(form, ground.branch, address, taken.at, danger=danger),
        "repeats": repeated.request if repeated else None,
        "partner": taken.partner,
    }
    case = CoverageCase(product, form.kind, prepaid=prepaid)
    coverage = decide_coverage(case, policy, ground.branch.day_of(taken.at), taken.at, taken.by)
    request = ServiceRequest(
        id=number,
        address=address,
        importance_class=customer.known_as,
        coverage=coverage,
        history=(RequestStep(state="registered", at=taken.at, by=form.owner or taken.by),),
        **shared_fields(form, ServiceRequest) | decided,
    )
    request = _promised(request, ground)
    events = (_found(request, repeated, policy),) if repeated else ()
    registered = _registered(request, archive, ground)
    told = announce_coverage(None, coverage, request=number, branch=form.branch, on_site=registered.on_site)
    return finish_change(None, request, taken.at, registered, *events, *told)


def _promised(request: ServiceRequest, ground: Ground) -> ServiceRequest:
    """Start the clocks; those of the work begin at the time that the customer wants."""
    at = request.registered_at
    request = pass_milestone(request, "request_registered", at, ground)
    if request.kind in LIKE_COMPLAINTS:
        request = reach_step(request, "complaint_registered", at, ground)
    if request.kind == "parcel_problem":
        request = reach_step(request, "parcel_problem_reported", at, ground)
    if request.wanted_at and request.wanted_at > at:
        request = count_from_wish(request, request.wanted_at, ChangeNote(at, request.owner, "wanted_at"), ground)
    return request


def _registered(request: ServiceRequest, archive: Archive, ground: Ground) -> RequestRegistered:
    about = {
        "request": request.id,
        "kind": VISITS.get(request.kind, "consultation"),
        "work_type": request.kind,
        "on_site": request.kind in VISITS,
        "calendar": ground.calendar,
        "quiet_hours": archive.customer.quiet_hours,
    }
    same = shared_fields(request, RequestRegistered) | shared_fields(archive.prepaid, RequestRegistered)
    return RequestRegistered(**same | about)


def _found(request: ServiceRequest, repeated: CardEntry, policy: Policy) -> RepeatRepairFound:
    again = policy.repeat_repair
    return RepeatRepairFound(
        request=request.id,
        technician=repeated.technician,
        report_to=again.reported_to if again else "",
        claim=bool(again and again.opens_claim),
        found_at=request.registered_at,
        **shared_fields(request, RepeatRepairFound),
    )


def find_repeat(product: Product, faults: Collection[str | None], policy: Policy, at: datetime) -> CardEntry | None:
    """Return the earliest repair of one of the faults on the card within the policy's window, or None (INT-9)."""
    if policy.repeat_repair is None:
        return None
    since = at - policy.repeat_repair.window
    return next((entry for entry in product.warranty_card if entry.fault in faults and since <= entry.at <= at), None)


def special_cases(
    form: RegisterRequest, branch: Branch, address: str, at: datetime, *, danger: bool
) -> tuple[stages.SpecialCase, ...]:
    """Return the cases that apply: danger, rush work, work wanted on a public holiday, a far place, a major fault.

    A place is far if the desk says so, or if the desk says nothing and the address names a far district of the branch.
    """
    named = any(district in address for district in branch.far_districts)
    found: dict[stages.SpecialCase, bool] = {
        "emergency": danger,
        "rush": form.rush,
        "holiday": on_holiday(branch.calendar, form.wanted_at or at),
        "far": named if form.far is None else form.far,
        "major": form.major,
    }
    return tuple(case for case, applies in found.items() if applies)
