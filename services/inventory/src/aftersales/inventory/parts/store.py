"""The part master, its index, and the publication of its prices."""

from datetime import UTC, datetime

from aftersales.engine import Aggregate, Index

from .domain import Part, PriceAnnouncement, Supersedence

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    PriceAnnouncement: (),
    Supersedence: (Index("new"),),
    Part: (Index("jobs"), Index("unclear.what", "-_id")),
}
SEEDS = (PriceAnnouncement(wake_at=datetime.fromtimestamp(0, UTC)),)
"""The publication is due immediately, once."""
