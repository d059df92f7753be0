"""`aftersales privacy`: exports all that is stored about a customer, erases it, and shows the proof (ALL-6)."""

import json
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from aftersales.cli.audit_history import to_local
from aftersales.cli.connection import SERVICES, Connection, connect_to_service, problem_of
from aftersales.cli.output import AsJson, print_json
from aftersales.cli.session import REFUSED, Session, Trouble

app = typer.Typer(no_args_is_help=True, help="Export and erase the personal data of a customer.")
CustomerArgument = Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's id in the archive.")]


class Asker(StrEnum):
    """Who asked for the erasure."""

    customer = "customer"
    representative = "representative"
    authority = "authority"
    company = "company"


@app.command("export")
def export_customer(
    ctx: typer.Context,
    customer: CustomerArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file; only you can read it.")],
    as_json: AsJson = False,
) -> None:
    """Write everything that the four services store about a customer into FILE, as JSON; the export is recorded."""
    session: Session = ctx.obj
    found = session.run(_export(session, customer))
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        session.complain("privacy.not_written", file=str(file), why=str(error))
        raise typer.Exit(REFUSED) from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        json.dump(found, out, ensure_ascii=False, indent=2)
        out.write("\n")
    count = sum(len(documents) for part in found["services"].values() for documents in part.values())
    if as_json:
        return print_json({"customer": found["customer"], "documents": count, "file": str(file)})
    return session.say("privacy.exported", count=count, file=str(file))


@app.command("erase")
def erase_customer(  # noqa: PLR0913, PLR0917 (its options)
    ctx: typer.Context,
    customer: CustomerArgument,
    asked_by: Annotated[Asker, typer.Option("--asked-by", help="Who asked for it.")],
    why: Annotated[str, typer.Option(help="The reason; it stays in the proof, so it names nobody.")],
    evidence: Annotated[str, typer.Option(help="Where the evidence is, e.g. the number of a letter.")],
    as_json: AsJson = False,
) -> None:
    """Erase all personal data of a customer in the four services. This cannot be undone; a terminal is asked first."""
    session: Session = ctx.obj
    if sys.stdin.isatty():
        typer.confirm(session.words("privacy.sure", customer=customer), abort=True)
    body = {"asked_by": asked_by.value, "why": why, "evidence": evidence}

    async def order() -> Any:
        async with connect_to_service(session, "intake") as connection:
            return await _call(connection, "POST", _path(customer, "erasure"), json=body)

    proof = session.run(order())
    if as_json:
        print_json(proof)
    else:
        _say_proof(session, proof)


@app.command("status")
def show_erasures(
    ctx: typer.Context,
    customer: Annotated[str | None, typer.Argument(metavar="[CUSTOMER]", help="Only of this customer.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the proof of an erasure, or all of them, newest first."""
    session: Session = ctx.obj

    async def ask() -> list[Any]:
        async with connect_to_service(session, "intake") as connection:
            if customer:
                return [await _call(connection, "GET", _path(customer, "erasure"))]
            return [one async for one in connection.pages("/erasures", {})]

    proofs = session.run(ask())
    if as_json:
        print_json(proofs)
        return
    for proof in proofs:
        _say_proof(session, proof)
    if not proofs:
        session.say("privacy.none")


def _path(customer: str, name: str) -> str:
    return f"/customers/{quote(customer, safe='')}/{name}"


async def _export(session: Session, customer: str) -> dict[str, Any]:
    async with connect_to_service(session, "intake") as connection:
        own = await _call(connection, "POST", _path(customer, "export"))
    parts = {"intake": own["collections"]}
    for service in SERVICES[1:]:
        wanted = {"customer": own["customer"], "subject": own["subject"]}
        async with connect_to_service(session, service) as connection:
            parts[service] = (await _call(connection, "POST", "/personal-data/export", json=wanted))["collections"]
    about = session.words("privacy.about", customer=own["customer"], at=to_local(session, own["at"]), by=own["by"])
    return {"about": about, "customer": own["customer"], "numbers": own["subject"], "services": parts}


def _say_proof(session: Session, proof: Any) -> None:
    services = [{"service": "intake", "at": proof["erased_at"], "collections": proof["erased"]}, *proof["confirmed"]]
    at = to_local(session, proof["at"])
    session.say("privacy.ordered", customer=proof["id"], at=at, by=proof["by"], why=proof["why"])
    for one in services:
        counts = {name: sum(row[name] for row in one["collections"]) for name in ("documents", "fields")}
        if one["at"]:
            session.say("privacy.erased", service=one["service"], at=to_local(session, one["at"]), **counts)
    waiting = sorted({*SERVICES} - {one["service"] for one in services if one["at"]})
    if waiting:
        session.complain("privacy.incomplete", services=", ".join(waiting))
    else:
        session.say("privacy.complete", at=to_local(session, proof["completed_at"]))


async def _call(connection: Connection, method: str, path: str, **request: Any) -> Any:
    answer = await connection.call(method, path, **request)
    if not answer.is_success:
        raise Trouble("cli.refused", service=connection.service, why=problem_of(answer)[1])
    return answer.json()
