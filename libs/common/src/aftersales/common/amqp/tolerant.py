"""Decoding of messages that the driver cannot decode: without their properties, or with a readable key.

RabbitMQ passes on whatever a publisher wrote: names that are not UTF-8, a `timestamp` of the year 584 556 019, a table
with a thousand levels. pamqp raises an error, aiormq ends the connection, and the broker delivers the message again, so
that one message would stop a service permanently. pamqp 4.0 and aiormq 7.2 offer no hook, so the function that both use
is replaced; a contract test checks that it is the one in use.
"""

import struct

from pamqp import commands, constants, frame, header
from pamqp.exceptions import PAMQPException

from aftersales.common.telemetry import log

_UNREADABLE = (PAMQPException, ValueError, LookupError, TypeError, OverflowError, RecursionError, struct.error)
_decode = frame.unmarshal
_FIXED = ">HHQ"
"""The fixed part of a content header: class, weight and body size (AMQP 0-9-1, section 2.3.5.2)."""


def unmarshal_frame(data_in: bytes) -> tuple[int, int, frame.FrameTypes]:
    """Decode a frame like pamqp, but also a delivery or properties that pamqp cannot decode."""
    try:
        return _decode(data_in)
    except _UNREADABLE as error:
        kind, channel, size = struct.unpack_from(">BHI", data_in)
        payload = data_in[constants.FRAME_HEADER_SIZE : constants.FRAME_HEADER_SIZE + size]
        replaced = _bare_header(payload) if kind == constants.FRAME_HEADER else _readable_delivery(kind, payload)
        if replaced is None:
            raise
        log.warning("amqp.properties_unreadable", error=f"{type(error).__name__}: {error}"[:200])
        return constants.FRAME_HEADER_SIZE + size + 1, channel, replaced


def _bare_header(payload: bytes) -> header.ContentHeader:
    _class, weight, body_size = struct.unpack_from(_FIXED, payload)
    return header.ContentHeader(weight, body_size, commands.Basic.Properties())


def _readable_delivery(kind: int, payload: bytes) -> commands.Basic.Deliver | None:
    """Return a `basic.deliver` whose names need not be UTF-8, or None if it is another frame."""
    if kind != constants.FRAME_METHOD or struct.unpack_from(">I", payload)[0] != commands.Basic.Deliver.index:
        return None
    tag, rest = _name(payload[4:])
    delivery, again = struct.unpack_from(">QB", rest)
    exchange, rest = _name(rest[9:])
    key, _ = _name(rest)
    return commands.Basic.Deliver(tag, delivery, bool(again), exchange, key)


def _name(data: bytes) -> tuple[str, bytes]:
    """Return a short string, and the data after it."""
    end = 1 + data[0]
    return data[1:end].decode(errors="replace"), data[end:]


frame.unmarshal = unmarshal_frame
