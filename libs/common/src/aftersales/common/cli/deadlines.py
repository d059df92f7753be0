"""`aftersales sla`: why a deadline is when it is, line by line (ALL-3)."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Annotated

import typer
from pydantic_core import to_json
from rich import box
from rich.table import Table
from rich.text import Text

from aftersales.common.cli.connection import connect, problem
from aftersales.common.cli.session import OUT, REFUSED, Session, Trouble, printable
from aftersales.common.deadlines import Deadline
from aftersales.common.sla import Line
from aftersales.common.values import NUMBER, sibling

app = typer.Typer(no_args_is_help=True, help="Look into promises: which clocks run, and how a deadline came about.")
_WHERE = {"intake": "SR", "dispatch": "WO", "feedback": "FU"}
_COLUMNS = ("from", "until", "what", "why", "used")


@app.command()
def explain(
    ctx: typer.Context,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Of a request, a work order or a callback.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Explain every deadline of a request (`SR-…`: those of its work order and callbacks too) line by line."""
    session: Session = ctx.obj
    found = session.run(_fetch(session, number.strip().upper()))
    if as_json:
        OUT.print_json(to_json(found).decode(), highlight=False)
        return
    for deadline in found:
        _print(session, deadline)


async def _fetch(session: Session, number: str) -> list[Deadline]:
    if not NUMBER.match(number[:14]):
        raise Trouble("deadline.no_number", id=number)
    asked = {name: sibling(number, prefix) for name, prefix in _WHERE.items()} if number.startswith("SR-") else {}
    asked = asked or {name: number for name, prefix in _WHERE.items() if number.startswith(prefix)}
    found: list[Deadline] = []
    for service, id in asked.items():
        async with connect(session, service) as connection:
            answer = await connection.call("GET", f"/deadlines/{id}")
        if answer.is_success:
            found += [Deadline.model_validate(one) for one in answer.json()]
        elif answer.status_code != 404:
            raise Trouble("cli.refused", service=service, why=problem(answer)[1])
    if not found:
        session.complain("deadline.none", id=number)
        raise typer.Exit(REFUSED)
    return found


def _print(session: Session, deadline: Deadline) -> None:
    sum_ = deadline.explanation
    clock = sum_.clock
    title = session.words(
        "deadline.title",
        document=deadline.document,
        stage=session.words(f"stage.{clock.stage}") if _known(session, f"stage.{clock.stage}") else clock.stage,
        outcome=session.words("deadline.paused" if clock.paused else f"deadline.{clock.outcome}"),
        target=_long(clock.terms.target),
        policy=clock.terms.policy or "-",
    )
    table = Table(title=Text(title), title_justify="left", box=box.SIMPLE_HEAD)
    for column in _COLUMNS:
        table.add_column(session.words(f"deadline.column.{column}"), justify="right" if column == "used" else "left")
    for cells in _rows(session, sum_.lines):
        table.add_row(*(Text(printable(cell)) for cell in cells))
    OUT.print(table)
    for change in clock.retargets:
        session.say(
            "deadline.retargeted",
            at=_moment(session, change.at),
            by=change.by,
            why=change.why,
            old=_long(change.target),
        )
    for fired in clock.fired:
        session.say("deadline.fired", mark=fired.mark, at=_moment(session, fired.at))
    until = _moment(session, clock.deadline) if clock.deadline else session.words("deadline.unknown")
    session.say("deadline.sum", deadline=until, used=_long(sum_.used), left=_long(sum_.left))


def _rows(session: Session, lines: Iterable[Line]) -> Iterator[tuple[str, ...]]:
    for line in lines:
        reason = f"pause.{line.why}" if line.kind == "paused" else f"calendar.{line.why}"
        why = session.words(reason) if line.why and _known(session, reason) else line.why
        yield (
            _moment(session, line.start),
            _moment(session, line.end),
            session.words(f"deadline.{line.kind}"),
            " ".join(filter(None, (why, line.detail))),
            _long(line.used),
        )


def _known(session: Session, code: str) -> bool:
    """Whether there are words for a code that a policy may have made up."""
    return session.words(code) != code


def _moment(session: Session, at: datetime) -> str:
    return f"{at.astimezone(session.zone):%Y-%m-%d %H:%M:%S}"


def _long(span: timedelta) -> str:
    """`2:05:00`, `-0:10:00`, `3 d 0:00:00`."""
    sign, rest = ("-", -span) if span < timedelta(0) else ("", span)
    minutes, seconds = divmod(int(rest.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"{sign}{f'{days} d ' if days else ''}{hours}:{minutes:02}:{seconds:02}"
