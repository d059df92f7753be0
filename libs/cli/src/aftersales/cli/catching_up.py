"""`aftersales events`: makes services read missed events again."""

import asyncio
from datetime import datetime
from typing import Annotated, Any

import typer

from aftersales.cli.connection import SERVICES, Connection, connect_to_service, problem_of
from aftersales.cli.output import AsJson, print_json
from aftersales.cli.session import REFUSED, Session, Trouble

app = typer.Typer(no_args_is_help=True, help="Look after the events between the services.")
_LOOK_EVERY = 0.5


@app.callback()
def _group() -> None:
    """Keep `catch-up` a subcommand while it is the only command."""


@app.command("catch-up")
def catch_up(
    ctx: typer.Context,
    services: Annotated[list[str], typer.Argument(metavar="SERVICE...", help="Which, e.g. `dispatch`; or several.")],
    since: Annotated[
        str,
        typer.Option(metavar="TIME", help="Read what was published from then on: 2026-11-28T08:00 or 2026-11-28."),
    ],
    as_json: AsJson = False,
) -> None:
    """Make services read the journal again, after their queue was deleted or lost.

    Events that a service has handled already have no second effect. Ctrl-C ends the waiting, not the reading.
    """
    session: Session = ctx.obj
    for name in services:
        if name not in SERVICES:
            raise typer.BadParameter(f"{name} is none of {', '.join(SERVICES)}", param_hint="SERVICE")
    moment = _moment(session, since)
    found = session.run(_catch_up(session, list(dict.fromkeys(services)), moment))
    if as_json:
        print_json(found)
        return
    for service, progress in found.items():
        session.say("catch_up.done", service=service, count=progress["events"], since=moment.isoformat())


def _moment(session: Session, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise typer.BadParameter(f"{text} is no time: write 2026-11-28T08:00", param_hint="--since") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=session.zone)


async def _catch_up(session: Session, services: list[str], since: datetime) -> dict[str, dict[str, Any]]:
    """Catch up the services in turn; stop at the first that refuses or does not answer."""
    return {service: await _at(session, service, since) for service in services}


async def _at(session: Session, service: str, since: datetime) -> dict[str, Any]:
    async with connect_to_service(session, service) as connection:
        answer = await connection.call("POST", "/events/catch-up", json={"since": since.isoformat()})
        if not answer.is_success:
            session.complain("cli.refused", service=service, why=problem_of(answer)[1])
            raise typer.Exit(REFUSED)
        return await _ended(connection)


async def _ended(connection: Connection) -> dict[str, Any]:
    while True:
        answer = await connection.call("GET", "/events/catch-up")
        if not answer.is_success:
            raise Trouble("cli.refused", service=connection.service, why=problem_of(answer)[1])
        progress: dict[str, Any] = answer.json()
        if not progress["running"]:
            return progress
        await asyncio.sleep(_LOOK_EVERY)
