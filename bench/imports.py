"""`aftersales import` of generated sheets, as a branch would run it: the program, a real intake, real servers."""

import asyncio
import csv
import json
import sys
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path

import xlsxwriter
from bench.caller import Caller
from bench.places import DATA, Urls, caught_up

from aftersales.testing.programs import run_services

PROGRAM = Path(sys.executable).with_name("aftersales")
BRANCH = {"name": "上海静安服务中心", "zone": "Asia/Shanghai", "location": {"lat": 31.23, "lon": 121.45}}
PERSON = ["网点", "客户姓名", "手机号", "联系地址"]
PRODUCT = ["机身号", "产品型号", "品类", "购机日期"]
Cells = list[str | int]


def customers(numbers: range) -> Iterator[Cells]:
    """A customer with a phone, an address and one product in each row; all are new."""
    yield [*PERSON, *PRODUCT]
    for number in numbers:
        yield ["sh-01", f"王小明{number}", 13_000_000_000 + number, "静安区南京西路 1 号", *_product("C", number)]


def products(numbers: range) -> Iterator[Cells]:
    """A product each, of those customers."""
    yield ["手机号", *PRODUCT]
    for number in numbers:
        yield [13_000_000_000 + number, *_product("P", number)]


def requests(numbers: range) -> Iterator[Cells]:
    """A request each of those customers, for what they own."""
    yield [*PERSON, *PRODUCT, "渠道", "故障代码", "故障描述"]
    for number in numbers:
        who: Cells = ["sh-01", f"王小明{number}", 13_000_000_000 + number, "静安区南京西路 1 号"]
        yield [*who, *_product("C", number), "phone", "no-cooling", "冰箱不制冷"]


def _product(series: str, number: int) -> Cells:
    return [f"{series}{number:08d}", "BCD-470", "refrigerator", f"2025/{number % 12 + 1}/{number % 28 + 1}"]


async def race(urls: Urls, count: int) -> AsyncIterator[tuple[str, float, float]]:
    """Give what was imported, rows/s from start to end of the program, and seconds."""
    sheets = [
        ("customers", "CSV", _text("customers", customers(range(count)))),
        ("customers", "XLSX", _workbook("customers", customers(range(count, 2 * count)))),
        ("products", "CSV", _text("products", products(range(count)))),
        ("requests", "CSV", _text("requests", requests(range(count)))),
    ]
    async with run_services(urls, DATA, "intake") as bases:
        await caught_up(urls, bases["bus"], "intake")
        caller = await Caller.connect(bases["intake"])
        status, body = await caller.send("PUT", "/branches/sh-01", BRANCH)
        assert status == 200, body
        await caller.close()
        for kind, form, file in sheets:
            seconds = await _import(bases["intake"], kind, file, count)
            yield f"`aftersales import {kind}`, {form}", count / seconds, seconds
        seconds = await _import(bases["intake"], "requests", sheets[-1][2], 0)
        yield "the same again: every row is in before", count / seconds, seconds


async def _import(intake: str, kind: str, file: Path, expected: int) -> float:
    program = await asyncio.create_subprocess_exec(
        PROGRAM, "--url", f"intake={intake}", "import", kind, file, "--json", stdout=asyncio.subprocess.PIPE
    )
    out, _ = await program.communicate()
    summary = json.loads(out)
    assert (program.returncode, summary["imported"]) == (0, expected), summary
    return float(summary["seconds"])


def _text(name: str, rows: Iterable[Cells]) -> Path:
    path = DATA / f"{name}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def _workbook(name: str, rows: Iterable[Cells]) -> Path:
    path = DATA / f"{name}.xlsx"
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        for at, cells in enumerate(rows):
            sheet.write_row(at, 0, cells)
    return path
