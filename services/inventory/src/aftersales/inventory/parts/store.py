"""The part master, and its index."""

from aftersales.engine import Aggregate, Index

from .domain import Part, Supersedence

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    Supersedence: (Index("new"),),
    Part: (Index("jobs"), Index("unclear.what", "-_id")),
}
