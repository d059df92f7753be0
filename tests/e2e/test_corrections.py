"""A corrected request, and the work order, technician and parts that follow it (INT-2, ALL-4)."""

from datetime import timedelta
from typing import Any

from e2e.story import BRANCH, call, furnish, order_in, register, step

from aftersales.dispatch.technicians.domain import Technician
from aftersales.inventory.slips.domain import IssueSlip
from aftersales.inventory.stock.domain import StockItem, stock_id
from aftersales.testing import eventually
from aftersales.testing.system import RunningSystem

OTHER = "bj-01"
PLACE = {"name": "北京朝阳", "zone": "Asia/Shanghai", "location": {"lat": 39.9, "lon": 116.4}}
BIKE = {"serial": "EB-1", "model": "E1", "line": "e-bike"}


async def correct(system: RunningSystem, request: str, **said: Any) -> Any:
    """Correct the request, and wait until every service has heard of it."""
    body = {"why": "听错了"} | said
    changed = await call(system.intake, "PATCH", f"/requests/{request}", body, **{"X-Actor": "desk-8"})
    await system.quiet()
    return changed


async def load_of(system: RunningSystem, technician: str) -> tuple[str, ...]:
    load: tuple[str, ...] = (await system.dispatch.get(Technician, technician)).open_orders
    return load


async def reserved(system: RunningSystem, branch: str = BRANCH) -> int:
    """How much of the one part is reserved at the branch."""
    item = await system.inventory.get(StockItem, stock_id(branch, "P-100"))
    return sum(lot.reserved for lot in item.lots) if item else 0


async def counted(system: RunningSystem, branch: str) -> int:
    """The number of the branch's requests in the key figures."""
    asked = f"from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z&branch={branch}"
    return int((await call(system.feedback, "GET", f"/kpis?{asked}"))["requests"])


async def specialist(system: RunningSystem, code: str = "T-9", branch: str = BRANCH, line: str = "e-bike") -> None:
    person = {"name": "赵师傅", "branch": branch, "skills": [line], "licence_until": "2030-01-01T00:00:00Z"}
    await call(system.dispatch, "PUT", f"/technicians/{code}", person)


async def planned(system: RunningSystem) -> str:
    """A refrigerator's repair with a technician and a reserved part."""
    part = {"name": "压缩机", "faults": ["no-cooling"], "lines": ["refrigerator"]}
    await call(system.inventory, "PUT", "/parts/P-100", part)
    request = await register(system)
    await order_in(system, request, "offered")
    await system.quiet()
    assert await reserved(system) == 1
    return request


async def test_another_product_gets_another_technician_and_other_parts(aftersales: RunningSystem) -> None:
    await furnish(aftersales, technicians=1)
    await specialist(aftersales)
    request = await planned(aftersales)
    changed = await correct(aftersales, request, product=BIKE, fault="no-power")
    order = await order_in(aftersales, request, "offered")
    assert (order["technician"], order["product"]["serial"], order["fault"]) == ("T-9", "EB-1", "no-power")
    assert order["policy"] == changed["policy"] == "e-bike@0"
    assert [await load_of(aftersales, code) for code in ("T-1", "T-9")] == [(), (order["id"],)]
    assert await reserved(aftersales) == 0, "a bicycle needs no compressor"
    await correct(
        aftersales,
        request,
        product={"serial": "SN-0001", "model": "BCD-470", "line": "refrigerator"},
        fault="no-cooling",
    )
    assert (await order_in(aftersales, request, "offered"))["technician"] == "T-1"
    assert await reserved(aftersales) == 1


async def test_another_branch_takes_the_request_over_and_the_first_one_is_free(aftersales: RunningSystem) -> None:
    await furnish(aftersales, technicians=1)
    await call(aftersales.intake, "PUT", f"/branches/{OTHER}", PLACE)
    await specialist(aftersales, branch=OTHER, line="refrigerator")
    receipt = {"branch": OTHER, "part": "P-100", "lot": "L-2", "bin": "B-1", "quantity": 3}
    await call(aftersales.inventory, "POST", "/receipts", receipt)
    request = await planned(aftersales)
    await correct(aftersales, request, branch=OTHER)
    order = await order_in(aftersales, request, "offered")
    assert (order["branch"], order["technician"]) == (OTHER, "T-9")
    assert await load_of(aftersales, "T-1") == ()
    assert (await reserved(aftersales), await reserved(aftersales, OTHER)) == (0, 1)
    assert (await counted(aftersales, BRANCH), await counted(aftersales, OTHER)) == (0, 1)
    (slip,) = await aftersales.inventory.find(IssueSlip)
    assert (slip.branch, slip.plan, slip.state) == (OTHER, 2, "reserved")


async def test_a_branch_without_a_technician_releases_the_first_ones_plan_all_the_same(
    aftersales: RunningSystem,
) -> None:
    await furnish(aftersales, technicians=1)
    await call(aftersales.intake, "PUT", f"/branches/{OTHER}", PLACE)
    request = await planned(aftersales)
    await correct(aftersales, request, branch=OTHER)
    assert (await order_in(aftersales, request, "waiting"))["branch"] == OTHER
    assert (await load_of(aftersales, "T-1"), await reserved(aftersales)) == ((), 0)


async def test_a_question_needs_no_visit_and_a_repair_needs_one_again(aftersales: RunningSystem) -> None:
    await furnish(aftersales, technicians=1)
    request = await planned(aftersales)
    await correct(aftersales, request, kind="consultation")
    await order_in(aftersales, request, "cancelled")
    assert (await load_of(aftersales, "T-1"), await reserved(aftersales)) == ((), 0)
    await correct(aftersales, request, kind="repair")
    order = await order_in(aftersales, request, "offered")
    assert (order["technician"], await reserved(aftersales)) == ("T-1", 1)
    asked = await register(aftersales, kind="consultation", product={}, description="几点开门")
    await correct(aftersales, asked, kind="repair", product={"serial": "SN-2", "line": "refrigerator"})
    assert (await order_in(aftersales, asked, "offered"))["product"]["serial"] == "SN-2"


async def test_the_visit_moves_to_the_time_that_is_wanted_now(aftersales: RunningSystem, clock: Any) -> None:
    await furnish(aftersales, technicians=1)
    request = await planned(aftersales)
    wanted = clock.now() + timedelta(days=2)
    await correct(aftersales, request, wanted_at=wanted.isoformat())
    order = await order_in(aftersales, request, "offered")
    assert order["appointment_start"] == wanted.isoformat().replace("+00:00", "Z")
    assert (order["technician"], await reserved(aftersales)) == ("T-1", 1)


async def test_a_visit_under_way_stays_as_it_is_and_the_desk_is_told(aftersales: RunningSystem) -> None:
    await furnish(aftersales, technicians=1)
    request = await planned(aftersales)
    for name in ("accept", "depart"):
        await step(aftersales, request, name)
    await correct(aftersales, request, address="上海市 2 号", product={"serial": "SN-0009"})
    order = await order_in(aftersales, request, "on_the_way")
    assert (order["product"]["serial"], order["technician"]) == ("SN-0001", "T-1")

    async def told() -> Any:
        shown = await call(aftersales.intake, "GET", f"/requests/{request}")
        return shown["corrections"][0]["held_up"] == "on_the_way"

    await eventually(told)


async def test_the_dispatcher_sees_that_the_customer_called_again_and_a_duplicate_frees_its_plan(
    aftersales: RunningSystem,
) -> None:
    """ALL-4."""
    await furnish(aftersales, technicians=2)
    request = await planned(aftersales)
    call_again = {"channel": "phone", "said": "怎么还没有人来", "flag": "red"}
    await call(aftersales.intake, "POST", f"/requests/{request}/contacts", call_again)
    await aftersales.quiet()
    order = await order_in(aftersales, request, "offered")
    assert (order["contacts"], order["flag"]) == (1, "red")
    twice = await register(aftersales)
    await order_in(aftersales, twice, "offered")
    await aftersales.quiet()
    assert await reserved(aftersales) == 2
    await call(aftersales.intake, "POST", f"/requests/{twice}/duplicate-of", {"of": request, "reason": "同一件事"})
    await aftersales.quiet()
    await order_in(aftersales, twice, "cancelled")
    assert await reserved(aftersales) == 1
    assert await counted(aftersales, BRANCH) == 1, "what was registered twice counts once (FBK-8)"
    assert (await order_in(aftersales, request, "offered"))["contacts"] == 2
