"""Use cases: corrections of a request (INT-2)."""

from aftersales.common.events.dispatch import CorrectionHeldUp
from aftersales.common.policies import POLICY_LIST
from aftersales.engine import DocumentRefs, PolicyCatalogue, UnitOfWork, use_case
from aftersales.intake.agreements.domain.entitlement import Entitlement
from aftersales.intake.archive.domain import product as products
from aftersales.intake.archive.domain.caller import NamedCaller
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.archive.domain.names import note_caller
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.archive.handlers import find_or_enrol, save_customer, surviving_customer
from aftersales.intake.catalogues.store import TERMS, load_glossary
from aftersales.intake.classification.domain import Classifier
from aftersales.intake.network.domain import Branch
from aftersales.intake.network.handlers import known_branch
from aftersales.intake.recalls.handlers import hold_against_recalls, release_cases, schedule_case
from aftersales.intake.requests.domain import correction
from aftersales.intake.requests.domain.correction import CorrectRequest
from aftersales.intake.requests.domain.coverage import Coverage
from aftersales.intake.requests.domain.form import VISITS, fault_of, recall_of
from aftersales.intake.requests.domain.registration import Archive, Taken, must_be_ahead, name_product
from aftersales.intake.requests.domain.request import Ground, ServiceRequest
from aftersales.intake.sales.handlers import keep_product, look_up_product_words, owner_of
from aftersales.intake.sales.store import preload_caller, preload_entitlements, preload_product
from aftersales.intake.vocabulary import OF_AN_ORDER
from aftersales.policy.choose import Facts
from aftersales.policy.sla import ChangeNote
from aftersales.values import sibling_number

from . import prepaid
from .requests import ground_of, heard_of, save_request


def _named(command: CorrectRequest) -> DocumentRefs:
    return (
        *map(preload_caller, _caller(command, "").points),
        *preload_product(command.product.serial, command.product.model),
        *POLICY_LIST,
        *TERMS,
    )


@use_case(
    about=lambda number: (
        ServiceRequest,
        number,
        lambda request: (
            (Branch, request.branch),
            (Customer, request.customer),
            (Product, request.product.serial, preload_entitlements),
        ),
    ),
    preload=_named,
)
async def correct_request(
    work: UnitOfWork,
    number: str,
    command: CorrectRequest,
    catalogue: PolicyCatalogue,
    classifier: Classifier | None,
) -> ServiceRequest:
    """Correct the form, and decide again what follows from it by the same rules as at registration."""
    before = await work.require(ServiceRequest, number)
    work = work.beyond_scope  # caller and product may be known from another branch, and the request may move to one
    correction.must_be_correctable(before, command)
    corrected = _with_danger(correction.correct_fields(before, command), before, command, classifier)
    branch = await known_branch(work, corrected.branch)
    if corrected.wanted_at != before.wanted_at:
        must_be_ahead(corrected.wanted_at, branch, work.now)
    corrected, customer = await _correct_caller(work, corrected, command, branch)
    corrected = correction.correct_cases(corrected, command, branch)
    corrected, product = await _correct_product(work, corrected, command, customer, catalogue)
    corrected, faults = await _correct_fault(work, corrected, command)
    await _follow_recall(work, before, corrected, product)
    ground = await _ground(work, before, corrected, branch, catalogue)
    used, archive = await _with_prepaid(work, before, corrected, Archive(customer, product), ground)
    change = correction.Change(ground, ChangeNote(work.now, work.actor, command.why))
    request, events = correction.correct_request(before, corrected, archive, faults, change)
    await prepaid.settle_prepaid(work, request, used, request.coverage)
    await _move_card(work, before, product)
    await _take_back(work, before, product)
    return save_request(work, before, request, events)


def _with_danger(
    corrected: ServiceRequest, before: ServiceRequest, command: CorrectRequest, classifier: Classifier | None
) -> ServiceRequest:
    if classifier is None or "description" not in command.model_fields_set:
        return corrected
    found, known = (classifier.danger_words(one.description) for one in (corrected, before))
    return correction.raise_danger(corrected, found, known)


def _caller(command: CorrectRequest, name: str) -> NamedCaller:
    return NamedCaller.model_construct(
        name=name, phone=command.phone, address=command.address, email=command.email, chat_id=command.chat_id
    )


async def _correct_caller(
    work: UnitOfWork, request: ServiceRequest, command: CorrectRequest, branch: Branch
) -> tuple[ServiceRequest, Customer]:
    """Return the customer whom the corrected form is about, and the request with their class and address."""
    known, named = await surviving_customer(work, request.customer), command.model_fields_set
    customer = known
    caller = _caller(command, request.caller or known.name)
    if named & {"phone", "email", "chat_id"}:
        customer = await find_or_enrol(work, caller, branch, in_person=True)
    elif "caller" in named:
        customer = await save_customer(work, known, note_caller(known, caller))
    if customer.id != known.id:
        request = request.but(
            customer=customer.id,
            importance_class=customer.known_as,
            member=customer.is_member(branch.day_of(request.registered_at)),
        )
    return request.but(address=command.address or customer.address) if "address" in named else request, customer


async def _correct_product(
    work: UnitOfWork,
    request: ServiceRequest,
    command: CorrectRequest,
    customer: Customer,
    catalogue: PolicyCatalogue,
) -> tuple[ServiceRequest, Product]:
    """Return the product as the corrected form names it, and the request about it."""
    named, said = command.model_fields_set, command.product
    if not named & {"product", "kind"}:
        product = await work.require(Product, request.product.serial)
        if product.registered_with == request.id and product.customer != customer.id:
            product = work.put(product.but(customer=customer.id, branch=customer.branch))
            await hold_against_recalls(work, product)
            await _move_entitlements(work, product)
        return request, product
    serial = request.product.serial
    if "serial" in said.model_fields_set:
        serial = said.serial or sibling_number(request.id, "PR")
    known = await work.get(Product, serial)
    before = await work.require(Product, request.product.serial)
    said = correction.subject_of(request, command, before, known).model_copy(update={"serial": serial})
    matched = await look_up_product_words(work, said, catalogue)
    form = name_product(
        request.id, matched, known, needs_visit=request.kind in VISITS, order=request.kind in OF_AN_ORDER
    )
    today = (await known_branch(work, request.branch)).day_of(work.now)
    product = await keep_product(work, form, owner_of(customer, request.branch, request.id), today, catalogue)
    if product.registered_with == request.id:
        await _move_entitlements(work, product)
    unclear = correction.replace_unclear(request, "line", form.unclear) if "product" in named else request.unclear
    return request.but(product=product.ref, unclear=unclear), product


async def _correct_fault(
    work: UnitOfWork, request: ServiceRequest, command: CorrectRequest
) -> tuple[ServiceRequest, frozenset[str]]:
    """Return the request with the code of its fault, and the codes that count as the same (INT-9)."""
    said = correction.given_fault(request)
    if said is None:
        cleared = correction.replace_unclear(request, "fault", None) if "fault" in command.model_fields_set else None
        return request.but(unclear=request.unclear if cleared is None else cleared), frozenset()
    glossary = await load_glossary(work)
    matched = glossary.match_fault(said, request.product.line)
    same = glossary.faults.same_as(matched.code) if matched.code else frozenset()
    if "fault" in command.model_fields_set:
        unclear = correction.replace_unclear(request, "fault", matched.unclear)
        request = request.but(fault=fault_of(request.kind, matched.code), unclear=unclear)
    return request, frozenset({*same, request.fault})


async def _follow_recall(work: UnitOfWork, before: ServiceRequest, corrected: ServiceRequest, product: Product) -> None:
    """Schedule the case of a recall that the corrected form names (INT-4)."""
    correction.must_keep_recall(before, corrected)
    recalled = recall_of(corrected.kind, corrected.details)
    if recalled and not recall_of(before.kind, before.details):
        await schedule_case(work, *recalled, product)


async def _ground(
    work: UnitOfWork, before: ServiceRequest, corrected: ServiceRequest, branch: Branch, catalogue: PolicyCatalogue
) -> Ground:
    """Return the branch and the policy, which is chosen again if the correction changes what decides about it."""

    def facts(request: ServiceRequest) -> Facts:
        day = branch.day_of(request.registered_at)
        about = request.branch, request.product.line, request.kind, request.importance_class
        return Facts(*about, day, request.member)

    if facts(before) == facts(corrected):
        return await ground_of(work, before, catalogue)
    return Ground(branch, await catalogue.choose(work, facts(corrected)))


async def _with_prepaid(
    work: UnitOfWork, before: ServiceRequest, corrected: ServiceRequest, archive: Archive, ground: Ground
) -> tuple[Coverage | None, Archive]:
    """Return the coverage whose prepaid units are still used, and the prepaid terms of the corrected request."""
    if all(getattr(before, name) == getattr(corrected, name) for name in ("customer", "kind", "product")):
        return before.coverage, archive._replace(prepaid=await prepaid.prepaid_of(work, before))
    await prepaid.settle_prepaid(work, before, before.coverage, None)
    at = before.registered_at
    found = await prepaid.prepaid_for(work, archive, corrected.kind, Taken(work.actor, at), ground.branch.day_of(at))
    return None, archive._replace(prepaid=found)


async def _move_card(work: UnitOfWork, before: ServiceRequest, product: Product) -> None:
    """Move the entries of this request to the warranty card of the right product (INT-3)."""
    if product.id == before.product.serial:
        return
    wrong = await work.require(Product, before.product.serial)
    left, right = products.move_entries(wrong, await work.require(Product, product.id), before.id)
    for after, known in ((left, wrong), (right, product)):
        if after != known:
            work.put(after)


async def _move_entitlements(work: UnitOfWork, product: Product) -> None:
    """Give the entitlements of a product that was archived with the wrong caller to its owner."""
    for id in product.entitled:
        entitlement = await work.require(Entitlement, id)
        if product.customer and entitlement.customer != product.customer:
            work.put(entitlement.but(customer=product.customer))


async def _take_back(work: UnitOfWork, before: ServiceRequest, product: Product) -> None:
    """Delete the product with the misheard serial number, if this request alone archived it and nothing used it."""
    wrong = await work.get(Product, before.product.serial)
    if wrong is None or wrong.id == product.id or not products.is_of_request_alone(wrong, before.id):
        return
    entitled = [await work.require(Entitlement, id) for id in wrong.entitled]
    if any(one.used for one in entitled) or not await release_cases(work, wrong):
        return
    for one in (*entitled, wrong):
        work.delete(one)


@use_case(preload=lambda event: ((ServiceRequest, event.request),))
async def note_held_up(work: UnitOfWork, event: CorrectionHeldUp) -> None:
    """Note at the correction that the visit was under way already."""
    request = await heard_of(work, event.request)
    save_request(work, request, correction.note_held_up(request, event), ())
