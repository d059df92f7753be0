"""`aftersales dead`: the messages that a service could not handle, with the reason, until somebody decides."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from pydantic_core import to_json
from rich import box
from rich.table import Table
from rich.text import Text

from aftersales.common.cli.connection import SERVICES
from aftersales.common.cli.letters import Letter, Outcome, Search, fetch, find, settle
from aftersales.common.cli.session import OUT, Session, printable

app = typer.Typer(no_args_is_help=True, help="Look after the messages that could not be handled (dead letters).")
FILTERS = {"reason": "reason", "type": "event_type"}

Service = Annotated[
    list[str] | None, typer.Option("--service", metavar="NAME", help="Only of this service; may be repeated.")
]
Where = Annotated[
    list[str] | None,
    typer.Option("--where", metavar="FILTER", help="`reason=CODE` or `type=EVENT_TYPE`; both may be given."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Ids = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[ID]...", help="Which, by the id of the letter or its event; none: all that the filters leave."
    ),
]


@app.command("list")
def list_letters(
    ctx: typer.Context,
    service: Service = None,
    where: Where = None,
    limit: Annotated[int, typer.Option(min=0, help="At most so many of each service; 0: all.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List dead letters, newest first."""
    session: Session = ctx.obj
    found = session.run(fetch(session, _search(service, where), limit))
    if as_json:
        _print_json([letter.shown for letter in found.letters])
    elif found.letters:
        OUT.print(_table(session, found.letters))
    elif not found.silent:
        session.say("dead.none")
    if found.more:
        session.complain("dead.more", limit=limit)
    found.end(session)


@app.command()
def show(ctx: typer.Context, id: Annotated[str, typer.Argument(metavar="ID")], service: Service = None) -> None:
    """Show a dead letter as JSON: why it is one, and its body. The same event may be dead in several services."""
    session: Session = ctx.obj
    found = session.run(find(session, [id], _search(service, None)))
    if found.letters:
        _print_json([letter.shown for letter in found.letters])
    found.end(session)


@app.command()
def replay(
    ctx: typer.Context, ids: Ids = None, service: Service = None, where: Where = None, as_json: AsJson = False
) -> None:
    """Send dead letters again: to the service that could not handle them, and to no other."""
    session: Session = ctx.obj
    chosen = _choose(session, ids, service, where)
    done = session.run(settle(session, chosen.letters, "POST", "/replay"))
    if as_json:
        _print_json([letter.shown for letter in done.letters])
    else:
        session.say("dead.replayed", count=len(done.letters))
    _end(session, chosen, done)


@app.command()
def drop(
    ctx: typer.Context,
    ids: Ids = None,
    service: Service = None,
    where: Where = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Give dead letters up for good; the audit trail keeps who did."""
    session: Session = ctx.obj
    chosen = _choose(session, ids, service, where)
    if chosen.letters and not yes:
        OUT.print(_table(session, chosen.letters))
        typer.confirm(session.words("dead.really_drop", count=len(chosen.letters)), abort=True)
    done = session.run(settle(session, chosen.letters, "DELETE", ""))
    session.say("dead.dropped", count=len(done.letters))
    _end(session, chosen, done)


def _choose(session: Session, ids: list[str] | None, service: list[str] | None, where: list[str] | None) -> Outcome:
    if not (ids or service or where):
        raise typer.BadParameter("say which: IDs, --where or --service")
    if ids and where:
        raise typer.BadParameter("an ID needs no --where")
    search = _search(service, where)
    return session.run(find(session, ids, search) if ids else fetch(session, search))


def _end(session: Session, chosen: Outcome, done: Outcome) -> None:
    both = Outcome(unknown=chosen.unknown, refused=chosen.refused + done.refused, silent=chosen.silent + done.silent)
    both.end(session)


def _search(service: list[str] | None, where: list[str] | None) -> Search:
    for name in service or []:
        if name not in SERVICES:
            raise typer.BadParameter(f"{name} is none of {', '.join(SERVICES)}", param_hint="--service")
    filters = {}
    for pair in where or []:
        name, _, value = pair.partition("=")
        if name not in FILTERS or not value:
            raise typer.BadParameter(f"{pair} is neither reason=CODE nor type=EVENT_TYPE", param_hint="--where")
        filters[FILTERS[name]] = value
    return Search(tuple(dict.fromkeys(service or SERVICES)), filters)


def _table(session: Session, letters: Sequence[Letter]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in (
        session.words("dead.column.service"),
        session.words("dead.column.id"),
        session.words("dead.column.type"),
        session.words("dead.column.reason"),
        session.words("dead.column.attempts"),
        session.words("dead.column.last"),
    ):
        table.add_column(title, overflow="fold")
    for letter in letters:
        known = letter.content
        last = datetime.fromisoformat(known["last_at"]).astimezone(session.zone)
        cells = (
            known["event_id"],
            known["event_type"],
            known["reason"],
            str(known["attempts"]),
            f"{last:%Y-%m-%d %H:%M:%S}",
        )
        table.add_row(letter.service, *(Text(printable(cell)) for cell in cells))
    return table


def _print_json(content: Any) -> None:
    OUT.file.write(printable(to_json(content, indent=2).decode()) + "\n")
