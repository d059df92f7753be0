"""`aftersales login`, `logout`, `whoami` and `token`: who this user is to the services."""

import asyncio
import base64
import hashlib
import secrets
import time
import webbrowser
from datetime import UTC, datetime
from html import escape
from typing import Annotated, Any

import httpx
import typer

from aftersales.cli.connection import connect_to_service, given_token
from aftersales.cli.issuers import (
    Endpoints,
    NamedIssuer,
    ask_services,
    client_from_environment,
    read_endpoints,
    request_token,
)
from aftersales.cli.loopback import open_callback
from aftersales.cli.output import AsJson, print_json
from aftersales.cli.session import OUT, REFUSED, Session, Trouble
from aftersales.cli.stored_sign_ins import SignIn, claims_of, find_sign_in, renew_sign_in, stored_sign_ins

_DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
_PATIENCE = 300.0
"""Seconds that a person has for the page in the browser."""


def log_in(
    ctx: typer.Context,
    device: Annotated[bool, typer.Option("--device", help="Show a code for a browser on another machine.")] = False,
    client_credentials: Annotated[
        bool,
        typer.Option(
            "--client-credentials",
            help="Sign a program in, with AFTERSALES_CLIENT_ID and AFTERSALES_CLIENT_SECRET or …_FILE.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Sign in, with the browser of this machine unless an option says otherwise. Later commands use it."""
    session: Session = ctx.obj
    known = session.run(_log_in(session, device=device, program=client_credentials))
    if as_json:
        return print_json(_in_short(known.access_token, known))
    return session.say("cli.signed_in", **_about(session, known))


def log_out(ctx: typer.Context, as_json: AsJson = False) -> None:
    """End the sign-in, here and at the sign-in server."""
    session: Session = ctx.obj
    found = {known.issuer: known for known in stored_sign_ins() if set(known.urls) & set(session.urls.values())}
    for known in found.values():
        known.path.unlink(missing_ok=True)
        if known.refresh_token and known.revocation_endpoint:
            session.run(_revoke(session, known))
    if as_json:
        return print_json({"signed_out": list(found)})
    return session.say("cli.signed_out" if found else "cli.not_signed_in")


def show_caller(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Show who is signed in, until when, and what intake knows of them. Exit code 1: nobody."""
    session: Session = ctx.obj
    token, known = session.run(_current(session))
    if not token:
        session.complain("cli.not_signed_in")
        raise typer.Exit(REFUSED)
    if as_json:
        return print_json(_in_short(token, known) | {"me": session.run(_ask_intake(session))})
    session.say("cli.signed_in", **_about(session, known, claims_of(token)))
    if (me := session.run(_ask_intake(session))) is not None:
        branches = "*" if me["branches"] is None else ", ".join(me["branches"])
        roles, person = ", ".join(me["roles"]), me["person"] or "-"
        session.say("cli.known_as", person=person, roles=roles or "-", branches=branches or "-")
    return None


def print_token(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Print a valid access token, for `curl -H "Authorization: Bearer $(aftersales token)"`."""
    session: Session = ctx.obj
    token, _ = session.run(_current(session))
    if not token:
        session.complain("cli.not_signed_in")
        raise typer.Exit(REFUSED)
    if as_json:
        return print_json({"access_token": token, "ends": claims_of(token).get("exp")})
    OUT.file.write(f"{token}\n")
    return None


async def _log_in(session: Session, *, device: bool, program: bool) -> SignIn:
    said = await ask_services(session)
    named = next((one for one in said.values() if one.issuer), None)
    if named is None:
        raise Trouble("cli.no_sign_in_wanted" if said else "cli.no_service_answers")
    endpoints = await read_endpoints(named.issuer)
    client, answer = named.client_id, {}
    if program:
        client, secret = client_from_environment()
        if not client or not secret:
            raise Trouble("cli.no_client")
        answer = await request_token(endpoints.token_endpoint, client, {"grant_type": "client_credentials"}, secret)
    elif device:
        answer = await _with_device(session, endpoints, named)
    else:
        answer = await _with_browser(session, endpoints, named)
    if "access_token" not in answer:
        raise Trouble("cli.sign_in_refused", issuer=named.issuer, why=_reason(answer))
    known = SignIn(
        issuer=named.issuer,
        client=client,
        token_endpoint=endpoints.token_endpoint,
        revocation_endpoint=endpoints.revocation_endpoint,
        urls=tuple(url for url, one in said.items() if one.issuer == named.issuer),
        access_token="",
    ).renewed(answer)
    known.save()
    return known


async def _with_browser(session: Session, endpoints: Endpoints, named: NamedIssuer) -> dict[str, Any]:
    """Authorization code with PKCE (RFC 7636)."""
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    page = f"<!doctype html><meta charset=utf-8><title>aftersales</title>{escape(session.words('cli.close_page'))}"
    async with open_callback(state, page) as callback:
        asked = {
            "response_type": "code",
            "client_id": named.client_id,
            "redirect_uri": callback.address,
            "scope": named.scope,
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        url = str(httpx.URL(endpoints.authorization_endpoint).copy_merge_params(asked))
        session.complain("cli.open_page", url=url)
        await asyncio.to_thread(webbrowser.open, url)
        try:
            back = await callback.wait(_PATIENCE)
        except TimeoutError as error:
            raise Trouble("cli.sign_in_late", seconds=round(_PATIENCE)) from error
    if "code" not in back or back.get("iss", named.issuer) != named.issuer:
        return {name: value for name, value in back.items() if name != "access_token"}
    form = {"grant_type": "authorization_code", "code": back["code"], "code_verifier": verifier}
    form |= {"redirect_uri": asked["redirect_uri"]}
    return await request_token(endpoints.token_endpoint, named.client_id, form)


async def _with_device(session: Session, endpoints: Endpoints, named: NamedIssuer) -> dict[str, Any]:
    """Device authorization (RFC 8628): a browser anywhere, and questions until it has answered."""
    if not endpoints.device_authorization_endpoint:
        raise Trouble("cli.no_device_sign_in", issuer=named.issuer)
    url = endpoints.device_authorization_endpoint
    started = await request_token(url, named.client_id, {"scope": named.scope})
    if "device_code" not in started:
        return started
    page = started.get("verification_uri_complete") or started["verification_uri"]
    session.complain("cli.enter_code", url=page, user_code=started["user_code"])
    form = {"grant_type": _DEVICE, "device_code": started["device_code"]}
    pause, ends = float(started.get("interval", 5)), time.monotonic() + float(started.get("expires_in", _PATIENCE))
    while time.monotonic() < ends:
        await asyncio.sleep(pause)
        answer = await request_token(endpoints.token_endpoint, named.client_id, form)
        match answer.get("error"):
            case "authorization_pending":
                continue
            case "slow_down":
                pause += 5
            case _:
                return answer
    return {"error": "expired_token"}


async def _revoke(session: Session, known: SignIn) -> None:
    """End the refresh token at the server; one that does not answer is reported, and the file is gone anyway."""
    try:
        await request_token(known.revocation_endpoint, known.client, {"token": known.refresh_token})
    except Trouble as trouble:
        session.complain(trouble.code, **trouble.params)


async def _current(session: Session) -> tuple[str, SignIn | None]:
    """Return the token that commands use for intake, and its sign-in if it comes from one."""
    if token := given_token():
        return token, None
    known = find_sign_in(session.urls["intake"])
    if known and known.over:
        known = await renew_sign_in(known)
    return (known.access_token if known else ""), known


async def _ask_intake(session: Session) -> dict[str, Any] | None:
    """Return what intake knows of the caller; None if it does not say."""
    async with connect_to_service(session, "intake") as connection:
        answer = await connection.call("GET", "/me")
    found = answer.json() if answer.is_success else None
    return found if isinstance(found, dict) else None


def _in_short(token: str, known: SignIn | None) -> dict[str, Any]:
    claims = claims_of(token)
    issuer = known.issuer if known else claims.get("iss")
    return {"issuer": issuer, "name": _name(claims), "ends": claims.get("exp")}


def _about(session: Session, known: SignIn | None, claims: dict[str, Any] | None = None) -> dict[str, str]:
    said = claims or claims_of(known.access_token if known else "")
    ends = float(said.get("exp") or (known.ends if known else 0))
    until = datetime.fromtimestamp(ends, UTC).astimezone(session.zone).strftime("%Y-%m-%d %H:%M %Z") if ends else "?"
    return {"name": _name(said), "issuer": str(said.get("iss") or (known.issuer if known else "?")), "until": until}


def _name(claims: dict[str, Any]) -> str:
    """Return what people know them by; an opaque token says nothing."""
    names = [str(claims[name]) for name in ("preferred_username", "name", "sub") if claims.get(name)]
    return " ".join(dict.fromkeys(names[:2])) or "?"


def _reason(answer: dict[str, Any]) -> str:
    return " ".join(str(answer[name]) for name in ("error", "error_description") if answer.get(name)) or "?"
