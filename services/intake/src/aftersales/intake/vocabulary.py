"""Terms that several capabilities share: channels, kinds of requests, urgency, numbers. Pure."""

from typing import Annotated, Any, Literal, get_args

from pydantic import Field

Channel = Literal[
    "phone",
    "email",
    "web",
    "letter",
    "walk_in",
    "on_site",
    "chat",
    "message",
    "social",
    "suggestion_box",
    "partner",
]
"""The channel of a contact (INT-1); `message` is SMS or WeChat, `partner` another company's system."""
OrderKind = Literal[
    "address_change",
    "order_cancellation",
    "delivery_delay",
    "missing_piece",
    "price_difference",
    "invoice",
    "parcel_problem",
]
"""Kinds about an order of an online shop: 改地址, 撤单, 催发货, 缺件, 差价, 发票, 物流异常 (INT-15)."""
RequestKind = Literal[
    "repair",
    "installation",
    "commissioning",
    "maintenance",
    "training",
    "consultation",
    "return",
    "exchange",
    "compensation",
    "complaint",
    "recall",
    "upgrade",
    OrderKind,
]
"""The customer's wish. `commissioning` puts bought machines into service, `consultation` is a question; a `recall` or
`upgrade` names its number in `details`. The last seven are about an order of an online shop (INT-15)."""
KINDS: tuple[RequestKind, ...] = get_args(RequestKind)
OF_AN_ORDER: frozenset[RequestKind] = frozenset(get_args(OrderKind))
ProblemClass = Literal["technical", "quality", "usage"]
"""`technical`: the product fails; `quality`: it was faulty when sold; `usage`: it is used wrongly."""
Urgency = Annotated[int, Field(ge=1, le=3, strict=True)]
"""1 can wait, 2 is normal, 3 is pressing."""
RequestNumber = Annotated[str, Field(pattern=r"^SR-[0-9]{6}-[0-9A-HJKMNP-TV-Z]{4}$")]
"""The number of a request, such as `SR-261122-7K3F`."""


def correct_number(text: Any) -> Any:
    """Correct common typing errors in a number: lower case, O for 0, I or L for 1."""
    return text.strip().upper().translate(str.maketrans("OIL", "011")) if isinstance(text, str) else text
