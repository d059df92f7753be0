"""`aftersales dead`: messages that a service could not handle, with the reason, until replayed or dropped."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console

from aftersales.cli.connection import SERVICES
from aftersales.cli.dead_letter_client import (
    Letter,
    Search,
    SettledDeadLetters,
    fetch_dead_letters,
    find_dead_letters,
    settle_dead_letters,
)
from aftersales.cli.output import AsJson, print_json, print_table
from aftersales.cli.session import ERR, OUT, Session

app = typer.Typer(no_args_is_help=True, help="Look after the messages that could not be handled (dead letters).")
FILTERS = {"reason": "reason", "type": "event_type"}

DeadLetterService = Annotated[
    list[str] | None, typer.Option("--service", metavar="NAME", help="Only of this service; may be repeated.")
]
Where = Annotated[
    list[str] | None,
    typer.Option("--where", metavar="FILTER", help="`reason=CODE` or `type=EVENT_TYPE`; both may be given."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Ids = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[ID]...", help="Which, by the id of the letter or its event; none: all that the filters leave."
    ),
]


@app.command("list")
def list_letters(
    ctx: typer.Context,
    service: DeadLetterService = None,
    where: Where = None,
    limit: Annotated[int, typer.Option(min=0, help="At most so many of each service; 0: all.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List dead letters, newest first, without their bodies (`aftersales dead show ID`)."""
    session: Session = ctx.obj
    found = session.run(fetch_dead_letters(session, _search(service, where), limit))
    if as_json:
        print_json([letter.shown for letter in found.letters])
    elif found.letters:
        _print_letters(session, found.letters)
    elif not found.silent:
        session.say("dead.none")
    if found.more:
        session.complain("dead.more", limit=limit)
    found.end(session)


@app.command("show")
def show_dead_letter(
    ctx: typer.Context,
    id: Annotated[str, typer.Argument(metavar="ID")],
    service: DeadLetterService = None,
    as_json: Annotated[bool, typer.Option("--json", help="The output is JSON with or without it.")] = True,
) -> None:
    """Show a dead letter as JSON with its reason and body. The same event may be dead in several services."""
    del as_json
    session: Session = ctx.obj
    found = session.run(find_dead_letters(session, [id], _search(service, None)))
    if found.letters:
        print_json([letter.shown for letter in found.letters])
    found.end(session)


@app.command("replay")
def replay_dead_letters(  # noqa: PLR0913, PLR0917 (a command's options)
    ctx: typer.Context,
    ids: Ids = None,
    service: DeadLetterService = None,
    where: Where = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Replay dead letters, only at the service that could not handle them. Asks if no ID is given."""
    session: Session = ctx.obj
    chosen = _choose(session, ids, service, where)
    if chosen.letters and not (ids or yes):
        _confirm(session, chosen.letters, session.words("dead.really_replay", count=len(chosen.letters)))
    done = session.run(settle_dead_letters(session, chosen.letters, "POST", "/replay"))
    if as_json:
        print_json([letter.shown for letter in done.letters])
    else:
        session.say("dead.replayed", count=len(done.letters))
    _end(session, chosen, done)


@app.command("drop")
def drop_dead_letters(  # noqa: PLR0913, PLR0917 (a command's options)
    ctx: typer.Context,
    ids: Ids = None,
    service: DeadLetterService = None,
    where: Where = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Drop dead letters permanently; the audit trail records who did it."""
    session: Session = ctx.obj
    chosen = _choose(session, ids, service, where)
    if chosen.letters and not yes:
        _confirm(session, chosen.letters, session.words("dead.really_drop", count=len(chosen.letters)))
    done = session.run(settle_dead_letters(session, chosen.letters, "DELETE", ""))
    if as_json:
        print_json([letter.shown for letter in done.letters])
    else:
        session.say("dead.dropped", count=len(done.letters))
    _end(session, chosen, done)


def _choose(
    session: Session, ids: list[str] | None, service: list[str] | None, where: list[str] | None
) -> SettledDeadLetters:
    if not (ids or service or where):
        raise typer.BadParameter("say which: IDs, --where or --service")
    if ids and where:
        raise typer.BadParameter("an ID needs no --where")
    search = _search(service, where)
    return session.run(find_dead_letters(session, ids, search) if ids else fetch_dead_letters(session, search))


def _confirm(session: Session, letters: Sequence[Letter], question: str) -> None:
    """Ask on stderr below these letters; stdout is for the result. Ends the program unless the answer is yes."""
    _print_letters(session, letters, ERR)
    typer.confirm(question, abort=True, err=True)


def _end(session: Session, chosen: SettledDeadLetters, done: SettledDeadLetters) -> None:
    both = SettledDeadLetters(
        unknown=chosen.unknown, refused=chosen.refused + done.refused, silent=chosen.silent + done.silent
    )
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


def _print_letters(session: Session, letters: Sequence[Letter], console: Console = OUT) -> None:
    titles = (
        session.words("cli.column.service"),
        session.words("dead.column.id"),
        session.words("dead.column.event"),
        session.words("dead.column.type"),
        session.words("dead.column.reason"),
        session.words("dead.column.attempts"),
        session.words("dead.column.last"),
    )
    print_table(titles, [_cells(session, letter) for letter in letters], console=console)


def _cells(session: Session, letter: Letter) -> tuple[str, ...]:
    known = letter.content
    last = datetime.fromisoformat(known["last_at"]).astimezone(session.zone)
    return (
        letter.service,
        letter.id,
        known["event_id"],
        known["event_type"],
        known["reason"],
        str(known["attempts"]),
        f"{last:%Y-%m-%d %H:%M:%S}",
    )
