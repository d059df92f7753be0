"""Descriptions in published contracts that were wrong: the wire stays as it was, and the contract now says what it is.

Each is compared with nothing. A row may go once no commit that counts as published has the old description.
"""

CORRECTIONS: dict[tuple[str, str], str] = {
    ("*", "specversion"): "required, with a default beside it",
    ("intake.request_registered.v1", "data.response"): "always sent as numbers of seconds, described as texts",
    ("partner.service_request.v1", "data.urgency"): "1 to 3 was accepted, any integer described",
    ("partner.service_request.v1", "data.phone"): "a text without digits was refused, any text described",
    ("partner.product_sold.v1", "data.phone"): "a text without digits was refused, any text described",
}
"""By event type (`*`: all) and field, as `contracts/compatibility.py` names it: what was wrong."""
_LINKS = "the token of a survey may also be a signed link, which is longer and has dots; random ones are read as before"
_CLAIM = "It stood for an hour, under the name of a field of an event that is made from a request: now `claim_outcome`."
_MONTHS = "12 months of warranty stood for a model of which nobody had said a term; now it is null"
_MESSAGES = "messages to customers were in the group of requests, though most are now about other things too"
_ARCHIVED = "customers and products were read in one group and archived in another, which was named after our code"
_NO_GROUP = "most operations had no tag, so that generated clients and Swagger had them all in one group, `default`"
_OF_ITS_MODULE = "routes of all services had five tags, one of them the name of a group of intake's"
_ONE_FORM = "errors had a second description; they have always been sent as application/problem+json only"
_ONE_OF_SEVERAL = "the name of several classes; each has a name of its own now"
DOCUMENT_CORRECTIONS: dict[tuple[str, str], str] = {
    ("*", "its tags changed from None to"): _NO_GROUP,
    **{
        ("*", f"its tags changed from ['{tag}'] to ['operations']"): _OF_ITS_MODULE
        for tag in ("archive", "audit", "dead letters", "deadlines", "events")
    },
    **{
        ("*", f"answer {status}: {kind} was removed"): _ONE_FORM
        for kind in ("application/json", "text/html")
        for status in (400, 404, 409, 412, 413, 422, 429, 503)
    },
    ("intake", "its tags changed from ['requests'] to ['messages']"): _MESSAGES,
    ("intake", "its tags changed from ['sales'] to ['archive']"): _ARCHIVED,
    ("intake", "in answers, field `claim` was removed"): _CLAIM,
    ("intake", "schema `ModelForm`"): _MONTHS,
    ("intake", "schema `Model`"): _MONTHS,
    ("feedback", "path parameter `token`: it changed its `pattern` from '^[A-Za-z0-9_-]{43}$' to"): _LINKS,
    ("dispatch", "schema `Explanation`"): _ONE_OF_SEVERAL,
    ("feedback", "schema `Explanation`"): _ONE_OF_SEVERAL,
    ("intake", "schema `Decision`"): _ONE_OF_SEVERAL,
    ("intake", "schema `Due`"): _ONE_OF_SEVERAL,
    ("intake", "schema `Explanation`"): _ONE_OF_SEVERAL,
    ("intake", "schema `Item`"): _ONE_OF_SEVERAL,
    ("intake", "schema `Mark`"): _ONE_OF_SEVERAL,
    ("intake", "schema `Outcome`"): _ONE_OF_SEVERAL,
    ("intake", "schema `Outcomes`"): _ONE_OF_SEVERAL,
    ("intake", "schema `Reason`"): _ONE_OF_SEVERAL,
    ("intake", "schema `Standing`"): _ONE_OF_SEVERAL,
    ("intake", "schema `Step`"): _ONE_OF_SEVERAL,
    ("intake", "schema `Subject`"): _ONE_OF_SEVERAL,
    ("intake", "schema `Survey`"): _ONE_OF_SEVERAL,
}
"""By service (`*`: all) and place in its OpenAPI document, or beginning of the change, as `contracts/openapi.py` names
it: what was wrong."""
