"""HTTP API: words in open requests that no catalogue has, for headquarters to clear up (ALL-1, INT-9)."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from aftersales.engine import PROBLEMS, Document, Limit, RequestContext
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.intake.requests.domain.unclear import ClearedWord, ClearUpWord
from aftersales.intake.requests.handlers import unclear
from aftersales.intake.requests.store import UNCLEAR

router = APIRouter(responses=PROBLEMS)


class UnclearWord(BaseModel):
    """A word with the open requests that have it."""

    what: Literal["line", "fault"]
    word: str
    suggestions: tuple[str, ...]
    """Codes that may be meant, the most likely first."""
    requests: int
    newest: str


@router.get("/unclear-words")
async def list_unclear_words(context: RequestContext, limit: Limit = 50) -> list[UnclearWord]:
    """List words that no catalogue has, the most frequent first.

    `PUT /unclear-words` makes one known.
    """
    counted: list[Document] = [
        {"$match": {"open": True, **UNCLEAR}},
        {"$unwind": "$unclear"},
        {"$sort": {"_id": -1}},
        {
            "$group": {
                "_id": {"what": "$unclear.what", "word": "$unclear.word"},
                "suggestions": {"$first": "$unclear.suggestions"},
                "requests": {"$sum": 1},
                "newest": {"$first": "$_id"},
            }
        },
        {"$sort": {"requests": -1, "newest": -1}},
        {"$limit": limit},
    ]
    rows = await context.mongo.aggregate(ServiceRequest, counted)
    return [UnclearWord(**row.pop("_id"), **row) for row in rows]


@router.put("/unclear-words")
async def clear_up_word(command: ClearUpWord, context: RequestContext) -> ClearedWord:
    """Say what a word means: it becomes a synonym, and the open requests that have it are corrected.

    Their policy, coverage, priority and clocks are decided again, as by `PATCH /requests/{number}`.
    """
    return await context.do(unclear.clear_up_word, command, context.catalogue)
