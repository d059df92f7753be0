"""Possible duplicates: open or recent requests with the same fault of the same person or product (INT-2). Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from aftersales.values import Value

from .request import OPEN, RequestState, ServiceRequest

SimilarReason = Literal["same_person", "same_product", "same_fault"]


class SimilarSubject(NamedTuple):
    """The customer, product, fault and time to compare with."""

    customer: str | None
    """None means an unknown customer."""
    serial: str | None
    """None means that no number is known, so no other request has the same product."""
    fault: str
    at: datetime
    number: str = ""
    """The request's own number, if any; it is not similar to itself."""

    def queries(self, within: timedelta) -> Iterator[dict[str, Any]]:
        """Yield one indexed filter per field for the candidates of `choose_similar`."""
        near = {"registered_at": {"$gte": self.at - within, "$lte": self.at + within}, "state": {"$ne": "cancelled"}}
        for field, value in (("customer", self.customer), ("product.serial", self.serial)):
            if value:
                yield {field: value, "fault": self.fault, "$or": [{"state": {"$in": OPEN}}, near]}


class Similar(Value):
    """A possible duplicate, with the reasons."""

    request: str
    state: RequestState
    owner: str
    reasons: tuple[SimilarReason, ...]
    hours_ago: float
    contacts: str
    """The path to which a further contact about this request is posted, instead of a second request (ALL-4)."""


def choose_similar(
    found: Iterable[ServiceRequest], subject: SimilarSubject, within: timedelta, now: datetime
) -> tuple[Similar, ...]:
    """Choose requests that are open or were registered at most `within` before or after, newest first."""
    each = {request.id: request for request in found if _is_alike(request, subject, within)}
    return tuple(
        Similar(
            request=request.id,
            state=request.state,
            owner=request.owner,
            reasons=tuple(_reasons(request, subject)),
            hours_ago=round((now - request.registered_at) / timedelta(hours=1), 1),
            contacts=f"/requests/{request.id}/contacts",
        )
        for request in sorted(each.values(), key=lambda one: (one.registered_at, one.id), reverse=True)
    )


def _is_alike(request: ServiceRequest, subject: SimilarSubject, within: timedelta) -> bool:
    near = request.state != "cancelled" and abs(request.registered_at - subject.at) <= within
    subjects = request.customer == subject.customer or request.product.serial == subject.serial
    other = request.id != subject.number
    return other and request.fault == subject.fault and subjects and (near or request.state in OPEN)


def _reasons(request: ServiceRequest, subject: SimilarSubject) -> Iterator[SimilarReason]:
    if request.customer == subject.customer:
        yield "same_person"
    if request.product.serial == subject.serial:
        yield "same_product"
    yield "same_fault"
