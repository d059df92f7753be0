"""The warranty card (保修卡): term, scope, liability, who pays, and the repairs so far (INT-3, INT-6, INT-17). Pure."""

from collections.abc import Iterator
from typing import NamedTuple

from aftersales.common.documents.paper import Paper, PaperSection
from aftersales.intake.archive.domain.card import CardEntry
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.archive.domain.warranty import WarrantyRecord
from aftersales.intake.identity.domain import CompanyIdentity, text_in
from aftersales.intake.network.domain import Branch
from aftersales.policy.model import Policy
from aftersales.policy.model.cover import CAUSES, Cause, CoverageRow, WarrantyState, decide_cover
from aftersales.values.errors import DomainError

from .wording import PaperWords, local_minute


class CardFacts(NamedTuple):
    """Everything that stands on the card."""

    product: Product
    record: WarrantyRecord
    policy: Policy
    owner: Customer | None
    branch: Branch
    identity: CompanyIdentity | None


def write_card(facts: CardFacts, words: PaperWords) -> Paper:
    """Return the card. Raises `DomainError` for a product that is scrapped or was given back."""
    product, say = facts.product, words.say
    if product.status in ("scrapped", "returned"):
        raise DomainError("document.product_gone", serial=product.id, status=product.status)
    costs = tuple(_costs(facts, words))
    costs_head = (say("paper.case"), say("paper.parts"), say("paper.labour"), say("paper.travel"), say("paper.why"))
    repairs = tuple(_repair(entry, facts.branch, words) for entry in product.warranty_card)
    repairs_head = (say("paper.date"), say("column.number"), say("column.fault"), say("paper.cause"), say("paper.done"))
    sections = (
        PaperSection(title=say("paper.about_product"), rows=tuple(_about_product(facts, words))),
        PaperSection(title=say("paper.warranty"), rows=tuple(_about_warranty(facts, words))),
        PaperSection(title=say("paper.repair_costs"), head=costs_head, table=costs),
        PaperSection(title=say("paper.repairs"), head=repairs_head, table=repairs),
        PaperSection(text=say("paper.card_kept")),
    )
    return Paper(
        title=say("paper.warranty_card"),
        letterhead=words.letterhead(facts.branch, facts.identity),
        sections=tuple(section for section in sections if section.rows or section.table or section.text),
        signatures=(say("paper.signed_by_customer"), say("paper.signed_by_branch")),
    )


def _about_product(facts: CardFacts, words: PaperWords) -> Iterator[tuple[str, str]]:
    product, say = facts.product, words.say
    yield say("column.line"), words.line(product)
    yield say("column.model"), words.model(product.model)
    yield say("column.serial"), words.serial(product.id, numbered=product.numbered)
    if product.batch:
        yield say("paper.batch"), product.batch
    yield say("paper.purchased_on"), words.day(product.purchased_on)
    if product.sold_by:
        yield say("paper.sold_by"), product.sold_by
    if product.invoice:
        yield say("kind.invoice"), product.invoice
    if facts.owner:
        yield say("column.customer"), facts.owner.name
    if product.installed_at:
        yield say("column.address"), product.installed_at.text


def _about_warranty(facts: CardFacts, words: PaperWords) -> Iterator[tuple[str, str]]:
    record, say = facts.record, words.say
    if record.months:
        yield say("paper.term"), say("paper.months", months=record.months)
        yield say("paper.last_day"), words.day(record.until) if record.until else say("paper.until_proof")
    else:
        yield say("paper.term"), say("paper.no_term")
    for extension in record.extensions:
        told = say("paper.extended", until=extension.until, claim=extension.claim)
        yield say("paper.extension"), f"{told}\n{extension.why}"
    if record.lifetime_service:
        yield say("paper.afterwards"), say("paper.lifetime_service")
    if record.scope:
        yield say("paper.scope"), record.scope
    if record.liability:
        yield say("paper.liability"), record.liability


def _costs(facts: CardFacts, words: PaperWords) -> Iterator[tuple[str, ...]]:
    """Yield who pays for a repair, by the state of the warranty and the cause; equal causes share a line."""
    states: list[tuple[WarrantyState, str]] = [
        ("lifetime" if facts.record.lifetime_service else "out", words.say("paper.after_warranty"))
    ]
    if facts.record.months:
        states.insert(0, ("in", words.say("paper.in_warranty")))
    for state, told in states:
        for row, causes in _rows(facts, state):
            listed = words.listed(map(words.cause, causes))
            case = told if len(causes) == len(CAUSES) else words.say("paper.case_of", case=told, causes=listed)
            why = text_in(row.why, words.language)
            yield case, words.payer(row.parts), words.payer(row.labour), words.payer(row.travel), why


def _rows(facts: CardFacts, state: WarrantyState) -> Iterator[tuple[CoverageRow, list[Cause]]]:
    """Yield the rows of the policy's table that decide in this state, each with the causes for which it does."""
    table, line = facts.policy.coverage, facts.product.line
    decided = {cause: decide_cover(table, state, cause, "repair", line) for cause in CAUSES}
    for row in table:
        if causes := [cause for cause in CAUSES if decided[cause] is row]:
            yield row, causes


def _repair(entry: CardEntry, branch: Branch, words: PaperWords) -> tuple[str, ...]:
    at = local_minute(entry.at, branch.zone).partition(" ")[0]
    return at, entry.request, words.reader.fault(entry.fault), words.cause(entry.cause), entry.solution
