"""The part master: what a part is used for (INV-1)."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from aftersales.common.terms import Terms
from aftersales.inventory.parts import domain as parts
from aftersales.inventory.parts.domain import KnownUses, Part, RegisterPart
from aftersales.testing import eventually
from aftersales.testing.system import RunningSystem

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
USES = KnownUses(Terms(()), Terms(()))


def test_a_part_is_found_by_each_fault_on_each_line_it_fits() -> None:
    form = RegisterPart(name="compressor", faults=("no-cooling", "noise"), lines=("refrigerator", "freezer"))
    part = parts.register_part(None, "COMP-1", form, USES, NOW)
    assert part.jobs == (
        "refrigerator/no-cooling",
        "refrigerator/noise",
        "freezer/no-cooling",
        "freezer/noise",
    )
    assert parts.register_part(part, "COMP-1", RegisterPart(name="compressor"), USES, NOW).jobs == ()


def price(known: Part | None, amount: int | None, **more: Any) -> tuple[Part, list[Any]]:
    """The part as it is stored with this price, and what is told of it."""
    form = RegisterPart.model_validate({"name": "compressor", "price": amount and {"amount": amount}} | more)
    part = parts.register_part(known, "COMP-1", form, USES, NOW.replace(hour=known.version if known else 0))
    part = part.but(version=part.version + 1)
    return part, list(part.derived_events(known))


def test_inv_15_a_price_is_told_once_and_again_when_it_changes() -> None:
    unpriced, told = price(None, None)
    assert told == []
    first, (event,) = price(unpriced, 12050, specification="220 V")
    assert event.model_dump(exclude={"TYPE"}) == {
        "part": "COMP-1",
        "name": "compressor",
        "model": None,
        "specification": "220 V",
        "lines": (),
        "price": {"amount": 12050, "currency": "CNY"},
        "since": NOW.replace(hour=1),
        "revision": 2,
    }
    same, told = price(first, 12050, specification="220 V", quantity_per_job=2, faults=("noise",))
    assert (told, same.priced_at) == ([], first.priced_at)
    renamed, (event,) = price(same, 12050, specification="230 V")
    assert (event.specification, event.since) == ("230 V", first.priced_at), "the price is as old as it was"
    _, (event,) = price(renamed, None)
    assert (event.price, event.since) == (None, NOW.replace(hour=4))


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"amount": -1}, "money.not_a_price"),
        ({"amount": 10**15}, "money.not_a_price"),
        ({"amount": 100, "currency": "XYZ"}, "money.currency_unknown"),
        ({"amount": 100, "currency": "DEM"}, "money.currency_unknown"),
        ({"amount": 1.5}, "int_type"),
    ],
)
def test_inv_15_what_is_no_price_is_refused(wrong: dict[str, Any], code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        RegisterPart.model_validate({"name": "x", "price": wrong})
    (error,) = refused.value.errors()
    assert code in (error["type"], str(error.get("ctx", {}).get("error")))


async def test_inv_15_prices_of_an_older_release_are_published_once(running: RunningSystem) -> None:
    """More than one page of parts; one of them has no price."""
    service = running.inventory
    database: Any = service.runtime.mongo._db
    await service.http.put("/parts/P-0", json={"name": "x", "price": {"amount": 100}})
    row = await database["parts"].find_one({"_id": "P-0"})
    old = {name: value for name, value in row.items() if name != "priced_at"}
    await database["parts"].insert_many([old | {"_id": f"P-{number}"} for number in range(1, 150)])
    await database["parts"].insert_one(old | {"_id": "P-150", "price": None})
    await database["price_announcements"].update_one({"_id": "prices"}, {"$set": {"wake_at": NOW}})

    async def done() -> bool:
        return (await database["price_announcements"].find_one({}))["wake_at"] is None

    await eventually(done)
    found = {part.id: part for part in await service.find(Part)}
    assert {code for code, part in found.items() if part.priced_at is None} == {"P-150"}
    assert found["P-0"].version == 1, "it was published before"
    assert {part.version for code, part in found.items() if code not in {"P-0", "P-150"}} == {2}
