"""The channels and kinds of requests of a sheet, and the columns that each kind needs (INT-4), as data."""

CHANNELS = (
    *("phone", "email", "web", "letter", "walk_in", "on_site"),
    *("chat", "message", "social", "suggestion_box", "partner"),
)
REQUEST_KINDS = (
    *("repair", "installation", "commissioning", "maintenance", "training", "consultation"),
    *("return", "exchange", "compensation", "complaint", "recall", "upgrade"),
    *("address_change", "order_cancellation", "delivery_delay", "missing_piece"),
    *("price_difference", "invoice", "parcel_problem"),
)
ASKS = {
    "": ("description",),
    "repair": ("description",),
    "training": ("topic",),
    "consultation": ("description",),
    **dict.fromkeys(("return", "exchange", "compensation"), ("reason",)),
    "complaint": ("description",),
    **dict.fromkeys(("recall", "upgrade"), ("recall",)),
    **dict.fromkeys(REQUEST_KINDS[-7:], ("order_number",)),
    "address_change": ("order_number", "new_address"),
}
"""Columns that each kind of request needs (INT-4), as in intake, but checked before anything is sent."""
INSTEAD = {"description": "fault", "order_number": "order_account", "name": "unreachable"}
"""A column that may be empty if the other one is filled."""
REACHED = ("phone", "email", "chat_id", "unreachable")
"""Columns that say how a customer is reached, or why nobody can be."""
