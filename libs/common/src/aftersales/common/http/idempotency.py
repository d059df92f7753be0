"""`Idempotency-Key`: a repeated command has no second effect, and gets the stored answer."""

import hashlib
from contextvars import copy_context
from typing import Any

from fastapi import Request
from pydantic_core import to_json

from aftersales.common.aggregate import Aggregate
from aftersales.common.mongo import Document
from aftersales.common.sign_in.caller import Caller
from aftersales.common.work import AnswerKey
from aftersales.values.errors import DomainError, Malformed

_LONGEST = 200


class Replayed(Exception):
    """Raised if the same Idempotency-Key was answered before, to return the stored answer."""

    def __init__(self, answer: Document) -> None:
        super().__init__()
        self.answer = answer


async def make_answer_key(request: Request, caller: Caller, said: str | None) -> AnswerKey | None:
    """Return the Idempotency-Key header (draft-ietf-httpapi-idempotency-key-header; quotes optional).

    `said` is what it covers, if the endpoint read the body itself. Raises `Malformed` for a key that is too long.
    """
    given = request.headers.get("idempotency-key", "").strip('"')
    if not given:
        return None
    if len(given) > _LONGEST:
        raise Malformed("idempotency_key.too_long")
    where = f"{caller.subject or caller.name}|{request.method}|{request.scope['path']}|{given}"
    asked = hashlib.sha256(await request.body() if said is None else said.encode())
    for condition in (request.url.query, request.headers.get("if-match")):
        if condition:
            asked.update(b"\0" + condition.encode())
    status = request.scope["route"].status_code or 200
    asker = copy_context()  # the answer is stored as this caller may see it (ALL-6)

    def render(result: Any) -> Document:
        if isinstance(result, DomainError):
            return {"problem": result.code, "params": result.params, "status": result.status}
        shown = asker.copy().run(to_json, result)
        return {"status": status, "body": shown, "headers": answer_headers(result, request)}

    return AnswerKey(hashlib.sha256(where.encode()).hexdigest(), asked.hexdigest(), render)


def answer_headers(result: Any, request: Request | None) -> dict[str, str]:
    """Return the ETag of a document, and the Location of a new one."""
    headers = {"ETag": f'"{result.version}"'} if isinstance(result, Aggregate) else {}
    if isinstance(result, Aggregate) and request and request.scope["route"].status_code == 201:
        headers["Location"] = f"{request.scope['path'].rstrip('/')}/{result.id}"
    return headers
