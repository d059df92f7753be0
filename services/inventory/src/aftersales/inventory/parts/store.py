"""The part master, and its index."""

from aftersales.common.aggregate import Aggregate
from aftersales.common.mongo import Index

from .domain import Part

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    Part: (Index("jobs"),),
}
