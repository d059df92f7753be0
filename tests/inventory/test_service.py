"""Inventory as it runs: HTTP and events, on real servers."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from aftersales.common.events.dispatch import DispatchHeartbeat
from aftersales.common.heartbeat import BEAT, HeartbeatState
from aftersales.common.mongo import Writes, to_document
from aftersales.inventory.parts.domain import Part
from aftersales.inventory.slips.domain import IssueSlip, SlipLine
from aftersales.inventory.slips.handlers import SERVED_AT_ONCE
from aftersales.inventory.stock import domain as stock
from aftersales.inventory.stock.domain import Movement, StockItem
from aftersales.testing import eventually
from aftersales.testing.system import RunningService, RunningSystem

COMPRESSOR = {"name": "压缩机", "faults": ["no-cooling"], "lines": ["refrigerator"]}
SLIP = "IS-261123-0001-1"
Stories = Callable[..., Any]


async def call(service: RunningService, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    answer = await service.http.request(method, path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def receipt(quantity: int, lot: str = "L-1", part: str = "COMP-1", **more: str) -> dict[str, object]:
    return {"branch": "SH01", "part": part, "lot": lot, "bin": "W1-01", "quantity": quantity, **more}


async def slip_in(service: RunningService, state: str, number: str = SLIP) -> IssueSlip:
    async def found() -> IssueSlip | None:
        slip = await service.get(IssueSlip, number)
        return slip if slip and slip.state == state else None

    slip = await eventually(found)
    assert slip
    return slip


async def balance(service: RunningService, part: str = "COMP-1") -> tuple[int, int, int]:
    """Free, reserved and used, after holding the ledger against them (INV-14)."""
    item = await service.get(StockItem, f"SH01:{part}")
    moved: Counter[str] = Counter()
    for entry in await service.find(Movement, part=part):
        moved[entry.kind] += entry.quantity
    held = moved["reserved"] - moved["released"] - moved["used"]
    piles = tuple(sum(getattr(lot, pile) for lot in item.lots) for pile in ("free", "reserved", "used"))
    assert piles == (moved["received"] - held - moved["used"], held, moved["used"])
    return piles[0], piles[1], piles[2]


async def test_a_job_gets_its_parts_and_each_use_is_traced_inv_3_inv_14(running: RunningSystem, story: Stories) -> None:
    service = running.inventory
    await call(service, "PUT", "/parts/COMP-1", COMPRESSOR)
    await call(service, "POST", "/receipts", receipt(2, "NEW"), status=201)
    old = await call(
        service, "POST", "/receipts", receipt(2, "OLD", received_at="2026-01-01T08:00:00+08:00"), status=201
    )
    assert [lot["lot"] for lot in old["lots"]] == ["OLD", "NEW"]
    await service.deliver(story().assigned())
    slip = await slip_in(service, "reserved")
    assert [(pick.lot, pick.quantity) for pick in slip.line("COMP-1").reserved] == [("OLD", 1)]
    assert await balance(service) == (3, 1, 0)
    await service.deliver(story().completed(COMP_1=1))
    await slip_in(service, "used")
    assert await balance(service) == (3, 0, 1)
    (used,) = [entry for entry in await service.find(Movement, order="WO-261123-0001") if entry.kind == "used"]
    assert (used.lot, used.technician, used.serial, used.quantity) == ("OLD", "T1", "SN1", 1)
    page = await call(service, "GET", "/movements?order=WO-261123-0001")
    assert Counter(entry["kind"] for entry in page["items"]) == {"reserved": 1, "used": 1}


async def test_goods_that_come_in_go_to_who_waits_longest_inv_13(running: RunningSystem, story: Stories) -> None:
    service = running.inventory
    await call(service, "PUT", "/parts/COMP-1", COMPRESSOR | {"quantity_per_job": 2})
    for number in (1, 2):
        await service.deliver(story(number).assigned())
        await slip_in(service, "short", f"IS-261123-000{number}-1")
    await call(service, "POST", "/receipts", receipt(3), status=201)
    first, second = await slip_in(service, "reserved"), await slip_in(service, "short", "IS-261123-0002-1")
    assert (first.line("COMP-1").missing, second.line("COMP-1").missing) == (0, 1)
    assert await balance(service) == (0, 3, 0)
    item = await call(service, "POST", "/receipts", receipt(5), status=201)
    await slip_in(service, "reserved", "IS-261123-0002-1")
    assert (item["waiting"], item["lots"][0]["received"]) == ([], 8)
    assert await balance(service) == (4, 4, 0)


async def test_what_a_cancelled_order_gives_back_goes_to_who_waits(running: RunningSystem, story: Stories) -> None:
    service = running.inventory
    await call(service, "PUT", "/parts/COMP-1", COMPRESSOR)
    await call(service, "POST", "/receipts", receipt(1), status=201)
    await service.deliver(story(1).assigned())
    await slip_in(service, "reserved")
    await service.deliver(story(2).assigned())
    await slip_in(service, "short", "IS-261123-0002-1")
    await service.deliver(story(1).cancelled())
    await slip_in(service, "cancelled")
    await slip_in(service, "reserved", "IS-261123-0002-1")
    assert await balance(service) == (0, 1, 0)


async def test_a_part_named_on_site_is_added_even_before_anybody_registered_it_inv_13(
    running: RunningSystem, story: Stories
) -> None:
    service = running.inventory
    await call(service, "PUT", "/parts/COMP-1", COMPRESSOR)
    await call(service, "POST", "/receipts", receipt(1), status=201)
    await service.deliver(story().assigned())
    await slip_in(service, "reserved")
    await service.deliver(story().needed("FAN-1", 2))
    assert [(m.part, m.quantity) for m in (await slip_in(service, "short")).missing] == [("FAN-1", 2)]
    await call(service, "PUT", "/parts/FAN-1", {"name": "风扇"})
    await call(service, "POST", "/receipts", receipt(2, part="FAN-1"), status=201)
    await slip_in(service, "reserved")
    await service.deliver(story().completed(FAN_1=1, SEAL_9=1))
    slip = await slip_in(service, "used")
    assert [(line.part, line.quantity) for line in slip.discrepancies] == [("SEAL-9", 1)]
    assert await balance(service) == (1, 0, 0)
    assert await balance(service, "FAN-1") == (1, 0, 1)
    assert await service.get(StockItem, "SH01:SEAL-9") is None


async def test_events_that_come_before_what_they_build_on_wait_for_it(running: RunningSystem, story: Stories) -> None:
    service = running.inventory
    await call(service, "PUT", "/parts/COMP-1", COMPRESSOR)
    await call(service, "POST", "/receipts", receipt(1), status=201)
    await service.deliver(story().completed(COMP_1=1))
    await running.quiet()
    await service.deliver(story().assigned())
    await slip_in(service, "used")
    assert await balance(service) == (0, 0, 1)


async def test_an_event_that_is_delivered_twice_counts_once(running: RunningSystem, story: Stories) -> None:
    service = running.inventory
    await call(service, "PUT", "/parts/COMP-1", COMPRESSOR)
    await call(service, "POST", "/receipts", receipt(9), status=201)
    await service.deliver(story().assigned())
    await slip_in(service, "reserved")
    for id_ in ("e-1", "e-1", "e-2"):
        await service.deliver(story().needed("COMP-1", 2), id=id_)
    await running.quiet()
    assert await balance(service) == (4, 5, 0)


async def test_a_beat_is_passed_on_once_and_an_older_one_not_at_all(running: RunningSystem, now: datetime) -> None:
    service = running.inventory
    for started_at in (now, now, now.replace(hour=1)):
        await service.deliver(DispatchHeartbeat(started_at=started_at))
    await running.quiet()
    beat = await service.get(HeartbeatState, BEAT)
    assert (beat.seen_at, beat.version) == (now, 1)


async def test_a_wrong_code_cannot_enter_inv_1_and_what_is_malformed_is_422(running: RunningSystem) -> None:
    service = running.inventory
    assert (await call(service, "POST", "/receipts", receipt(1), status=409))["code"] == "part.unknown"
    assert (await call(service, "GET", "/parts/COMP-9", status=404))["code"] == "parts.unknown"
    assert (await call(service, "GET", f"/slips/{SLIP}", status=404))["code"] == "slips.unknown"
    for method, path, body in (
        ("POST", "/receipts", receipt(0)),
        ("POST", "/receipts", receipt(1, received_at="2026-01-01T00:00:00")),
        ("POST", "/receipts", receipt(1, received_at="0001-01-01T00:00:00+08:00")),
        ("POST", "/receipts", receipt(1, "L 1")),
        ("PUT", "/parts/COMP 1", COMPRESSOR),
        ("PUT", "/parts/COMP-1", COMPRESSOR | {"quantity_per_job": 0}),
        ("GET", "/slips/IS-1", None),
        ("GET", "/slips?state=lost", None),
    ):
        await call(service, method, path, body, status=422)


async def test_parts_stock_and_slips_are_listed(running: RunningSystem, story: Stories) -> None:
    service = running.inventory
    for code in ("COMP-1", "FAN-1", "SEAL-1"):
        await call(service, "PUT", f"/parts/{code}", {"name": code, "price": {"amount": 12_000}})
        await call(service, "POST", "/receipts", receipt(1, part=code), status=201)
    await call(service, "POST", "/receipts", receipt(1) | {"branch": "SH02"}, status=201)
    await service.deliver(story().assigned())
    await slip_in(service, "reserved")
    first = await call(service, "GET", "/parts?limit=2")
    rest = await call(service, "GET", f"/parts?limit=2&cursor={first['next']}")
    assert [part["id"] for part in first["items"] + rest["items"]] == ["SEAL-1", "FAN-1", "COMP-1"]
    assert first["items"][0]["price"] == {"amount": 12_000, "currency": "CNY"}  # INV-15: whatever the branch
    for path, found in (
        ("/stock", 4),
        ("/stock?branch=SH01", 3),
        ("/stock?part=COMP-1", 2),
        ("/stock?branch=SH02&part=FAN-1", 0),
        ("/slips?branch=SH01&state=reserved", 1),
        ("/slips?state=short", 0),
        ("/movements?part=COMP-1", 2),
    ):
        assert len((await call(service, "GET", path))["items"]) == found, path


async def test_every_list_stands_on_an_index(running: RunningSystem) -> None:
    mongo = running.inventory.runtime.mongo
    for kind, where, sort in (
        (Part, {"jobs": "refrigerator/no-cooling"}, ()),
        (StockItem, {"branch": "SH01"}, ("-_id",)),
        (StockItem, {"part": "COMP-1"}, ("-_id",)),
        (IssueSlip, {"branch": "SH01"}, ("-_id",)),
        (IssueSlip, {"branch": "SH01", "state": "short"}, ("-_id",)),
        (IssueSlip, {"state": "short"}, ("-_id",)),
        (Movement, {"part": "COMP-1"}, ("-_id",)),
        (Movement, {"order": "WO-261123-0001"}, ("-_id",)),
    ):
        plan = str(await mongo.explain(kind, where, sort))
        assert "IXSCAN" in plan, (kind, where)
        assert "'stage': 'SORT'" not in plan, (kind, where)
    assert "COLLSCAN" in str(await mongo.explain(Part, {"name": "x"})), "the test can tell"


async def waiting_line(service: RunningService, slips: int) -> list[str]:
    """So many slips that wait for one COMP-1 each, as events would have left them; their numbers in order."""
    numbers = [f"IS-261123-{number:04d}-1" for number in range(slips, 0, -1)]
    rows = [
        IssueSlip(
            id=number, version=1, branch="SH01", state="short", order=number.replace("IS", "WO")[:-2], visit=1,
            request=number.replace("IS", "SR")[:-2], lines=(SlipLine(part="COMP-1", wanted=1),),
        )
        for number in numbers
    ]  # fmt: skip
    writes = Writes()
    writes.insert(IssueSlip.COLLECTION, *(to_document(row) for row in rows))
    item = stock.empty_stock("SH01", "COMP-1").but(version=1, waiting=tuple(numbers))
    writes.insert(StockItem.COLLECTION, to_document(item))
    await service.runtime.mongo.commit(writes)
    return numbers


async def reads_of_slips(service: RunningService) -> list[Any]:
    """What MongoDB's profiler saw since it was switched on."""
    database = service.runtime.mongo._db
    found = await database["system.profile"].find({"command.$db": database.name}).to_list(None)
    reads = [row["command"] for row in found if {"find", "aggregate"} & row["command"].keys()]
    return [read for read in reads if IssueSlip.COLLECTION in str(read)]


async def test_goods_load_no_more_slips_than_they_serve_and_in_one_read(running: RunningSystem) -> None:
    service = running.inventory
    await call(service, "PUT", "/parts/COMP-1", COMPRESSOR)
    line = await waiting_line(service, 40)
    await service.runtime.mongo._db.command({"profile": 2})
    item = await call(service, "POST", "/receipts", receipt(3), status=201)
    (read,) = await reads_of_slips(service)
    assert {number for number in line if number in str(read)} == set(line[:3])
    assert item["waiting"] == line[3:]
    assert {slip.id for slip in await service.find(IssueSlip, state="reserved")} == set(line[:3])


async def test_a_long_line_is_served_in_order_with_room_for_others_in_between_inv_13(
    running: RunningSystem, story: Stories
) -> None:
    service = running.inventory
    await call(service, "PUT", "/parts/COMP-1", COMPRESSOR)
    line = await waiting_line(service, 2 * SERVED_AT_ONCE + 2)
    first = await call(service, "POST", "/receipts", receipt(2 * SERVED_AT_ONCE + 1), status=201)
    await service.deliver(story(9999).assigned())
    assert (first["waiting"], first["lots"][0]["free"]) == (line[SERVED_AT_ONCE:], SERVED_AT_ONCE + 1)
    late = (await slip_in(service, "short", "IS-261123-9999-1")).id

    async def served() -> bool:
        return (await service.get(StockItem, "SH01:COMP-1")).waiting == (line[-1], late)

    await eventually(served)
    assert await balance(service) == (0, 2 * SERVED_AT_ONCE + 1, 0)
    moved = await service.runtime.mongo.find(Movement, {"kind": "reserved"})
    assert [entry.order for entry in moved] == [number.replace("IS", "WO")[:-2] for number in line[:-1]]
    assert (await service.get(StockItem, "SH01:COMP-1")).wake_at is None
