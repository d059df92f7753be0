"""AMQP 0-9-1 frames for one message, byte by byte: a client library would refuse to send most of these."""

import struct
from collections.abc import Iterable, Mapping

Properties = Mapping[str, bytes]
"""Each property as it stands on the wire (AMQP 0-9-1, section 4.2)."""
_ORDER = (
    "content_type",
    "content_encoding",
    "headers",
    "delivery_mode",
    "priority",
    "correlation_id",
    "reply_to",
    "expiration",
    "message_id",
    "timestamp",
    "type",
    "user_id",
    "app_id",
    "cluster_id",
)
_METHOD, _HEADER, _BODY, _END = 1, 2, 3, b"\xce"
_BASIC, _PUBLISH = 60, 40


def short(text: str | bytes) -> bytes:
    """A short string: at most 255 bytes, and of any encoding as far as the broker is concerned."""
    raw = text.encode() if isinstance(text, str) else text
    return bytes([len(raw)]) + raw


def long(raw: str | bytes) -> bytes:
    raw = raw.encode() if isinstance(raw, str) else raw
    return struct.pack(">I", len(raw)) + raw


def table(fields: Iterable[tuple[str | bytes, bytes]]) -> bytes:
    """A table of names and typed values (`typed`)."""
    return long(b"".join(short(name) + value for name, value in fields))


def typed(letter: str, raw: bytes) -> bytes:
    """A value with the letter of its type."""
    return letter.encode() + raw


def number(value: int) -> bytes:
    """A signed integer of 64 bits, typed."""
    return typed("l", struct.pack(">q", value))


def text(value: str | bytes) -> bytes:
    """A long string, typed."""
    return typed("S", long(value))


def nested(depth: int) -> bytes:
    """A table in a table in a table."""
    value = typed("V", b"")
    for _ in range(depth):
        value = typed("F", table([("a", value)]))
    return value


def publish(channel: int, exchange: str, key: str | bytes, properties: Properties, body: bytes) -> bytes:
    """All frames of one message, as `basic.publish` sends them."""
    method = struct.pack(">HHH", _BASIC, _PUBLISH, 0) + short(exchange) + short(key) + b"\x00"
    chunks = [body[start : start + 100_000] for start in range(0, len(body), 100_000)]
    return b"".join(
        [_frame(_METHOD, channel, method), _frame(_HEADER, channel, header(properties, body))]
        + [_frame(_BODY, channel, chunk) for chunk in chunks]
    )


def header(properties: Properties, body: bytes) -> bytes:
    """What stands in the content header's frame."""
    flags = sum(1 << (15 - place) for place, name in enumerate(_ORDER) if name in properties)
    values = b"".join(properties[name] for name in _ORDER if name in properties)
    return struct.pack(">HHQH", _BASIC, 0, len(body), flags) + values


def _frame(kind: int, channel: int, payload: bytes) -> bytes:
    return struct.pack(">BHI", kind, channel, len(payload)) + payload + _END
