"""Use case: changes of the rules for classifying contacts (INT-4)."""

from aftersales.engine import UnitOfWork, use_case

from .domain import RULES, ClassificationRules, RuleBook


@use_case(about=lambda: (ClassificationRules, RULES))
async def change_rules(work: UnitOfWork, book: RuleBook) -> ClassificationRules:
    known = await work.require(ClassificationRules, RULES)
    return known if known.book == book else work.put(known.but(book=book))
