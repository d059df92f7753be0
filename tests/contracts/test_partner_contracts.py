"""What a partner may send: schema and code accept and refuse the same, and the SDKs' plainest event is taken."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from contracts.example import read
from contracts.schema import envelope_schema

from aftersales.common.events import decode_envelope
from aftersales.common.events.partner import (
    PRODUCES,
    PartnerProductShipped,
    PartnerProductSold,
    PartnerRequestCancelled,
    PartnerServiceRequest,
)
from aftersales.values.errors import Malformed

ASKED, SOLD, CANCELLED = PartnerServiceRequest.TYPE, PartnerProductSold.TYPE, PartnerRequestCancelled.TYPE
SHIPPED = PartnerProductShipped.TYPE
CHECK = {
    kind.TYPE: jsonschema.Draft7Validator(envelope_schema(kind), format_checker=jsonschema.FormatChecker())
    for kind in PRODUCES
}
GONE = object()
"""The attribute or field is left out."""
Case = tuple[str, dict[str, Any], bool]
CASES: tuple[Case, ...] = (
    (ASKED, {}, True),
    (ASKED, {"subject": GONE, "correlationid": GONE}, True),
    (ASKED, {"subject": None, "correlationid": None}, True),
    (ASKED, {"subject": ""}, False),
    (ASKED, {"specversion": GONE}, False),
    (ASKED, {"specversion": "2.0"}, False),
    (ASKED, {"time": GONE}, False),
    (ASKED, {"time": 1_700_000_000}, False),
    (ASKED, {"time": "1700000000"}, False),
    (ASKED, {"datacontenttype": "application/json; charset=utf-8"}, True),
    (ASKED, {"datacontenttype": "application/vnd.dealer+json"}, True),
    (ASKED, {"datacontenttype": "application/json; charset=gb18030"}, False),
    (ASKED, {"datacontenttype": "text/xml"}, False),
    (ASKED, {"sequence": "00000012", "anything": {"else": 1}}, True),
    (ASKED, {"data.urgency": 1}, True),
    (ASKED, {"data.urgency": 0}, False),
    (ASKED, {"data.urgency": 4}, False),
    (ASKED, {"data.urgency": "3"}, False),
    (ASKED, {"data.phone": "call me"}, False),
    (ASKED, {"data.phone": "（０２１）６２３４５６７８"}, True),  # noqa: RUF001 (wide digits are meant)
    (ASKED, {"data.wanted_at": 1_700_000_000}, False),
    (ASKED, {"data.purchased_on": "2026-03-01T00:00:00Z"}, False),
    (ASKED, {"data.colour": "red"}, False),
    (ASKED, {"data.description": "x" * 50_001}, False),
    (SOLD, {}, True),
    (SOLD, {"data.purchased_on": GONE}, False),
    (SOLD, {"data.phone": ""}, False),
    (SHIPPED, {}, True),
    (SHIPPED, {"data.to": "branch", "data.expected_on": GONE, "data.order_number": GONE}, True),
    (SHIPPED, {"data.to": "moon"}, False),
    (SHIPPED, {"data.waybill": "sf-1402-8766"}, True),
    (SHIPPED, {"data.waybill": ""}, False),
    (SHIPPED, {"data.waybill": "顺丰 1402"}, False),
    (SHIPPED, {"data.serials": []}, False),
    (SHIPPED, {"data.carrier": ""}, False),
    (SHIPPED, {"data.shipped_on": GONE}, False),
    (CANCELLED, {}, True),
    (CANCELLED, {"data.request": GONE}, False),
    (CANCELLED, {"data.reason": ""}, False),
)


def _changed(example: Any, changes: dict[str, Any]) -> Any:
    event = json.loads(json.dumps(example))
    for path, value in changes.items():
        place, name = (event["data"], path.removeprefix("data.")) if path.startswith("data.") else (event, path)
        place[name] = value
        if value is GONE:
            del place[name]
    return event


def _taken(event: Any) -> bool:
    try:
        decode_envelope(json.dumps(event).encode()).event()
    except Malformed:
        return False
    return True


@pytest.mark.parametrize(("kind", "changes", "good"), CASES, ids=[f"{kind} {list(said)}" for kind, said, _ in CASES])
def test_schema_and_code_accept_and_refuse_the_same(root: Path, kind: str, changes: dict[str, Any], good: bool) -> None:
    event = _changed(read(root, kind), changes)

    assert (CHECK[kind].is_valid(event), _taken(event)) == (good, good)


def test_the_plainest_event_of_the_cloudevents_sdk_is_taken_with_an_id_of_its_contact(root: Path) -> None:
    """INT-12: neither `subject` nor `correlationid` is required by CloudEvents 1.0."""
    plain = CloudEvent(
        attributes={name: _attribute(name, read(root, ASKED)[name]) for name in ("id", "source", "type", "time")}
        | {"specversion": "1.0"},
        data=read(root, ASKED)["data"],
    )
    body = JSONFormat().write(plain)
    envelope = decode_envelope(body)

    assert not {"subject", "correlationid"} & json.loads(body).keys()
    assert envelope.subject == envelope.id
    assert envelope.correlationid == decode_envelope(body).correlationid
    other = body.replace(b'"10417"', b'"10418"')
    assert decode_envelope(other).correlationid != envelope.correlationid


def _attribute(name: str, value: str) -> Any:
    return datetime.fromisoformat(value) if name == "time" else value


def test_what_is_wrong_with_a_partners_event_is_said_by_the_partners_contract(root: Path) -> None:
    """A missing `time` is told; that it has no `correlationid` is not, since it needs none."""
    event = _changed(read(root, ASKED), {"time": GONE, "correlationid": GONE})

    with pytest.raises(Malformed) as refused:
        decode_envelope(json.dumps(event).encode())
    assert [wrong["field"] for wrong in refused.value.params["errors"]] == ["time"]
