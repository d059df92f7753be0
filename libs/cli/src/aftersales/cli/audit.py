"""`aftersales audit`: verifies the audit trail, and shows who changed what in a document, when and why (ALL-5)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.text import Text

from aftersales.cli.audit_history import print_history, to_local
from aftersales.cli.connection import SERVICES, Connection, connect_to_service, problem_of
from aftersales.cli.output import AsJson, print_json
from aftersales.cli.session import ERR, REFUSED, TROUBLE, Session, Trouble, to_printable
from aftersales.values.anchors import Anchor, append_to_file, read_file
from aftersales.values.messages import render_message

app = typer.Typer(no_args_is_help=True, help="Verify the audit trail, and ask it who changed what, when and why.")
_LOOK_EVERY = 0.5
_NOT_FOUND = 404

AuditedService = Annotated[
    list[str] | None, typer.Option("--service", metavar="NAME", help="Only of this service; may be repeated.")
]


@dataclass
class _Answers:
    """The answers of services by name, and the services that did not answer."""

    found: dict[str, Any] = field(default_factory=dict)
    silent: list[Trouble] = field(default_factory=list)

    def end(self, session: Session, *, refused: bool) -> None:
        """End the program with the exit code for the result."""
        for trouble in self.silent:
            session.complain(trouble.code, **trouble.params)
        if self.silent:
            raise typer.Exit(TROUBLE)
        if refused:
            raise typer.Exit(REFUSED)


@app.command("verify")
def verify_audit(
    ctx: typer.Context,
    service: AuditedService = None,
    anchors: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Anchors that were kept apart (`audit anchors`).")
    ] = None,
    wait: Annotated[float, typer.Option(min=1, help="Seconds to wait for the end.")] = 600,
    as_json: AsJson = False,
) -> None:
    """Verify the whole audit trail now: chains, anchors and documents. Exit code 1: something does not match."""
    session: Session = ctx.obj

    async def one(connection: Connection) -> Any:
        if not as_json:
            session.complain("audit.verifying", service=connection.service)
        status = await _verified(connection, wait)
        kept = read_file(anchors, [connection.service]) if anchors else []
        there = {anchor.number: anchor.hash for anchor in await _anchors(connection)} if kept else {}
        status["last"]["findings"] += [
            {
                "code": "audit.anchor_missing",
                "params": {"number": anchor.number, "at": f"{anchor.at:%Y-%m-%d %H:%M} UTC"},
            }
            for anchor in kept
            if there.get(anchor.number) != anchor.hash
        ]
        status["last"]["broken"] = max(status["last"]["broken"], len(status["last"]["findings"]))
        return status

    answers = session.run(_ask(session, service, one))
    if as_json:
        print_json(answers.found)
    else:
        for name, status in answers.found.items():
            _say_verdict(session, name, status)
    answers.end(session, refused=any(status["last"]["broken"] for status in answers.found.values()))


@app.command("show")
def show_audit(
    ctx: typer.Context,
    document: Annotated[str, typer.Argument(metavar="COLLECTION/ID", help="e.g. `requests/SR-261122-7K3F`")],
    service: AuditedService = None,
    as_json: AsJson = False,
) -> None:
    """Show who changed a document, when and why, and each field before and after, in every service that has it."""
    session: Session = ctx.obj
    collection, _, id = document.partition("/")
    if not collection or not id:
        raise typer.BadParameter(f"{document} is not COLLECTION/ID, such as requests/SR-261122-7K3F")

    async def one(connection: Connection) -> Any:
        return await _history(connection, f"/audit/{quote(collection, safe='')}/{quote(id, safe='')}")

    answers = session.run(_ask(session, service, one))
    known = {name: history for name, history in answers.found.items() if history}
    if as_json:
        print_json(known)
    else:
        for name, history in known.items():
            print_history(session, name, history)
            if not history["intact"]:
                session.complain("audit.not_intact", service=name, document=document)
    if not known and not answers.silent:
        session.complain("audit.unknown", document=document)
    answers.end(session, refused=not known or not all(history["intact"] for history in known.values()))


@app.command("anchors")
def append_anchors(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(dir_okay=False, help="A file on a machine that the services do not reach.")],
    service: AuditedService = None,
    as_json: AsJson = False,
) -> None:
    """Append new anchors to FILE, one JSON object per line. Run it daily, where no user of the database can write."""
    session: Session = ctx.obj

    async def one(connection: Connection) -> Any:
        kept = read_file(file, [connection.service]) if file.exists() else []
        last = max((anchor.number for anchor in kept), default=0)
        new = await _anchors(connection, last)
        append_to_file(file, new)
        return len(new)

    try:
        answers = session.run(_ask(session, service, one))
    except OSError as error:
        raise typer.BadParameter(str(error), param_hint="FILE") from error
    if as_json:
        print_json(answers.found)
    for name, count in answers.found.items() if not as_json else ():
        session.say("audit.kept", service=name, count=count, file=str(file))
    answers.end(session, refused=False)


async def _ask(session: Session, services: list[str] | None, doing: Callable[[Connection], Awaitable[Any]]) -> _Answers:
    """Run `doing` at all these services in parallel; one that does not answer does not stop the others."""
    for name in services or []:
        if name not in SERVICES:
            raise typer.BadParameter(f"{name} is none of {', '.join(SERVICES)}", param_hint="--service")
    answers = _Answers()

    async def at(service: str) -> None:
        try:
            async with connect_to_service(session, service) as connection:
                answers.found[service] = await doing(connection)
        except Trouble as trouble:
            answers.silent.append(trouble)

    wanted = list(dict.fromkeys(services or SERVICES))
    await asyncio.gather(*(at(service) for service in wanted))
    answers.found = {name: answers.found[name] for name in wanted if name in answers.found}
    return answers


async def _get(connection: Connection, method: str, path: str, **request: Any) -> Any:
    answer = await connection.call(method, path, **request)
    if not answer.is_success:
        raise Trouble("cli.refused", service=connection.service, why=problem_of(answer)[1])
    return answer.json()


async def _verified(connection: Connection, wait: float) -> Any:
    """Request a verification, and wait for one that ends afterwards. Raises `Trouble` if it takes longer."""
    before = (await _get(connection, "POST", "/audit/verifications"))["last"]
    deadline = asyncio.get_running_loop().time() + wait
    while asyncio.get_running_loop().time() < deadline:
        status = await _get(connection, "GET", "/audit")
        if status["last"] and (not before or status["last"]["id"] != before["id"]):
            return status
        await asyncio.sleep(_LOOK_EVERY)
    raise Trouble("audit.not_verified", service=connection.service, seconds=f"{wait:.0f}")


async def _anchors(connection: Connection, after: int = 0) -> list[Anchor]:
    found: list[Anchor] = []
    while page := await _get(connection, "GET", "/audit/anchors", params={"after": after, "limit": 200}):
        found += [Anchor.model_validate(one) for one in page]
        after = found[-1].number
    return found


async def _history(connection: Connection, path: str) -> Any:
    """Return all pages as one; None if the service has no record of the document."""
    answer = await connection.call("GET", path, params={"limit": 200})
    if answer.status_code == _NOT_FOUND:
        return None
    if not answer.is_success:
        raise Trouble("cli.refused", service=connection.service, why=problem_of(answer)[1])
    whole = answer.json()
    while cursor := whole.pop("next"):
        page = await _get(connection, "GET", path, params={"limit": 200, "cursor": cursor})
        whole["items"] += page["items"]
        whole["intact"] = whole["intact"] and page["intact"]
        whole["next"] = page["next"]
    return whole


def _say_verdict(session: Session, service: str, status: Any) -> None:
    last = status["last"]
    at = to_local(session, last["finished_at"])
    if last["broken"]:
        session.complain("audit.not_whole", service=service, broken=last["broken"], at=at)
        for finding in last["findings"]:
            words = render_message(finding["code"], session.locale, finding["params"])
            ERR.print(Text(f"  {to_printable(words)}"), soft_wrap=True)
        if more := last["broken"] - len(last["findings"]):
            session.complain("audit.more", count=more)
    else:
        counts = {name: last[name] for name in ("records", "chains", "documents", "anchors")}
        session.say("audit.whole", service=service, at=at, **counts)
        session.say("audit.values", **{name: last[name] for name in ("readable", "digest_only")})
    if last["erased"]:
        session.complain("audit.erased", service=service, count=last["erased"])
    if not status["sealed"]:
        session.complain("audit.without_key", service=service)
