"""Documents and indexes of receipts for partners' events."""

from datetime import timedelta

from aftersales.engine import Aggregate, Index

from .domain import PartnerMessage

PARTNER_MESSAGES_KEPT = timedelta(days=90)
INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    PartnerMessage: (
        Index("source", "state", "-at", "-_id"),
        Index("source", "-at", "-_id"),
        Index("source", "message", "-at", "-_id"),
        Index("at", ttl=PARTNER_MESSAGES_KEPT),
    ),
}
