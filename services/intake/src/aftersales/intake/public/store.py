"""Documents and indexes of complaints from the public page."""

from aftersales.engine import Aggregate, Index

from .domain.complaint import PublicComplaint

_OLDEST = ("received_at", "_id")
INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    PublicComplaint: (Index("state", *_OLDEST), Index(*_OLDEST)),
}
