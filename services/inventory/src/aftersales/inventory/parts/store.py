"""The part master, and its index."""

from aftersales.engine import Aggregate, Index

from .domain import Part

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    Part: (Index("jobs"), Index("unclear.what", "-_id")),
}
