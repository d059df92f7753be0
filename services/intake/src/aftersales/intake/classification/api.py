"""HTTP API: suggestions of what a contact is about, and the rules for them (INT-4)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from aftersales.engine import PROBLEMS, NotFound, RequestContext

from . import handlers
from .domain import RULES, ClassificationRules, Classifier, Described, RuleBook, Suggestion

router = APIRouter(prefix="/classification", responses=PROBLEMS)


@router.get("/rules")
async def show_rules(context: RequestContext) -> ClassificationRules:
    return await context.read(ClassificationRules, RULES)


@router.put("/rules")
async def change_rules(book: RuleBook, context: RequestContext) -> ClassificationRules:
    """Change the rules; If-Match with their ETag keeps two managers from overwriting each other's changes."""
    return await context.do(handlers.change_rules, book)


async def _classifier(request: Request, context: RequestContext) -> Classifier:
    """Prepare the rules once per version."""
    found = await context.mongo.rows(ClassificationRules.COLLECTION, {"_id": RULES}, only=("version",))
    ready: Classifier | None = getattr(request.app.state, "classifier", None)
    if ready is None or [row["version"] for row in found] != [ready.version]:
        rules = await context.mongo.get(ClassificationRules, RULES)
        if rules is None:
            raise NotFound("classification_rules.unknown", id=RULES)
        ready = request.app.state.classifier = Classifier(rules)
    return ready


@router.post("/suggest")
async def suggest(described: Described, classifier: Annotated[Classifier, Depends(_classifier)]) -> Suggestion:
    """Suggest kind, problem class, fault and urgency, with the words that led to them."""
    return classifier.suggest(described)
