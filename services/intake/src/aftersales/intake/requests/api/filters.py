"""Filters and sort orders of request lists; their indexes are in `requests/store.py`."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from aftersales.engine import Document, Malformed
from aftersales.intake.requests.domain.records import Flag
from aftersales.intake.requests.domain.request import OPEN, RequestState
from aftersales.intake.requests.store import order_filter
from aftersales.intake.vocabulary import Channel, RequestKind, correct_number
from aftersales.values import Code, Moment, Serial

Sort = Literal["due", "newest"]
_SORTS: dict[Sort, str] = {"due": "pressing", "newest": "-registered_at"}
Tail = Annotated[str, BeforeValidator(correct_number), StringConstraints(pattern=r"^(SR-)?([0-9]{6}-)?[0-9A-Z]{4}$")]


class RequestFilter(BaseModel):
    """Select requests that match all given fields."""

    model_config = ConfigDict(extra="forbid")

    branch: Code | None = None
    state: Annotated[list[RequestState], Field(max_length=10, description="Any of these")] = []
    open: Annotated[bool | None, Field(description="Registered or reopened: somebody must still act")] = None
    owner: Code | None = None
    stage: Annotated[Code | None, Field(description="What is due next; only open requests have a stage")] = None
    priority: Annotated[int | None, Field(ge=1, le=4)] = None
    customer: Annotated[str | None, Field(max_length=64)] = None
    serial: Serial | None = None
    channel: Channel | None = None
    kind: RequestKind | None = None
    order_number: Annotated[
        str | None,
        Field(max_length=100, description="An order number, a buyer's account, or the number in another system"),
    ] = None
    danger_unconfirmed: Annotated[
        bool | None, Field(description="Words of danger that nobody has confirmed or denied (INT-5)")
    ] = None
    repeated: Annotated[bool | None, Field(description="A repair that did not hold came before (INT-9)")] = None
    unclear: Annotated[Literal["line", "fault"] | None, Field(description="A word that no catalogue has")] = None
    flag: Flag | None = None
    asked: Annotated[Code | None, Field(description="The person above who must answer a proposal (INT-18)")] = None
    registered_from: Moment | None = None
    registered_to: Annotated[Moment | None, Field(description="Before this moment")] = None
    q: Annotated[Tail | None, Field(description="The end of a number: `7K3F`, `261122-7K3F` or all of it")] = None
    sort: Annotated[
        Sort | None,
        Field(
            description="`due`: open ones, danger first, then the earliest deadline in any service, those without one "
            "last (by default where `open` is true); `newest`"
        ),
    ] = None

    def order(self) -> str:
        """Return the sort key. Raises `Malformed` when ended requests are selected by what is due."""
        if self.open is False and (self.sort == "due" or self.stage):
            raise Malformed("list.only_open_are_due")
        return _SORTS[self.sort or ("due" if self.open else "newest")]

    def where(self) -> Document:
        implied = self.sort == "due" or self.stage or (self.state and set(OPEN).issuperset(self.state))
        period = {"$gte": self.registered_from, "$lt": self.registered_to}
        return {
            **self.model_dump(
                include={"branch", "owner", "stage", "priority", "customer", "channel", "kind", "flag", "asked"}
            ),
            "product.serial": self.serial,
            "unclear.what": self.unclear,
            **(order_filter(self.order_number) if self.order_number else {}),
            "danger_words.0": None if self.danger_unconfirmed is None else {"$exists": self.danger_unconfirmed},
            "repeats": {True: {"$gt": ""}, False: {"$not": {"$gt": ""}}, None: None}[self.repeated],
            "state": {"$in": self.state} if self.state else None,
            "open": True if implied and self.open is None else self.open,
            "registered_at": {sign: at for sign, at in period.items() if at} or None,
            **(number_filter(self.q) if self.q else {}),
        }


def number_filter(q: str) -> Document:
    """Return the filter for a request's number, or for its end."""
    *day, tail = q.removeprefix("SR-").split("-")
    return {"_id": f"SR-{day[0]}-{tail}"} if day else {"tail": tail}
