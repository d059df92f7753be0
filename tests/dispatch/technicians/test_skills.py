"""Skills in any word of intake's catalogue (ALL-1, DSP-4)."""

from typing import Any

from aftersales.common.catalogues import PER_PAGE, CatalogueCopy
from aftersales.common.events import Event
from aftersales.common.events.intake import CatalogueChanged, RequestRegistered
from aftersales.dispatch.orders.domain.order import WorkOrder
from aftersales.dispatch.technicians.domain import Technician
from aftersales.testing import ManualClock, eventually
from aftersales.testing.system import RunningService, RunningSystem

PERSON = {"name": "李师傅", "branch": "SH01", "licence_until": "2030-01-01T00:00:00Z"}


def changed(code: str, revision: int = 1, **more: Any) -> CatalogueChanged:
    about = {"catalogue": "lines", "code": code, "names": {"en": code}, "revision": revision}
    return CatalogueChanged.model_validate(about | more)


async def hear(service: RunningService, *events: Event) -> None:
    for event in events:
        await service.deliver(event)
    await service.quiet()


async def save(service: RunningService, *skills: str, code: str = "T-1") -> Any:
    answer = await service.http.put(f"/technicians/{code}", json=PERSON | {"skills": skills})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def corrected(service: RunningService, clock: ManualClock) -> None:
    """Wait until the walk after a change of words is over."""
    clock.advance(seconds=10)

    async def over() -> bool:
        copy = await service.get(CatalogueCopy, "lines")
        return copy is not None and copy.wake_at is None

    await eventually(over)


async def test_a_skill_in_any_word_is_stored_as_its_code_dsp_4(running: RunningSystem) -> None:
    await hear(running.dispatch, changed("refrigerator", synonyms=["fridge", "冰箱"]))
    someone = await save(running.dispatch, "冰箱", " FRIDGE ")
    assert (someone["skills"], someone["unclear"]) == (["refrigerator"], [])


async def test_an_unknown_skill_is_kept_shown_and_corrected_when_it_becomes_known_all_1(
    running: RunningSystem, clock: ManualClock, registered: RequestRegistered
) -> None:
    service = running.dispatch
    await hear(service, changed("refrigerator"))
    someone = await save(service, "海尔 refrigerator")
    assert someone["unclear"] == [
        {"what": "line", "word": "海尔 refrigerator", "suggestions": ["refrigerator"]},
    ]
    await save(service, "refrigerator", code="T-2")
    await service.http.put("/technicians/T-2", json=PERSON | {"skills": ["refrigerator"], "suspended": True})
    listed = (await service.http.get("/technicians", params={"unclear": "line"})).json()["items"]
    assert [one["id"] for one in listed] == ["T-1"]
    await hear(service, registered)
    (order,) = await service.find(WorkOrder)
    assert order.state == "waiting"
    await hear(service, changed("refrigerator", 2, synonyms=["海尔 refrigerator"]))
    await corrected(service, clock)
    known = await service.get(Technician, "T-1")
    assert known is not None
    assert (known.skills, known.unclear) == (("refrigerator",), ())

    async def sent() -> bool:
        (order,) = await service.find(WorkOrder)
        return order.technician == "T-1"

    await eventually(sent)


async def test_a_replaced_line_keeps_matching_orders_of_before_and_after_all_1(
    running: RunningSystem, clock: ManualClock, registered: RequestRegistered
) -> None:
    service = running.dispatch
    await hear(service, changed("refrigerator"))
    await save(service, "refrigerator")
    await hear(service, changed("cooling", 2), changed("refrigerator", 2, replaced_by="cooling"))
    await corrected(service, clock)
    known = await service.get(Technician, "T-1")
    assert known is not None
    assert (known.skills, known.replaced) == (("cooling",), ("refrigerator",))
    await hear(service, registered)
    (order,) = await service.find(WorkOrder)
    assert order.technician == "T-1"


async def test_an_older_event_and_another_catalogue_change_nothing(running: RunningSystem) -> None:
    service = running.dispatch
    await hear(service, changed("refrigerator", 3, synonyms=["冰箱"]))
    await hear(service, changed("refrigerator", 2, removed=True), changed("freezer", 1, removed=True))
    await hear(service, changed("freezer", 1).model_copy(update={"catalogue": "faults"}))
    assert (await save(service, "冰箱"))["skills"] == ["refrigerator"]
    assert await service.get(CatalogueCopy, "faults") is None


async def test_the_walk_corrects_more_than_one_page(running: RunningSystem, clock: ManualClock) -> None:
    service = running.dispatch
    await hear(service, changed("freezer"))
    for number in range(PER_PAGE + 3):
        await save(service, "冰箱", code=f"T-{number:04}")
    await hear(service, changed("refrigerator", 2, synonyms=["冰箱"]))
    await corrected(service, clock)
    assert {one.skills for one in await service.find(Technician)} == {("refrigerator",)}
