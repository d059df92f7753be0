"""HTTP API: the identity of the company on slips and pages (ALL-2)."""

from typing import get_args

from fastapi import APIRouter, Request, Response

from aftersales.engine import PROBLEMS, RequestContext

from . import handlers
from .domain import COMPANY, CompanyIdentity, CompanyLogo, IdentityForm, LogoType

router = APIRouter(prefix="/identity", responses=PROBLEMS)
_BYTES: dict[str, object] = {"schema": {"type": "string", "format": "binary"}}
_IMAGES = {"content": dict.fromkeys(get_args(LogoType), _BYTES)}


@router.get("")
async def show_identity(context: RequestContext) -> CompanyIdentity:
    """Show the name, header, phone, web address and logo that every branch uses."""
    return await context.read(CompanyIdentity, COMPANY)


@router.put("")
async def set_identity(form: IdentityForm, context: RequestContext) -> CompanyIdentity:
    """Set the identity for all branches; the logo stays as it is."""
    return await context.do(handlers.set_identity, form)


@router.put("/logo", openapi_extra={"requestBody": {"required": True, **_IMAGES}})
async def set_logo(context: RequestContext, body: Request) -> CompanyIdentity:
    """Set the logo (the body): PNG, JPEG or SVG, recognised by content, 256 kB at most.

    An SVG must run and load nothing: no scripts, links, animations or addresses.
    """
    return await context.do(handlers.set_logo, await body.body())


@router.get("/logo", response_class=Response, responses={200: _IMAGES})
async def show_logo(context: RequestContext) -> Response:
    """Download the logo."""
    logo = await context.read(CompanyLogo, COMPANY)
    safe = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}
    return Response(logo.content, media_type=logo.type, headers=safe | {"Cache-Control": "no-cache"})
