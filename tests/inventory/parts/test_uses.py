"""Lines and faults of a part in any word of intake's catalogues (ALL-1, INV-1, INV-13)."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from aftersales.common.catalogues import CatalogueCopy
from aftersales.common.events import Event
from aftersales.common.events.intake import CatalogueChanged
from aftersales.common.terms import CatalogueEntry, Terms
from aftersales.inventory.parts.domain import KnownUses, Part, RegisterPart, register_part
from aftersales.inventory.slips.domain import IssueSlip
from aftersales.testing import ManualClock, eventually
from aftersales.testing.system import RunningService, RunningSystem


def changed(catalogue: str, code: str, revision: int = 1, **more: Any) -> CatalogueChanged:
    about = {"catalogue": catalogue, "code": code, "names": {"en": code}, "revision": revision}
    return CatalogueChanged.model_validate(about | more)


async def hear(service: RunningService, *events: Event) -> None:
    for event in events:
        await service.deliver(event)
    await service.quiet()


async def save(service: RunningService, lines: list[str], faults: list[str]) -> Any:
    answer = await service.http.put("/parts/COMP-1", json={"name": "压缩机", "lines": lines, "faults": faults})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_part_in_any_word_is_reserved_for_the_repair_inv_13(
    running: RunningSystem, story: Callable[..., Any]
) -> None:
    service = running.inventory
    await hear(service, changed("lines", "refrigerator", synonyms=["冰箱"]))
    await hear(service, changed("faults", "no-cooling", synonyms=["不制冷"]))
    part = await save(service, ["冰箱"], ["不 制冷", "no_cooling"])
    assert (part["lines"], part["faults"], part["unclear"]) == (["refrigerator"], ["no-cooling"], [])
    await hear(service, story().assigned())
    (slip,) = await service.find(IssueSlip)
    assert [line.part for line in slip.lines] == ["COMP-1"]


async def test_an_unknown_word_is_kept_shown_and_corrected_when_it_becomes_known_all_1(
    running: RunningSystem, clock: ManualClock
) -> None:
    service = running.inventory
    await hear(service, changed("lines", "refrigerator"), changed("faults", "no-cooling"))
    part = await save(service, ["海尔冰箱"], ["no-cooling", "不制冷"])
    assert [(one["what"], one["word"]) for one in part["unclear"]] == [("line", "海尔冰箱"), ("fault", "不制冷")]
    for what in ("line", "fault"):
        listed = (await service.http.get("/parts", params={"unclear": what})).json()["items"]
        assert [one["id"] for one in listed] == ["COMP-1"]
    await hear(service, changed("lines", "refrigerator", 2, synonyms=["海尔冰箱"]))
    await hear(service, changed("faults", "no-cooling", 2, symptoms=["不制冷"]))
    clock.advance(seconds=10)

    async def over() -> bool:
        return all(copy.wake_at is None for copy in await service.find(CatalogueCopy))

    await eventually(over)
    known = await service.get(Part, "COMP-1")
    assert known is not None
    assert (known.lines, known.faults, known.jobs, known.unclear) == (
        ("refrigerator",),
        ("no-cooling",),
        ("refrigerator/no-cooling",),
        (),
    )


def test_one_word_for_different_faults_of_two_lines_means_both_all_1() -> None:
    def entry(code: str, **more: Any) -> CatalogueEntry:
        return CatalogueEntry.model_validate({"code": code, "names": {"en": code}} | more)

    lines = Terms([entry("washer"), entry("fridge", replaced_by="refrigerator"), entry("refrigerator")])
    faults = Terms(
        [entry(f"leak-{n}", synonyms=("漏水",), lines=(line,)) for n, line in enumerate(("washer", "refrigerator"))]
    )
    form = RegisterPart(name="seal", lines=("washer", "fridge"), faults=("漏水",))
    part = register_part(None, "SEAL-1", form, KnownUses(lines, faults), datetime(2026, 11, 23, tzinfo=UTC))
    assert (part.lines, part.faults, part.unclear) == (("washer", "refrigerator"), ("leak-0", "leak-1"), ())
    assert {"washer/leak-0", "refrigerator/leak-1", "fridge/leak-1"} <= {*part.jobs}
