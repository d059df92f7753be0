"""The rules for classifying contacts (INT-4): changed by a manager."""

from aftersales.engine import Work

from .domain import RULES, ClassificationRules, RuleBook


async def change_rules(work: Work, book: RuleBook) -> ClassificationRules:
    known = await work.need(ClassificationRules, RULES)
    return known if known.book == book else work.put(known.but(book=book))
