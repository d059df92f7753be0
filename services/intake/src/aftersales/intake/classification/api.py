"""HTTP API: suggestions of what a contact is about, and the rules for them (INT-4)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from aftersales.engine import PROBLEMS, NotFound, RequestContext

from . import handlers
from .domain import RULES, ClassificationRules, Classifier, Described, RuleBook, Suggestion
from .store import load_classifier

router = APIRouter(prefix="/classification", responses=PROBLEMS)


@router.get("/rules")
async def show_rules(context: RequestContext) -> ClassificationRules:
    """Show the rules by which contacts are classified."""
    return await context.read(ClassificationRules, RULES)


@router.put("/rules")
async def change_rules(book: RuleBook, request: Request, context: RequestContext) -> ClassificationRules:
    """Change the rules by which contacts are classified; other replicas apply them within seconds.

    If-Match with their ETag keeps two managers from overwriting each other's changes.
    """
    changed = await context.do(handlers.change_rules, book)
    request.app.state.classifier = (None, None)
    return changed


async def _classifier(request: Request, context: RequestContext) -> Classifier:
    classifier = await load_classifier(request.app.state, context.mongo, context.now)
    if classifier is None:
        raise NotFound("classification_rules.unknown", id=RULES)
    return classifier


@router.post("/suggest")
async def suggest(described: Described, classifier: Annotated[Classifier, Depends(_classifier)]) -> Suggestion:
    """Suggest kind, problem class, fault and urgency, with the words that led to them."""
    return classifier.suggest(described)
