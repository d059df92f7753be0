"""The part master: what a part is used for (INV-1)."""

from aftersales.common.terms import Terms
from aftersales.inventory.parts import domain as parts
from aftersales.inventory.parts.domain import KnownUses, RegisterPart

USES = KnownUses(Terms(()), Terms(()))


def test_a_part_is_found_by_each_fault_on_each_line_it_fits() -> None:
    form = RegisterPart(name="compressor", faults=("no-cooling", "noise"), lines=("refrigerator", "freezer"))
    part = parts.register_part(None, "COMP-1", form, USES)
    assert part.jobs == (
        "refrigerator/no-cooling",
        "refrigerator/noise",
        "freezer/no-cooling",
        "freezer/noise",
    )
    assert parts.register_part(part, "COMP-1", RegisterPart(name="compressor"), USES).jobs == ()
