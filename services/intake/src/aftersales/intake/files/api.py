"""HTTP API: photos and files of customers (INT-2, INT-3). Bytes are streamed in pieces."""

import hashlib
from collections.abc import AsyncIterator
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import StreamingResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from aftersales.engine import PROBLEMS, Cursor, Limit, Malformed, NotFound, Page, RequestContext, prepare_call
from aftersales.intake.archive.domain.contact import CustomerId
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.archive.domain.file import CustomerFile, FileForm, require_visible
from aftersales.intake.vocabulary import RequestNumber
from aftersales.values import uuid7

from . import handlers
from .domain import HEAD, TEXT, TYPES, Text, recognise_type, safe_name

router = APIRouter(responses=PROBLEMS)
FileOwnerId = Annotated[CustomerId, Path()]
FileId = Annotated[str, Path(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
"""The id of the file."""
FileName = Annotated[str, Query(min_length=1, max_length=1000, description="as the sender calls it")]
_ANY_BYTES = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_TYPES: dict[str, object] = {name: {} for name in TYPES}
_SAFE = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, no-store",
}
"""Headers that prevent a customer's file from running in a browser or staying in a cache."""


@router.post("/customers/{customer}/files", status_code=201, openapi_extra=_ANY_BYTES)
async def keep_file(
    customer: FileOwnerId, name: FileName, context: RequestContext, body: Request, request: RequestNumber | None = None
) -> CustomerFile:
    """Store a photo or file (the body) under the customer's id (INT-2); the same bytes again are the same file.

    Accepted are JPEG, PNG, WebP, HEIC, GIF, PDF, MP4, MOV and plain text, recognised by content. Name and Content-Type
    must agree with it (a Content-Type of `application/octet-stream` always does).
    """
    await context.read(Customer, customer)
    try:
        form = await _store(context, body, name)
    except ClientDisconnect as error:
        raise HTTPException(400) from error
    command = prepare_call(handlers.keep_file, customer, form, request)
    kept = await context.run(command, body=f"{name}|{form.sha256}")
    if kept.id != form.id:
        await context.mongo.files.delete(form.id)
    await context.mongo.files.settle(form.id)
    return kept


@router.get("/customers/{customer}/files")
async def list_files(
    customer: FileOwnerId, context: RequestContext, cursor: Cursor = None, limit: Limit = 50
) -> Page[CustomerFile]:
    """List a customer's files, without removed ones."""
    return await context.page(CustomerFile, {"customer": customer, "removed": False}, cursor, limit)


@router.get("/customers/{customer}/files/{id}")
async def show_file(customer: FileOwnerId, id: FileId, context: RequestContext) -> CustomerFile:
    """Show the record of a file, even of a removed one."""
    file = await context.read(CustomerFile, id)
    if file.customer != customer:
        raise NotFound("customer_files.unknown", id=id)
    return file


@router.get("/files/{id}", response_class=StreamingResponse, responses={200: {"content": _TYPES}})
async def download_file(id: FileId, context: RequestContext) -> StreamingResponse:
    """Download a file."""
    file = require_visible(await context.read(CustomerFile, id))
    about = {
        "Content-Type": file.type,
        "Content-Length": str(file.size),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
    }
    return StreamingResponse(await context.mongo.files.read(id), headers=about | _SAFE)


@router.delete("/files/{id}")
async def remove_file(id: FileId, context: RequestContext) -> CustomerFile:
    """Hide a file; who removed it, and when, stays on record (ALL-5)."""
    return await context.do(handlers.remove_file, id)


async def _store(context: RequestContext, body: Request, name: str) -> FileForm:
    """Store the bytes. Raises `Malformed` when the file is not accepted."""
    pieces = body.stream()
    head = b""
    async for piece in pieces:
        head += piece
        if len(head) >= HEAD:
            break
    kind = recognise_type(head[:HEAD])
    declared = body.headers.get("content-type", "").partition(";")[0].strip().lower()
    id, kept_as = uuid7(), safe_name(name, kind, declared)
    digest, size, text = hashlib.sha256(), 0, Text()
    async with context.mongo.files.writing(id, context.now) as write:
        async for piece in _whole(head, pieces):
            if kind is TEXT and not text.fits(piece):
                raise Malformed("file.type_not_kept", found="?")
            digest.update(piece)
            size += len(piece)
            await write(piece)
    return FileForm(id=id, name=kept_as, type=kind.declared[0], size=size, sha256=digest.hexdigest())


async def _whole(head: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield head
    async for piece in rest:
        yield piece
