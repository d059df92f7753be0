"""Prints a document's history: who changed it, when and why, and each field before and after, in words (ALL-5)."""

import re
from datetime import datetime
from typing import Any

from pydantic_core import to_json
from rich.text import Text

from aftersales.cli.session import OUT, Session, to_printable

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_MOST_NESTED = 200
"""Characters of a list or object that are shown; `--json` shows all."""
_INDEX = re.compile(r"\[\d+\]$")


def print_history(session: Session, service: str, history: dict[str, Any]) -> None:
    labels = _labels(session)
    for change in history["items"]:
        _print_line(session.words("audit.change", service=service, **change | {"at": to_local(session, change["at"])}))
        for field in change["fields"]:
            _print_line(f"    {_field_words(session, labels, field)}")
        if change["more_fields"]:
            _print_line("    " + session.words("audit.more_fields", count=change["more_fields"]))
        if (note := _notes(session)[change["values"]]) or not change["fields"]:
            _print_line("    " + (note or session.words("audit.no_field")))
    if not history["sealed"]:
        session.complain("audit.without_key", service=service)


def to_local(session: Session, at: str) -> str:
    """Return a time of a service in the time zone of the session."""
    return f"{datetime.fromisoformat(at).astimezone(session.zone):%Y-%m-%d %H:%M:%S}"


def _print_line(text: str) -> None:
    OUT.print(Text(text.replace("\n", "\\n")), soft_wrap=True)


def _field_words(session: Session, labels: dict[str, str], field: dict[str, Any]) -> str:
    path = str(field["path"])
    label = labels.get(_INDEX.sub("", path).rpartition(".")[2])
    before, after = (_value_words(session, field, side) for side in ("before", "after"))
    return f"{to_printable(f'{label} ({path})' if label else path)}: {before} → {after}"


def _value_words(session: Session, field: dict[str, Any], side: str) -> str:
    if cut := field[f"{side}_cut"]:
        return session.words("audit.cut", start=cut["start"], length=cut["length"], sha256=cut["sha256"])
    value = field[side]
    if isinstance(value, str):
        return to_printable(to_local(session, value) if _TIME.fullmatch(value) else value) or session.words(
            "audit.empty"
        )
    if value is None:
        return session.words("audit.empty")
    text = to_json(value).decode()
    return to_printable(text if len(text) <= _MOST_NESTED else f"{text[:_MOST_NESTED]}…")


def _notes(session: Session) -> dict[str, str]:
    return {
        "readable": "",
        "erased": session.words("audit.values_erased"),
        "digest_only": session.words("audit.digest_only"),
        "altered": session.words("audit.values_altered"),
    }


def _labels(session: Session) -> dict[str, str]:
    """Return the words for common fields, by the last part of the path."""
    return {
        "address": session.words("column.address"),
        "amount": session.words("audit.field.amount"),
        "branch": session.words("column.branch"),
        "by": session.words("audit.field.by"),
        "channel": session.words("column.channel"),
        "charges": session.words("audit.field.charges"),
        "clocks": session.words("audit.field.clocks"),
        "correlation": session.words("audit.field.correlation"),
        "coverage": session.words("audit.field.coverage"),
        "currency": session.words("audit.field.currency"),
        "customer": session.words("column.customer"),
        "description": session.words("column.description"),
        "due_at": session.words("column.due_at"),
        "fault": session.words("column.fault"),
        "flags": session.words("audit.field.flags"),
        "history": session.words("audit.field.history"),
        "kind": session.words("column.kind"),
        "line": session.words("column.line"),
        "model": session.words("column.model"),
        "name": session.words("audit.field.name"),
        "notes": session.words("audit.field.notes"),
        "outcome": session.words("audit.field.outcome"),
        "owner": session.words("column.owner"),
        "phone": session.words("column.phone"),
        "phones": session.words("column.phone"),
        "priority": session.words("column.priority"),
        "product": session.words("audit.field.product"),
        "purchased_on": session.words("audit.field.purchased_on"),
        "quantity": session.words("audit.field.quantity"),
        "reason": session.words("audit.field.reason"),
        "serial": session.words("column.serial"),
        "state": session.words("column.state"),
        "technician": session.words("audit.field.technician"),
        "wake_at": session.words("audit.field.wake_at"),
        "wanted_at": session.words("column.wanted_at"),
        "zone": session.words("column.zone"),
    }
