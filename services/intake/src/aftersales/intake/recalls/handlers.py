"""Use cases: recalls and upgrades (INT-4); the archive is searched in steps."""

from aftersales.common.events.intake import RecallKind
from aftersales.engine import DomainError, UnitOfWork, use_case
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.archive.handlers import look_up_model

from . import domain
from .domain import CloseRecall, Cursor, Recall, RecallCase, RecallForm, RecallStep, TakeStep
from .store import affected_queries, remaining_queries

STEP = 500
"""Products per step of the search, so that the writer can do other work in between."""
_QUERIES = 20


async def open_recall(work: UnitOfWork, form: RecallForm) -> Recall:
    listed = [(await look_up_model(work, word)).model for word in form.models]
    codes = tuple(model.id if model else word for model, word in zip(listed, form.models, strict=True))
    form = form.model_copy(update={"models": codes})
    recall, events = domain.open_recall(await work.number("RC"), form, work.now)
    return work.put(recall, *events)


async def search_archive(work: UnitOfWork, number: str) -> None:
    """Open cases for the next affected products, continuing after the last committed step."""
    recall = await work.get(Recall, number)
    if recall is None or recall.cursor is None or recall.wake_at is None:
        return
    products, cursor = await _next(work, recall, recall.cursor)
    wanted = {domain.case_id(number, product.id): product for product in products if recall.affects(product)}
    known = {case.id for case in await work.page(RecallCase, {"_id": {"$in": list(wanted)}})} if wanted else set()
    new = [product for id, product in wanted.items() if id not in known]
    for product in new:
        work.put(domain.find_case(recall, product, work.now, work.actor))
    after, events = domain.count_found(recall, len(new), cursor, work.now)
    work.put(after, *events)


async def _next(work: UnitOfWork, recall: Recall, cursor: Cursor) -> tuple[list[Product], Cursor | None]:
    """Return the next products and the cursor after them; None at the end."""
    products: list[Product] = []
    for number, query in remaining_queries(affected_queries(recall), cursor):
        if number >= cursor.query + _QUERIES:
            return products, Cursor(query=number)
        room = STEP - len(products)
        page = await work.page(Product, query, room)
        products += page
        if len(page) == room:
            return products, Cursor(query=number, after=page[-1].id)
    return products, None


async def hold_against_recalls(work: UnitOfWork, product: Product) -> None:
    """Open the product's case in each open recall that affects it; an existing case follows it to a new owner."""
    work = work.beyond_scope
    for recall in await work.find(Recall, state="open"):
        if not recall.affects(product):
            continue
        case = await work.get(RecallCase, domain.case_id(recall.id, product.id))
        if case is None:
            work.put(domain.find_case(recall, product, work.now, work.actor))
            work.put(domain.count_late(recall))
        elif case.customer != product.customer:
            work.put(case.but(customer=product.customer, branch=product.branch))


async def release_cases(work: UnitOfWork, product: Product) -> bool:
    """Delete the cases of a product that was archived by mistake; return False if something was done for one."""
    cases = await work.find(RecallCase, product=product.id)
    if any(case.state != "found" for case in cases):
        return False
    for case in cases:
        work.put(domain.uncount_found(await work.require(Recall, case.recall)))
        work.delete(case)
    return True


async def open_recalls(work: UnitOfWork, product: Product) -> tuple[Recall, ...]:
    """Return the recalls that are not done yet for a product, so that its callers can be informed."""
    done = {case.recall for case in await work.find(RecallCase, product=product.id) if case.state == "done"}
    recalled = await work.find(Recall, state="open")
    return tuple(recall for recall in recalled if recall.affects(product) and recall.id not in done)


async def schedule_case(work: UnitOfWork, number: str, kind: RecallKind, product: Product) -> None:
    """Schedule the product's case, for which a request was made.

    Raises `DomainError` if there is no such recall, it does not affect the product, or the case is done.
    """
    work = work.beyond_scope
    recall = await work.get(Recall, number)
    case = await work.get(RecallCase, domain.case_id(number, product.id)) if recall else None
    if (
        recall is None
        or recall.kind != kind
        or (case is None and not (recall.state == "open" and recall.affects(product)))
    ):
        raise DomainError("recall.not_of_product", recall=number, serial=product.id)
    if case and case.state == "done":
        raise DomainError("recall.done", recall=number, serial=product.id)
    if case is None:
        recall, case = domain.count_late(recall), domain.find_case(recall, product, work.now, work.actor)
    await _move(work, recall, case, "scheduled")


async def finish_case(work: UnitOfWork, number: str, serial: str) -> None:
    """Mark the product's case as done after the repair."""
    recall, case = await work.get(Recall, number), await work.get(RecallCase, domain.case_id(number, serial))
    if recall and case:
        await _move(work, recall, case, "done")


async def note_told(work: UnitOfWork, number: str, serial: str) -> None:
    """Mark the case as told, because a message reached the owner; later steps stay."""
    recall, case = await work.get(Recall, number), await work.get(RecallCase, domain.case_id(number, serial))
    if recall and case and case.state in {"found", "unreachable"}:
        await _move(work, recall, case, "told")


async def _move(work: UnitOfWork, recall: Recall, known: RecallCase, step: RecallStep, note: str = "") -> RecallCase:
    case = domain.take_step(known, step, note, work.actor, work.now)
    if case == known:
        return case
    after, events = domain.count_move(recall, known.state, case.state, work.now)
    work.put(after, *events)
    return work.put(case)


@use_case(
    about=lambda number, serial: (RecallCase, domain.case_id(number, serial)),
    preload=lambda number: ((Recall, number),),
)
async def take_step(work: UnitOfWork, number: str, serial: str, step: RecallStep, form: TakeStep) -> RecallCase:
    recall = await work.require(Recall, number)
    known = await work.require(RecallCase, domain.case_id(number, serial))
    return await _move(work, recall, known, step, form.note)


@use_case(about=lambda number: (Recall, number))
async def close_recall(work: UnitOfWork, number: str, form: CloseRecall) -> Recall:
    known = await work.require(Recall, number)
    closed = domain.close_recall(known, form.reason)
    return closed if closed == known else work.put(closed)
