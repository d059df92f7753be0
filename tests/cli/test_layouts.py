"""INT-2, INT-3: exports of other systems, in nine encodings: nothing is read wrongly, nothing counts twice."""

from collections.abc import AsyncIterator
from pathlib import Path
from textwrap import indent

import pytest
from cli.layouts import SHEETS, Sheet
from cli.system import INTAKE, Program, open_system, saved

from aftersales.cli.imports import ImportOptions, load_sheet
from aftersales.cli.session import Session, Trouble
from aftersales.cli.sheets.catalogue import KINDS
from aftersales.cli.sheets.report import Summary
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.testing import ManualClock

ROWS = 3
REQUESTS = [sheet for sheet in SHEETS if sheet.kind == "requests"]
CUSTOMERS = [sheet for sheet in SHEETS if sheet.kind == "customers"]


@pytest.fixture(scope="module")
async def aftersales(urls, tmp_path_factory) -> AsyncIterator[Program]:
    async with open_system(urls, ManualClock(), [INTAKE]) as program:
        folder = tmp_path_factory.mktemp("sheets")
        branches = saved(folder, "b.csv", "code,name,zone,lat,lon\nsh-01,上海,Asia/Shanghai,31.23,121.45\n")
        assert (await program("import", "branches", branches)).code == 0
        yield program


async def load(program: Program, sheet: Sheet, folder: Path, rows: int, *, dry_run: bool = False) -> Summary:
    dates = "" if sheet.people != "us" else "dates: mdy\n"
    country = {"us": "US", "tw": "TW"}.get(sheet.people, "CN")
    mapping = saved(folder, "m.yaml", f"{dates}country: {country}\ncolumns:\n{indent(sheet.mapping, '  ')}")
    (folder / "export.csv").write_bytes(sheet.file(rows))
    session = Session({"intake": program.urls["intake"]})
    options = ImportOptions(folder / "export.csv", mapping, dry_run=dry_run)
    summary, result, _ = await load_sheet(session, KINDS[sheet.kind], options)
    assert result.trouble is None
    return summary


def counts(summary: Summary) -> tuple[int, int, int]:
    assert not summary.reasons, summary.reasons
    return summary.imported, summary.repeated, summary.refused


@pytest.mark.parametrize("sheet", REQUESTS, ids=lambda sheet: sheet.system)
async def test_int2_an_export_is_registered_once_as_it_was_written(aftersales, tmp_path, sheet: Sheet) -> None:
    known = {one.id for one in await aftersales.system.intake.find(ServiceRequest)}
    dry = await load(aftersales, sheet, tmp_path, ROWS, dry_run=True)
    first = await load(aftersales, sheet, tmp_path, ROWS)
    again = await load(aftersales, sheet, tmp_path, ROWS)
    grown = await load(aftersales, sheet, tmp_path, ROWS + 1)
    found = [one for one in await aftersales.system.intake.find(ServiceRequest) if one.id not in known]
    numbers = [one.elsewhere.number for one in found if one.elsewhere and one.elsewhere.number]
    written = [sheet.person(at).name for at in range(ROWS + 1)]

    assert [counts(one) for one in (dry, first, again, grown)] == [(3, 0, 0), (3, 0, 0), (0, 3, 0), (1, 3, 0)]
    assert sorted(one.caller for one in found) == sorted(written)
    assert sum(not one.open for one in found) == len(sheet.closed)
    assert {one.owner for one in found} == {""}
    assert len(set(numbers)) == len(numbers), "each has its own number elsewhere"
    assert first.first == written[0]


@pytest.mark.parametrize("sheet", CUSTOMERS, ids=lambda sheet: sheet.system)
async def test_int3_contacts_are_archived_once_under_their_own_names(aftersales, tmp_path, sheet: Sheet) -> None:
    first = await load(aftersales, sheet, tmp_path, ROWS)
    again = await load(aftersales, sheet, tmp_path, ROWS)
    phones = {one.phone: one for one in await aftersales.system.intake.find(Customer)}

    assert (counts(first), counts(again)) == ((3, 0, 0), (0, 3, 0))
    names = {name for one in phones.values() for name in (one.name, *one.aliases)}
    assert {sheet.person(at).name for at in range(ROWS)} <= names


async def test_int2_an_export_without_a_mapping_is_refused_with_what_it_lacks(aftersales, tmp_path) -> None:
    session = Session({"intake": aftersales.urls["intake"]})
    for sheet in SHEETS:
        (tmp_path / "export.csv").write_bytes(sheet.file(ROWS))
        with pytest.raises(Trouble) as trouble:
            await load_sheet(session, KINDS[sheet.kind], ImportOptions(tmp_path / "export.csv", dry_run=True))
        assert trouble.value.code in {"sheet.columns_missing", "sheet.column_twice"}, sheet.system


def test_int3_the_exports_are_of_many_systems_and_encodings() -> None:
    assert len({sheet.system for sheet in SHEETS}) == len(SHEETS) >= 20
    assert len({sheet.encoding for sheet in SHEETS}) >= 9
