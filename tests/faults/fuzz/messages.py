"""Message number n of a seed: always the same one, so that what was found can be sent again."""

import math
import random
import struct
from dataclasses import dataclass, field

from faults.fuzz import bodies, frames
from faults.fuzz.frames import Properties, number, short, table, text, typed
from faults.rig import SERVICES

_KEYS: tuple[str | bytes, ...] = ("", "#", "a" * 255, b"\xff\xfe", "intake.request_registered.v1", "维修")
_TOO_LARGE = 4_300_000
_FRAME = 100_000
"""Bytes that a header may have at most, with room for the rest of its frame."""


@dataclass(frozen=True)
class Odd:
    """One message."""

    what: str
    """How its body was made: `sound`, `forged`, `mutated`, `spoilt`, `again`, `same id` or `too large`."""
    service: str
    """Whose queue it is for."""
    by_partner: bool
    """Whether it goes to the partners' exchange; else straight into the queue."""
    body: bytes
    properties: Properties = field(default_factory=dict)
    key: str | bytes = "fuzz"
    """The routing key, on the partners' exchange."""
    alone: bool = False
    """The broker may close the channel over it, so nothing else is sent along."""


class Maker:
    """`request` is the number of a request that exists, which forged events are about."""

    def __init__(self, seed: int, request: str) -> None:
        self._seed, self._request = seed, request

    def message(self, n: int) -> Odd:
        chance = random.Random(f"{self._seed}/{n}")
        by_partner = chance.random() < 0.6
        service = "intake" if by_partner else chance.choice(SERVICES)
        what, body = self._body(chance, n, by_partner=by_partner)
        properties, alone = _properties(chance)
        key = chance.choice(_KEYS) if chance.random() < 0.1 else "fuzz"
        return Odd(what, service, by_partner, body, properties, key, alone or what == "too large")

    def _body(self, chance: random.Random, n: int, *, by_partner: bool) -> tuple[str, bytes]:
        what = chance.choices(
            ("sound", "forged", "mutated", "spoilt", "again", "same id", "too large"), (6, 20, 40, 25, 5, 4, 0.05)
        )[0]
        event = bodies.sound(chance, n)
        if what in ("again", "same id"):
            earlier = chance.randrange(n + 1)
            event = bodies.sound(random.Random(f"{self._seed}/{earlier}/again"), earlier)
            event["id"] = f"again-{earlier}"
            event |= {"subject": str(n)} if what == "same id" else {}
        elif what == "forged":
            event = bodies.forged(chance, n, self._request)
            if not by_partner:  # in its own queue a service believes what it can read
                event["data"] = chance.choice((None, [], {}, "data", {"order": 1}))
        elif what == "mutated":
            event = bodies.mutated(chance, event)
        special = {"spoilt": lambda: bodies.spoilt(chance, event), "too large": lambda: b"x" * _TOO_LARGE}
        return what, special.get(what, lambda: bodies.written(event))()


def _properties(chance: random.Random) -> tuple[dict[str, bytes], bool]:
    """Properties of chance, and whether the broker may close the channel over them."""
    found = {"delivery_mode": b"\x02", "content_type": short("application/cloudevents+json")}
    if chance.random() < 0.9:
        found["user_id"] = short("guest")
    if chance.random() < 0.5:
        return found, False
    found |= dict(chance.choices(_ODD_PROPERTIES, k=chance.choice((1, 1, 2, 4))))
    if chance.random() < 0.7:
        headers = table(chance.choices(_HEADERS, k=chance.choice((1, 1, 2, 5, 40))))
        found["headers"] = headers if len(headers) < _FRAME else table([])
        if b"x-death" in headers:  # with junk there RabbitMQ 3.10 stops moving what has expired (docs/faults.md)
            found.pop("expiration", None)
    refused = chance.random() < 0.02
    return found | dict([chance.choice(_REFUSED)] if refused else []), refused


_LATEST = struct.pack(">Q", 2**64 - 1)
_ODD_PROPERTIES: tuple[tuple[str, bytes], ...] = (
    *(("content_type", short(kind)) for kind in ("text/plain", "application/json; charset=utf-8", "", b"\xff")),
    ("content_type", short("application/cloudevents-batch+json")),
    *(("content_encoding", short(name)) for name in ("gzip", "utf-16", "x" * 255, b"\xc3\x28")),
    ("delivery_mode", b"\x01"),
    *(("priority", bytes([priority])) for priority in (0, 9, 255)),
    *(("correlation_id", short(name)) for name in ("", "x" * 255, b"\x00\xff")),
    *(("reply_to", short(name)) for name in ("intake.events", "intake.dead", b"\xfe")),
    *(("expiration", short(name)) for name in ("0", "1", "100", "60000", "99999999999")),
    *(("message_id", short(name)) for name in ("", "a|b", "x" * 255, b"\xff\xff")),
    *(("timestamp", raw) for raw in (_LATEST, bytes(8), struct.pack(">Q", 10**12), struct.pack(">Q", 2**62))),
    *(("type", short(name)) for name in ("dispatch.repair_completed.v1", b"\x80")),
    *(("app_id", short(name)) for name in ("/aftersales/dispatch", b"\xf5")),
    ("cluster_id", short("rabbit")),
)
_REFUSED: tuple[tuple[str, bytes], ...] = (
    *(("delivery_mode", bytes([mode])) for mode in (0, 3, 255)),
    *(("expiration", short(name)) for name in ("", "-1", "soon", "1e3")),
    *(("user_id", short(name)) for name in ("nobody", "")),
    *(("headers", table([("x-attempt", typed("d", struct.pack(">d", value)))])) for value in (math.nan, math.inf)),
)
"""RabbitMQ closes the channel, or the connection, over these."""
_DEATH = table(
    [
        ("count", number(2**62)),
        ("queue", text("intake.events")),
        ("reason", text("delivery_limit")),
        ("time", typed("T", _LATEST)),
        ("exchange", text("")),
        ("routing-keys", typed("A", frames.long(text("x")))),
    ]
)
_HEADERS: tuple[tuple[str | bytes, bytes], ...] = (
    *(("x-attempt", number(value)) for value in (2**63 - 1, -(2**63), 2**31, -1, 0, 1, 4, 1000)),
    *(("x-attempt", value) for value in (text("9"), typed("t", b"\x01"), typed("V", b""), frames.nested(3))),
    ("x-attempt", typed("d", struct.pack(">d", 1e308))),
    *(("x-first-failed-at", text(at)) for at in ("", "soon", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00")),
    ("x-first-failed-at", typed("T", struct.pack(">Q", 10**9))),
    ("x-first-failed-at", number(10**18)),
    ("x-death", typed("A", frames.long(typed("F", _DEATH)))),
    ("x-death", text("many times")),
    ("x-death", typed("A", frames.long(number(1)))),
    ("x-first-death-queue", text("intake.events")),
    ("x-delivery-count", number(2**40)),
    ("x-delivery-count", text("20")),
    ("x-error", text("\x00" * 1000)),
    ("x-opt-deaths", typed("F", table([("a", number(1))]))),
    ("CC", typed("A", frames.long(text("dispatch.events")))),
    ("BCC", typed("A", frames.long(text("dispatch.events")))),
    *((f"ce-{name}", text("x")) for name in ("id", "source", "type", "specversion")),
    *((f"cloudEvents:{name}", text("x")) for name in ("id", "source", "type", "specversion")),
    ("", text("no name")),
    (b"\xff\xfe", text("no name in UTF-8")),
    ("bytes", typed("x", frames.long(bytes(range(256))))),
    ("not utf-8", text(b"\xff\xfe\x00")),
    ("decimal", typed("D", b"\xff" + struct.pack(">i", -1))),
    ("float", typed("f", struct.pack(">f", 0.1))),
    ("time", typed("T", _LATEST)),
    ("unsigned", typed("i", b"\xff" * 4)),
    ("small", typed("b", b"\x80")),
    ("long", text("x" * 20_000)),
    ("deep", frames.nested(30)),
    ("deeper", frames.nested(3000)),
)
"""Names and values, those of RabbitMQ, of CloudEvents and of ours among them."""
