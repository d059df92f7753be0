"""Bodies that a partner, a bug or an attacker may send: hardly any of them is an event."""

import gzip
import json
import random
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

EXAMPLES = {
    path.stem: json.loads(path.read_text())
    for path in sorted((Path(__file__).parents[3] / "contracts" / "examples").glob("*.json"))
}
"""A sound event of each type."""
INTERNAL = tuple(name for name in EXAMPLES if not name.startswith("partner."))
_ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    0.1,
    2**31,
    2**63,
    2**64,
    10**40,
    -(10**40),
    1e308,
    float("nan"),
    float("inf"),
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "\u202egnp.exe",
    "😀" * 100,
    "张" * 300,
    "x" * 70_000,
    "../../etc/passwd",
    "$where",
    "a/b|c d",
    "2026-13-45T99:99:99Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59+14:00",
    "1970-01-01",
    [],
    {},
    [[]],
    {"$ne": 1},
    {"$set": {"a.b": 1}},
    {"__proto__": {"x": 1}},
)
_LARGE = 3_900_000
"""Bytes; the broker takes 4 MiB."""


def sound(chance: random.Random, number: int) -> dict[str, Any]:
    """A partner's event that is as it should be: a request, or the sale of a product."""
    data: dict[str, Any] = {
        "branch": "sh-01",
        "customer_name": chance.choice(("王芳", "Ann O'Neil", "مريم")),
        "phone": f"139{number:08d}",
        "address": "人民路 2 号",
        "serial": f"FUZZ-{number}",
        "model": "BCD-470",
        "line": "television",
    }
    kind = chance.choice(("service_request", "product_sold"))
    data |= {"fault": "dark"} if kind == "service_request" else {"purchased_on": "2026-11-01"}
    return envelope(f"fuzz-{number}", f"partner.{kind}.v1", data)


def envelope(id: str, type: str, data: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": id,
        "source": "/partners/fuzz",
        "type": type,
        "subject": "FUZZ",
        "time": "2026-11-29T10:00:00Z",
        "correlationid": id,
        "data": data,
    }


def forged(chance: random.Random, number: int, request: str) -> dict[str, Any]:
    """An event that only a service may say, about a request that exists."""
    event = json.loads(json.dumps(EXAMPLES[chance.choice(INTERNAL)]).replace("261123-2AYP", request[3:]))
    event["id"] = f"forged-{number}"
    return dict(event)


def mutated(chance: random.Random, event: dict[str, Any]) -> dict[str, Any]:
    """Change, remove or add some fields, of the envelope or of the data."""
    event = dict(event) | {"data": dict(event["data"])}
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        place = event if chance.random() < 0.5 or not isinstance(event.get("data"), dict) else event["data"]
        name = chance.choice([*place, "unknown", "$set", "a.b", ""])
        if chance.random() < 0.2:
            place.pop(name, None)
        else:
            place[name] = chance.choice(_ODD)
    return event


def written(value: Any) -> bytes:
    """As JSON, with what JSON does not have (NaN, lone surrogates)."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _nothing_like_it(chance: random.Random, _event: dict[str, Any]) -> bytes:
    return chance.choice((b"", b"\x00", chance.randbytes(chance.randrange(2000)), b"\xff\xfe{}", b"<event/>", b"id=1"))


def _other_json(chance: random.Random, event: dict[str, Any]) -> bytes:
    return written(chance.choice((*_ODD, [event], [event, event], {"event": event}, json.dumps(event))))


def _deep(chance: random.Random, event: dict[str, Any]) -> bytes:
    depth = chance.choice((100, 3000, 100_000))
    deep = b'{"a":' * depth + b"1" + b"}" * depth if chance.random() < 0.5 else b"[" * depth + b"]" * depth
    return deep if chance.random() < 0.5 else written(event | {"data": 0}).replace(b'"data": 0', b'"data": ' + deep)


def _numbers(chance: random.Random, event: dict[str, Any]) -> bytes:
    digits = chance.choice((b"1e400", b"-1e400", b"9" * 5000, b"0x10", b"-0", b"1.7976931348623159e308", b"NaN"))
    name = chance.choice(("sequence", "time", "id", "data"))
    return written(event | {name: 987_654}).replace(b"987654", digits)


def _encoded(chance: random.Random, event: dict[str, Any]) -> bytes:
    raw = json.dumps(event, ensure_ascii=False)
    ways: tuple[Callable[[], bytes], ...] = (
        lambda: raw.encode("utf-16"),
        lambda: raw.encode("utf-32"),
        lambda: raw.encode("gb18030", "replace"),
        lambda: b"\xef\xbb\xbf" + raw.encode(),
        lambda: gzip.compress(raw.encode(), mtime=0),
        lambda: zlib.compress(raw.encode()),
        lambda: raw.encode()[:-10],
        lambda: raw.encode() + b" trailing",
        lambda: raw.encode().replace(b'"id"', b'"id": "first", "id"', 1),
    )
    return chance.choice(ways)()


def _only_data(_chance: random.Random, event: dict[str, Any]) -> bytes:
    """As in binary mode, where the rest stands in the headers."""
    return written(event["data"])


def _large(chance: random.Random, event: dict[str, Any]) -> bytes:
    filling = chance.choice(("x" * _LARGE, [0] * 400_000, {str(n): n for n in range(100_000)}))
    return written(event | {"filling": filling} if chance.random() < 0.5 else event | {"data": filling})


UNREADABLE: tuple[tuple[Callable[[random.Random, dict[str, Any]], bytes], int], ...] = (
    (_nothing_like_it, 20),
    (_other_json, 20),
    (_deep, 5),
    (_numbers, 15),
    (_encoded, 20),
    (_only_data, 10),
    (_large, 1),
)
"""Ways to spoil an event, each with its weight."""


def spoilt(chance: random.Random, event: dict[str, Any]) -> bytes:
    ways, weights = zip(*UNREADABLE, strict=True)
    return bytes(chance.choices(ways, weights)[0](chance, event))
