"""`aftersales import`: sheets of branches, technicians, parts, stock, customers and requests go in over HTTP."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from pydantic_core import to_json
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from aftersales.common.cli.connection import connect
from aftersales.common.cli.session import ERR, OUT, REFUSED, TROUBLE, Session, Trouble, printable
from aftersales.common.cli.sheets.catalogue import KINDS
from aftersales.common.cli.sheets.decoding import decode
from aftersales.common.cli.sheets.kinds import Column, Kind
from aftersales.common.cli.sheets.refusals import errors_file, words, write_refusals
from aftersales.common.cli.sheets.rows import Row, read_rows
from aftersales.common.cli.sheets.sending import IMPORTER, Result, send_all
from aftersales.common.cli.sheets.table import Table, read_table

SHOWN = 10
"""Refused rows that are shown on the screen; the file has all of them."""
app = typer.Typer(no_args_is_help=True)


@dataclass(frozen=True)
class Summary:
    """What a script reads. `unsent` rows are neither in nor refused: the service went away before."""

    kind: str
    file: str
    encoding: str
    delimiter: str
    rows: int
    imported: int
    repeated: int
    refused: int
    unsent: int
    errors_file: str | None
    dry_run: bool
    seconds: float


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise typer.BadParameter(f"{name} is not a time zone such as Asia/Shanghai") from error
    return name


@app.callback()
def begin(
    ctx: typer.Context,
    zone: Annotated[
        str,
        typer.Option(envvar="AFTERSALES_ZONE", callback=_zone, help="Of times that name no offset."),
    ] = "Asia/Shanghai",
    encoding: Annotated[
        str | None,
        typer.Option(
            help="Of the file, e.g. `big5`; without it UTF-8 (with or without BOM) and GB18030 are told apart."
        ),
    ] = None,
) -> None:
    """Bring data in from CSV files.

    The first row names the columns, in English or Chinese and in any order; columns of other names are
    left alone. The delimiter (`,` `;` tab) and the encoding are found out. Each kind's own `--help` lists its columns.

    Rows that do not fit go to `FILE.errors.csv` with the reasons; the others go in. Correct that file and
    import it: its first columns are left alone. The same file imported again within three days counts once.
    """
    ctx.obj = replace(ctx.obj, zone=ZoneInfo(zone), encoding=encoding)


def _command(kind: Kind) -> Callable[..., None]:
    def load(
        ctx: typer.Context,
        file: Annotated[Path, typer.Argument(help="A CSV file.", show_default=False)],
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the file, send nothing.")] = False,
        as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
    ) -> None:
        session: Session = ctx.obj
        summary, result = session.run(_load(session, kind, file, dry_run=dry_run))
        if as_json:
            OUT.file.write(to_json(asdict(summary), indent=2).decode() + "\n")
        _report(session, summary, result, brief=as_json)
        if result.trouble:
            raise typer.Exit(TROUBLE)
        raise typer.Exit(REFUSED if result.refused else 0)

    return load


def _help(kind: Kind) -> str:
    columns = "\n".join(f"- {_described(column)}" for column in kind.columns)
    return f"{kind.about}\n\nColumns (* must be filled):\n\n{columns}"


def _described(column: Column) -> str:
    star = "*" if column.need == "always" else ""
    return f"`{column.name}`{star} or {' or '.join(column.chinese.split())}: {column.about}"


for _kind in KINDS.values():
    app.command(_kind.name, help=_help(_kind), short_help=_kind.about)(_command(_kind))


async def _load(session: Session, kind: Kind, file: Path, *, dry_run: bool) -> tuple[Summary, Result]:
    began = time.monotonic()
    text, encoding = decode(_bytes(file), session.encoding)
    table = read_table(text, kind)
    rows = read_rows(table, session.zone)
    if dry_run:
        result = Result(refused=[row for row in rows if not row.call])
    else:
        result = await _send(session, kind, rows)
    target = errors_file(file)
    if result.refused:
        _write(target, table, result.refused, session)
    return Summary(
        kind=kind.name,
        file=printable(str(file)),
        encoding=encoding,
        delimiter=table.delimiter,
        rows=len(rows),
        imported=result.imported,
        repeated=result.repeated,
        refused=len(result.refused),
        unsent=result.unsent,
        errors_file=printable(str(target)) if result.refused else None,
        dry_run=dry_run,
        seconds=round(time.monotonic() - began, 3),
    ), result


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Trouble("sheet.unreadable", file=file, why=error.strerror) from error


def _write(target: Path, table: Table, refused: Sequence[Row], session: Session) -> None:
    try:
        write_refusals(target, table, refused, session)
    except OSError as error:
        raise Trouble("import.errors_unwritable", file=target, why=error.strerror) from error


async def _send(session: Session, kind: Kind, rows: Sequence[Row]) -> Result:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    actor = IMPORTER if kind.adds else ""
    async with connect(session, kind.service, actor=actor) as connection:
        await connection.introduce()
        with Progress(*columns, console=ERR, transient=True, disable=not ERR.is_terminal) as progress:
            task = progress.add_task(kind.name, total=sum(row.call is not None for row in rows))
            return await send_all(connection, kind, rows, lambda: progress.advance(task))


def _report(session: Session, summary: Summary, result: Result, *, brief: bool) -> None:
    """Tell a person: the sum on stdout (unless a script reads that), the refused rows on stderr."""
    if not brief:
        session.say("import.checked" if summary.dry_run else "import.done", **_for_people(summary))
    for row in result.refused[:SHOWN]:
        reasons = "; ".join(words(wrong, session) for wrong in row.wrong)
        session.complain("import.refused_row", row=row.record.number, reasons=reasons)
    if len(result.refused) > SHOWN:
        session.complain("import.more_refused", count=len(result.refused) - SHOWN)
    if result.refused:
        once = KINDS[summary.kind].adds and not summary.dry_run
        session.complain("import.correct_errors" if once else "import.correct_file", **asdict(summary))
    if result.trouble:
        session.complain(result.trouble.code, **result.trouble.params)
        session.complain("import.stopped", **asdict(summary))


def _for_people(summary: Summary) -> dict[str, object]:
    fitting = summary.rows - summary.refused
    delimiter = {"\t": "tab"}.get(summary.delimiter, summary.delimiter)
    return asdict(summary) | {"fitting": fitting, "delimiter": delimiter}
