"""`aftersales sla`: explains how a deadline came about, line by line (ALL-3)."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated

import typer

from aftersales.cli.connection import connect_to_service, problem_of
from aftersales.cli.output import AsJson, print_json, print_table
from aftersales.cli.session import REFUSED, Session, Trouble
from aftersales.policy.sla import Deadline, Line
from aftersales.policy.sla.wording import stage_words
from aftersales.values import NUMBER, sibling_number

app = typer.Typer(no_args_is_help=True, help="Look into promises: which clocks run, and how a deadline came about.")
_WHERE = {"intake": "SR", "dispatch": "WO", "feedback": "FU"}
_OF_INTAKE = ("SH", "CT", "CP")
"""Other documents of intake with clocks: shift handovers, contracts, complaints from the public page."""


@app.command("explain")
def explain_deadlines(
    ctx: typer.Context,
    number: Annotated[
        str,
        typer.Argument(
            metavar="NUMBER",
            help="Of a request, an order, a callback, a handover, a contract or a complaint.",
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Explain every deadline of a request (`SR-…`: including its work order and callbacks) line by line.

    Exit code 2: a service that may have one does not answer; the deadlines of the others are shown.
    """
    session: Session = ctx.obj
    number = number.strip().upper()
    troubles: list[Trouble] = []
    found = session.run(_fetch_all(session, number, troubles))
    if as_json and found:
        print_json(found)
    elif found:
        for deadline in found:
            _print(session, deadline)
    session.end(troubles)
    if not found:
        session.complain("deadline.none", id=number)
        raise typer.Exit(REFUSED)


async def _fetch_all(session: Session, number: str, troubles: list[Trouble]) -> list[Deadline]:
    async def of(service: str, id: str) -> list[Deadline]:
        try:
            return await _fetch(session, service, id)
        except Trouble as trouble:
            troubles.append(trouble)
            return []

    found = await asyncio.gather(*(of(service, id) for service, id in _documents(number).items()))
    return [deadline for deadlines in found for deadline in deadlines]


def _documents(number: str) -> Mapping[str, str]:
    """Return the number to request from each service. Raises `Trouble` if it is not a number of ours."""
    if not NUMBER.match(number[:14]):
        raise Trouble("deadline.no_number", id=number)
    if number.startswith("SR-"):
        return {name: sibling_number(number, prefix) for name, prefix in _WHERE.items()}
    if number.startswith(_OF_INTAKE):
        return {"intake": number}
    return {name: number for name, prefix in _WHERE.items() if number.startswith(prefix)}


async def _fetch(session: Session, service: str, id: str) -> list[Deadline]:
    async with connect_to_service(session, service) as connection:
        answer = await connection.call("GET", f"/deadlines/{id}")
    if answer.is_success:
        return [Deadline.model_validate(one) for one in answer.json()]
    if answer.status_code == 404:
        return []
    raise Trouble("cli.refused", service=service, why=problem_of(answer)[1])


def _print(session: Session, deadline: Deadline) -> None:
    sum_ = deadline.explanation
    clock = sum_.clock
    session.say(
        "deadline.title",
        document=deadline.document,
        stage=stage_words(session.words).get(clock.stage, clock.stage),
        outcome=session.words("deadline.paused") if clock.paused else _outcomes(session)[clock.outcome],
        target=_long(clock.terms.target),
        policy=clock.terms.policy or "-",
    )
    titles = (
        session.words("deadline.column.from"),
        session.words("deadline.column.until"),
        session.words("deadline.column.what"),
        session.words("deadline.column.why"),
        session.words("deadline.column.used"),
    )
    print_table(titles, list(_rows(session, sum_.lines)), right=frozenset({4}))
    for change in clock.retargets:
        session.say(
            "deadline.retargeted" if change.calendar == "same" else "deadline.other_hours",
            at=_moment(session, change.at),
            by=change.by,
            why=change.why,
            old=_long(change.target),
        )
    for year in sum_.undecreed:
        session.say("deadline.undecreed", year=year)
    for fired in clock.fired:
        session.say("deadline.fired", mark=fired.mark, at=_moment(session, fired.at))
    for fired in clock.taken_back:
        session.say("deadline.taken_back", mark=fired.mark, at=_moment(session, fired.at))
    until = _moment(session, clock.deadline) if clock.deadline else session.words("deadline.unknown")
    session.say("deadline.sum", deadline=until, used=_long(sum_.used), left=_long(sum_.left))


def _rows(session: Session, lines: Iterable[Line]) -> Iterator[tuple[str, ...]]:
    kinds = {
        "counted": session.words("deadline.counted"),
        "closed": session.words("deadline.closed"),
        "paused": session.words("deadline.paused"),
    }
    reasons = _reasons(session)
    for line in lines:
        why = reasons.get(line.why, line.why)
        yield (
            _moment(session, line.start),
            _moment(session, line.end),
            kinds[line.kind],
            " ".join(filter(None, (why, line.detail))),
            _long(line.used),
        )


def _outcomes(session: Session) -> dict[str, str]:
    return {
        "open": session.words("deadline.open"),
        "met": session.words("deadline.met"),
        "breached": session.words("deadline.breached"),
        "waived": session.words("deadline.waived"),
    }


def _reasons(session: Session) -> dict[str, str]:
    """Return words for the reasons why time did not count: those of the calendar and of pauses."""
    return {
        "closed": session.words("hours.closed"),
        "holiday": session.words("hours.holiday"),
        "makeup": session.words("hours.makeup"),
        "special": session.words("hours.special"),
        "waiting_part": session.words("pause.waiting_part"),
        "waiting_customer": session.words("pause.waiting_customer"),
        "waiting_approval": session.words("pause.waiting_approval"),
        "meal_break": session.words("pause.meal_break"),
        "interrupted": session.words("pause.interrupted"),
    }


def _moment(session: Session, at: datetime) -> str:
    return f"{at.astimezone(session.zone):%Y-%m-%d %H:%M:%S}"


def _long(span: timedelta) -> str:
    """Return hours, which mean the same on every calendar: `2:05:00`, `-0:10:00`, `72:00:00`."""
    sign, rest = ("-", -span) if span < timedelta(0) else ("", span)
    minutes, seconds = divmod(int(rest.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{sign}{hours}:{minutes:02}:{seconds:02}"
