"""`aftersales import`: imports sheets of branches, technicians, parts, stock, customers, products and requests."""

import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from aftersales.cli.connection import Connection, connect_to_service
from aftersales.cli.output import AsJson, print_json
from aftersales.cli.session import OUT, REFUSED, TROUBLE, Session, Trouble, to_printable
from aftersales.cli.sheets.catalogue import KINDS
from aftersales.cli.sheets.doubts import equal_rows, stale_rows
from aftersales.cli.sheets.journal import Journal
from aftersales.cli.sheets.kinds import Column, Kind
from aftersales.cli.sheets.mapping import MappingFile, mapping_template, read_mapping
from aftersales.cli.sheets.naming import name_rows
from aftersales.cli.sheets.opening import open_table
from aftersales.cli.sheets.progress import show_progress
from aftersales.cli.sheets.read_options import ORDERS, ReadOptions
from aftersales.cli.sheets.reasons import group_reasons, mapping_lines
from aftersales.cli.sheets.refusals import errors_file, write_refusals
from aftersales.cli.sheets.report import Reasons, Summary, print_report
from aftersales.cli.sheets.result import Plan, Result
from aftersales.cli.sheets.rows import Row, read_rows
from aftersales.cli.sheets.sending import IMPORTER, send_all
from aftersales.cli.sheets.table import NO_MAPPING, Table
from aftersales.values import uuid7

INTERRUPTED = 130
IMPORT_PATIENCE = 60.0
"""Seconds without an answer that a running import waits for its service: long enough for a restart."""
app = typer.Typer(no_args_is_help=True)


@dataclass(frozen=True)
class ImportOptions:
    """The options of one import."""

    file: Path
    mapping: Path | None = None
    sheet: str | None = None
    dates: str = ""
    dry_run: bool = False
    again: bool = False


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise typer.BadParameter(f"{name} is not a time zone such as Asia/Shanghai") from error
    return name


def _order(order: str) -> str:
    if order and order not in ORDERS:
        raise typer.BadParameter(f"{order} is none of {', '.join(ORDERS)}")
    return order


@app.callback()
def configure_import(
    ctx: typer.Context,
    zone: Annotated[
        str,
        typer.Option(envvar="AFTERSALES_ZONE", callback=_zone, help="Of times that name no offset."),
    ] = "Asia/Shanghai",
    encoding: Annotated[
        str | None,
        typer.Option(
            help="Of the file, e.g. `big5`; without it the encoding is detected, or the possible ones are listed."
        ),
    ] = None,
) -> None:
    """Import data from CSV files and workbooks (xlsx, xls, ods).

    A row near the top names the columns, in English or Chinese and in any order; unknown columns are reported and
    ignored. Delimiter (`,` `;` tab) and encoding are detected. Each kind's own `--help` lists its columns;
    a file with other headers, or with cells that need a translation, is read with `--mapping`.

    Rows that do not fit go to `FILE.errors.csv` (or `.xlsx`) with the reasons; the others are imported. Correct that
    file and import it: its first columns are ignored. A row of requests or stock counts once, also if the file
    has grown since, and an interrupted import continues where it stopped.
    """
    ctx.obj = replace(ctx.obj, zone=ZoneInfo(zone), encoding=encoding)


def _declare(kind: Kind) -> None:
    @app.command(kind.name, help=_help(kind), short_help=kind.about)
    def load(  # noqa: PLR0913, PLR0917 (a command's options)
        ctx: typer.Context,
        file: Annotated[Path | None, typer.Argument(help="A CSV file or a workbook.", show_default=False)] = None,
        mapping: Annotated[
            Path | None, typer.Option(help="Which header is which column (YAML or TOML; docs/cli.md).")
        ] = None,
        mapping_template: Annotated[
            bool, typer.Option("--mapping-template", help="Print a mapping file to fill in, for FILE if one is named.")
        ] = False,
        sheet: Annotated[str | None, typer.Option(help="Of a workbook; else the first that is not empty.")] = None,
        dates: Annotated[
            str, typer.Option(callback=_order, help="What 1/2/2026 means: `dmy`, `mdy` or `ymd`.", show_default=False)
        ] = "",
        again: Annotated[
            bool, typer.Option("--again", help="Send what is in already too; what adds something still counts once.")
        ] = False,
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help="Check the file, here and at the service, and store nothing.")
        ] = False,
        as_json: AsJson = False,
    ) -> None:
        session: Session = ctx.obj
        if mapping_template:
            session.run(_show_template(session, kind, file, sheet))
        elif file is None:
            raise typer.BadParameter("name a file", param_hint="FILE")
        else:
            _load_and_report(session, kind, ImportOptions(file, mapping, sheet, dates, dry_run, again), as_json=as_json)


def _load_and_report(session: Session, kind: Kind, wish: ImportOptions, *, as_json: bool) -> None:
    try:
        summary, result, reasons = session.run(load_sheet(session, kind, wish))
    except KeyboardInterrupt as interruption:
        session.complain("import.interrupted", file=wish.file)
        raise typer.Exit(INTERRUPTED) from interruption
    if as_json:
        print_json(asdict(summary))
    print_report(session, summary, result, reasons, brief=as_json)
    if result.trouble:
        raise typer.Exit(TROUBLE)
    raise typer.Exit(REFUSED if result.refused else 0)


def _help(kind: Kind) -> str:
    columns = "\n".join(f"- {_described(column)}" for column in kind.columns)
    return f"{kind.about}\n\nColumns (* must be filled):\n\n{columns}"


def _described(column: Column) -> str:
    star = "*" if column.required == "always" else ""
    return f"`{column.name}`{star} or {' or '.join(column.chinese.split())}: {column.about}"


for _kind in KINDS.values():
    _declare(_kind)


async def _show_template(session: Session, kind: Kind, file: Path | None, sheet: str | None) -> None:
    """Print a mapping file; if a file is named, with its headers beside their columns."""
    found, left = {}, []
    if file:
        loose = replace(kind, columns=tuple(replace(column, required="never") for column in kind.columns), either=())
        table, _ = open_table(file, loose, NO_MAPPING, encoding=session.encoding, sheet=sheet)
        found = {name: table.headers[source.places[0]].strip() for name, source in table.layout.sources.items()}
        left = list(table.layout.left)
    OUT.file.write("\n".join(mapping_template(kind, found, left)) + "\n")


async def load_sheet(session: Session, kind: Kind, wish: ImportOptions) -> tuple[Summary, Result, Reasons]:
    """Import a file, or check it in a dry run, and write its refused rows beside it. Raises `Trouble`."""
    began = time.monotonic()
    mapping = read_mapping(wish.mapping, kind) if wish.mapping else NO_MAPPING
    table, encoding = open_table(wish.file, kind, mapping, encoding=session.encoding, sheet=wish.sheet)
    rows = _read(session, table, mapping, wish)
    result, by_service = await _sent(session, table, rows, wish)
    target = errors_file(wish.file, table, result.refused)
    if result.refused:
        _write(target, table, result.refused, session)
    groups = group_reasons(table, result.refused, session)
    summary = Summary(
        kind=kind.name,
        file=to_printable(str(wish.file)),
        encoding=encoding,
        delimiter=table.delimiter,
        sheet=table.sheet,
        header=table.header.number,
        above=list(table.above),
        header_again=list(table.again),
        first=to_printable(table.first),
        rows=len(rows),
        imported=result.imported,
        updated=result.updated,
        repeated=result.repeated,
        changed=sorted(result.changed),
        equal=equal_rows(rows) if kind.adds else [],
        notes=result.notes,
        stale=stale_rows(rows, datetime.now(UTC)),
        refused=len(result.refused),
        reasons=[asdict(reason) for reason in groups],
        unsent=result.unsent,
        left_alone=dict(table.layout.left),
        errors_file=to_printable(str(target)) if result.refused else None,
        dry_run=wish.dry_run,
        by_service=by_service,
        seconds=round(time.monotonic() - began, 3),
    )
    return summary, result, Reasons(groups, list(mapping_lines(table, groups)))


def _read(session: Session, table: Table, mapping: MappingFile, wish: ImportOptions) -> list[Row]:
    manner = mapping.manner(ReadOptions(session.zone))
    manner = replace(manner, dates=wish.dates or manner.dates)
    return read_rows(table, manner, mapping.own_manners(manner))


def _write(target: Path, table: Table, refused: Sequence[Row], session: Session) -> None:
    try:
        write_refusals(target, table, refused, session)
    except OSError as error:
        raise Trouble("import.errors_unwritable", file=target, why=error.strerror) from error


async def _sent(session: Session, table: Table, rows: Sequence[Row], wish: ImportOptions) -> tuple[Result, bool]:
    """Send the rows, or only check them in a dry run; also return whether the service has seen them."""
    kind = table.kind
    unseen = Result(refused=[row for row in rows if not row.call])
    if wish.dry_run and not kind.batches:
        return unseen, False
    async with AsyncExitStack() as stack:
        connecting = connect_to_service(
            session, kind.service, actor=IMPORTER if kind.adds else "", patience=IMPORT_PATIENCE
        )
        try:
            connection = await stack.enter_async_context(connecting)
        except Trouble:
            if wish.dry_run:
                return unseen, False
            raise
        return await _send(session, connection, table, rows, wish), True


async def _send(
    session: Session, connection: Connection, table: Table, rows: Sequence[Row], wish: ImportOptions
) -> Result:
    kind = table.kind
    sheet, names = name_rows(table, rows, uuid7() if wish.again and not kind.adds else "")
    path = None if wish.dry_run else wish.file.with_name(f"{wish.file.name}.progress")
    journal = Journal(path, f"{sheet} {session.urls[kind.service]}", again=wish.again)
    with show_progress(session, kind.name, sum(row.call is not None for row in rows)) as done:
        result = await send_all(connection, kind, rows, names, Plan(done, journal, dry_run=wish.dry_run))
    journal.close(complete=not result.trouble)
    return result
