"""Two whole cases that go wrong, and how a clerk puts them right (told in docs/desk.md)."""
# ruff: noqa: RUF001 (full width is meant)

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cli.system import Program, open_system, saved
from e2e.desk import (
    called_back,
    look_up,
    open_branch,
    order_of,
    promises,
    register,
    say,
    visit,
    visit_clocks,
    who_pays,
)
from e2e.story import BRANCH, call

from aftersales.testing.system import RunningSystem

WASHER = {"serial": "WM-9", "model": "XQG-1", "line": "洗衣机", "purchased_on": "2023-05-01"}


async def test_a_misheard_product_and_address_a_second_angry_call_and_a_duplicate(
    aftersales: RunningSystem, clock: Any
) -> None:
    """Appliance. INT-2, INT-6, ALL-4, DSP-4, FBK-8."""
    await open_branch(aftersales, "refrigerator", "washing-machine")
    chen = {"name": "陈先生", "phone": "13812340009", "address": "上海市静安区南京西路 9 号"}
    request = await register(aftersales, chen, product={"line": "冰箱"}, fault="不制冷")
    path = f"/requests/{request['id']}"
    assert (who_pays(request)[0], (await order_of(aftersales, request))["technician"]) == ("free", "T-1")

    clock.advance(minutes=30)
    angry = {"channel": "phone", "said": "我说的是洗衣机！怎么还没有人来", "flag": "red"}
    await say(aftersales, "POST", f"{path}/contacts", **angry)
    order = await order_of(aftersales, request)
    assert (order["contacts"], order["flag"]) == (1, "red"), "the dispatcher sees it too"
    assert await promises(aftersales, "0009") == {"到场": "11-23 10:20", "当日审阅": "11-23 23:59"}, "no clock stopped"

    correct = {"product": WASHER, "fault": "不脱水", "address": "上海市静安区北京西路 99 号", "why": "听错了"}
    changed = await say(aftersales, "PATCH", path, **correct)
    assert who_pays(changed) == ("list", "list", "list", "已超过保修期"), "a washing machine is not free"
    order = await order_of(aftersales, request)
    assert (order["technician"], order["product"]["line"], order["fault"]) == (
        "T-2",
        "washing-machine",
        "no-spin",
    )
    assert (await call(aftersales.dispatch, "GET", "/technicians/T-1"))["open_orders"] == []

    words = "我爸的洗衣机还没修"
    await registered_twice(aftersales, request["id"], words)
    kept = await call(aftersales.intake, "GET", path)
    assert [one["said"] for one in kept["contacts"]] == [angry["said"], words], "nothing that was said is lost"
    (case,) = (await look_up(aftersales, "0009"))["open_cases"]
    assert (case["request"], case["flag"]) == (request["id"], "red")
    await visit(aftersales, request, "accept", "depart", "arrive", "diagnose", "complete")
    assert (await visit_clocks(aftersales, request))["arrival"][0] == "met"
    assert await called_back(aftersales, request) == ("callback", "11-23 14:00", "11-23 15:00")
    asked = f"/kpis?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z&branch={BRANCH}"
    assert (await call(aftersales.feedback, "GET", asked))["requests"] == 1, "registered twice, counted once"


async def registered_twice(system: RunningSystem, original: str, words: str) -> None:
    """Another desk takes the daughter's message for a new request; the clerk finds and ends the duplicate."""
    daughter = {"name": "陈小姐", "phone": "13812340010", "address": "上海市静安区北京西路 99 号"}
    form = {"product": {"serial": "WM-9"}, "fault": "不脱水", "description": words}
    twice = await register(system, daughter, channel="chat", **form)
    (like,) = await call(system.intake, "GET", f"/requests/{twice['id']}/similar")
    assert (like["request"], like["reasons"]) == (original, ["same_product", "same_fault"])
    await say(system, "POST", f"/requests/{twice['id']}/duplicate-of", of=original, reason="同一台洗衣机")
    assert (await order_of(system, twice))["state"] == "cancelled"


@pytest.fixture
async def program(urls: Any, clock: Any) -> AsyncIterator[Program]:
    async with open_system(urls, clock) as running:
        yield running


SHEET = (
    "网点,渠道,姓名,电话,地址,产品类别,故障,描述\n"
    "sh-01,电话,何一,13812340011,上海市静安区 11 号,家用冷藏箱,不制冷,三天了\n"
    "sh-01,电话,何二,13812340012,上海市静安区 12 号,洗衣机,不脱水,\n"
    "sh-01,电话,何三,0000000,上海市静安区 13 号,冰箱,不制冷,\n"
)


async def test_a_sheet_with_a_word_that_nobody_knows_is_cleared_up_by_a_synonym(
    program: Program, tmp_path: Path
) -> None:
    """Appliance. ALL-1, INT-2, INT-6, DSP-4: a sheet of another system, in GB18030."""
    desk = program.system
    await open_branch(desk, "refrigerator", "washing-machine")
    assert await imported(program, tmp_path, SHEET) == (2, 0, {"cell.not_phone": [4]})

    (word,) = (await desk.intake.http.get("/unclear-words")).json()
    assert (word["what"], word["word"], word["suggestions"]) == ("line", "家用冷藏箱", ["refrigerator"])
    request = await call(desk.intake, "GET", f"/requests/{word['newest']}")
    assert (request["policy_is_general"], request["policy"]) == (True, "enterprise@0"), "said, not silently"
    await desk.quiet()
    assert (await order_of(desk, request))["deferred_for"] == "no_skill"

    means = {name: word[name] for name in ("what", "word")} | {"code": word["suggestions"][0]}
    assert (await say(desk, "PUT", "/unclear-words", **means))["requests"] == [request["id"]]
    changed = await call(desk.intake, "GET", f"/requests/{request['id']}")
    assert (changed["product"]["line"], changed["policy"], changed["unclear"]) == ("refrigerator", "appliance@0", [])
    assert who_pays(changed) == ("free", "free", "free", "冰箱免费维修承诺")
    assert (await order_of(desk, request))["technician"] == "T-1"
    assert await promises(desk, "0011") == {"到场": "11-23 10:20", "当日审阅": "11-23 23:59"}

    mended = SHEET.replace("0000000", "13812340013") + (
        "sh-01,电话,何四,13812340014,上海市静安区 14 号,家用冷藏箱,不制冷,\n"
    )
    assert await imported(program, tmp_path, mended) == (2, 2, {}), "each row counts once"
    (case,) = (await look_up(desk, "0014"))["open_cases"]
    again = await call(desk.intake, "GET", f"/requests/{case['request']}")
    assert (again["policy"], again["unclear"]) == ("appliance@0", []), "the word is known now"
    assert (await desk.intake.http.get("/unclear-words")).json() == []


async def imported(program: Program, folder: Path, sheet: str) -> tuple[int, int, dict[str, list[int]]]:
    """How many rows were imported and were known, and the rows refused for each reason."""
    file = saved(folder, "旧系统.csv", sheet, "gb18030")
    done = (await program("import", "requests", file, "--json")).json
    await program.system.quiet()
    return done["imported"], done["repeated"], {one["code"]: one["rows"] for one in done["reasons"]}
