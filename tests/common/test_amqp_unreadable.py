"""A message whose properties or key cannot be decoded is judged by its body, and the next one is handled."""

import inspect
import struct

import aiormq
import pytest
from aiormq.abc import ChannelFrame
from aiormq.connection import FrameReceiver
from common.counter import Add, Counter
from faults.fuzz.frames import nested, publish, short, table, text, typed
from pamqp import frame

from aftersales.common.amqp import tolerant
from aftersales.common.dead_letters import StoredDeadLetter
from aftersales.testing import eventually
from aftersales.testing.system import make_envelope
from aftersales.values import uuid7

_LATEST = struct.pack(">Q", 2**64 - 1)
UNREADABLE = {
    "a content type that is not UTF-8": {"content_type": short(b"\xff\xfe")},
    "a message id that is not UTF-8": {"message_id": short(b"\xff")},
    "a timestamp beyond the calendar": {"timestamp": _LATEST},
    "a header's name that is not UTF-8": {"headers": table([(b"\xff", text("x"))])},
    "a header's time beyond the calendar": {"headers": table([("t", typed("T", _LATEST))])},
    "a header of a thousand levels": {"headers": table([("deep", nested(1000))])},
    "readable properties": {"content_type": short("text/plain")},
}


async def send(running_service, properties, body, key=None):
    """As raw frames: no client would send these. `key`: to the events' exchange, else into the queue."""
    connection = await aiormq.connect(running_service.runtime.service.settings.amqp_url.get_secret_value())
    channel = await connection.channel(publisher_confirms=True)
    channel.delivery_tag += 1
    answer = channel.confirmations[channel.delivery_tag] = channel.create_future()
    exchange, key = (
        ("", running_service.runtime.topology.queue) if key is None else (running_service.runtime.topology.events, key)
    )
    raw = publish(channel.number, exchange, key, properties, body)
    await channel.write_queue.put(ChannelFrame(raw, should_close=False))
    await answer
    await connection.close()


async def total(counter, wanted):
    async def reached():
        found = await counter.get(Counter, "c")
        return found is not None and found.total == wanted

    await eventually(reached)


@pytest.mark.parametrize("properties", UNREADABLE.values(), ids=UNREADABLE)
async def test_an_event_with_unreadable_properties_is_handled(counter, properties):
    event = make_envelope(Add(counter="c", amount=2), id=uuid7(), subject="c", time="2026-11-29T10:00:00Z")
    await send(counter, properties, event)
    await counter.deliver(Add(counter="c", amount=3))
    await total(counter, 5)


async def test_nonsense_with_unreadable_properties_is_parked(counter):
    await send(counter, {"timestamp": _LATEST, "content_type": short(b"\xff")}, b"nonsense")

    async def parked():
        return await counter.find(StoredDeadLetter)

    (row,) = await eventually(parked)
    assert (row.reason, row.body) == ("event.malformed", b"nonsense")


async def test_a_routing_key_that_is_not_utf_8_stops_nobody(counter):
    """A partner chooses the key; the partners' exchange takes every one."""
    channel = counter.runtime.bus._channel
    queue = await channel.get_queue(counter.runtime.topology.queue, ensure=False)
    await queue.bind(counter.runtime.topology.events, "#")
    event = make_envelope(Add(counter="c", amount=2), id=uuid7(), subject="c", time="2026-11-29T10:00:00Z")
    await send(counter, {}, event, key=b"\xff\xfe")
    await counter.deliver(Add(counter="c", amount=3))
    await total(counter, 5)


def test_the_driver_decodes_frames_by_the_function_that_is_replaced():
    assert frame.unmarshal is tolerant.unmarshal_frame
    assert "pamqp.frame.unmarshal(" in inspect.getsource(FrameReceiver.get_frame)


def test_a_frame_that_is_no_delivery_is_refused_as_before():
    with pytest.raises(frame.exceptions.UnmarshalingException):
        tolerant.unmarshal_frame(struct.pack(">BHI", 1, 1, 4) + b"\xff" * 4 + b"\xce")
