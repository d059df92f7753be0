"""Descriptions of published events that were wrong: the wire stays as it was, and the schema now says what it is.

Each is compared with nothing. A row may go once no commit that counts as published has the old description.
"""

CORRECTIONS: dict[tuple[str, str], str] = {
    ("intake.request_registered.v1", "data.response"): "always sent as numbers of seconds, described as texts",
}
"""By event type and field, as `contracts/compatibility.py` names it: what was wrong."""
