"""Complaints from the public page: documents and indexes."""

from aftersales.common.aggregate import Aggregate
from aftersales.common.mongo import Index

from .domain import PublicComplaint

_OLDEST = ("received_at", "_id")
INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    PublicComplaint: (Index("state", *_OLDEST), Index(*_OLDEST)),
}
