"""The AsyncAPI 3.0 document: a channel per event type on the topic exchange, an operation per service and type."""

from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

from contracts.catalogue import PARTNERS, Contract, topology
from deploy.local.place import PORTS

from aftersales.common.amqp.publisher import CONTENT_TYPE
from aftersales.common.http.docstrings import read_class_doc

Document = dict[str, Any]
BINDING_VERSION = "0.3.0"
_DESCRIPTION = """\
Events of after-sales service as CloudEvents 1.0 in structured JSON. Events of the services go to the topic exchange
{events} under their types; the stream {journal} keeps them for 7 days (read it with a prefetch and x-stream-offset),
and each service takes the types it listens to from a quorum queue of its own. Partners publish to {partners}, with the
property user_id.
An event may arrive more than once (its `id` tells) and in any order (`sequence` tells what is old)."""


def asyncapi(contracts: Iterable[Contract]) -> Document:
    """The whole document; message payloads refer to the schemas beside it."""
    known = tuple(contracts)
    operations: dict[str, Document] = {}
    for contract in known:
        operations |= _operations(contract)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "aftersales",
            "version": version("aftersales-common"),
            "description": _described(),
            "license": {"name": "Apache-2.0"},
        },
        "servers": {
            "local": {
                "host": f"127.0.0.1:{PORTS['AMQP']}",
                "protocol": "amqp",
                "protocolVersion": "0.9.1",
                "description": "RabbitMQ of `make up`, virtual host `/`; elsewhere it is AFTERSALES_AMQP_URL.",
            }
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {contract.type: _channel(contract) for contract in known},
        "operations": operations,
        "components": {"messages": {contract.type: _message(contract) for contract in known}},
    }


def _described() -> str:
    names = topology("")
    return _DESCRIPTION.format(events=names.events, journal=names.journal, partners=names.partner_exchange)


def _channel(contract: Contract) -> Document:
    names = topology("")
    exchange = names.partner_exchange if contract.producer == PARTNERS else names.events
    return {
        "address": contract.type,
        "messages": {"event": {"$ref": f"#/components/messages/{contract.type}"}},
        "bindings": {
            "amqp": {
                "is": "routingKey",
                "exchange": {"name": exchange, "type": "topic", "durable": True, "autoDelete": False},
                "bindingVersion": BINDING_VERSION,
            }
        },
    }


def _operations(contract: Contract) -> dict[str, Document]:
    made = {f"{contract.producer}.sends.{contract.type}": _operation("send", contract, f"{contract.producer} says it.")}
    for consumer in contract.consumers:
        summary = f"{consumer} listens, on its queue {topology(consumer).queue}."
        made[f"{consumer}.receives.{contract.type}"] = _operation("receive", contract, summary)
    return made


def _operation(action: str, contract: Contract, summary: str) -> Document:
    binding: Document = {"ack": True, "bindingVersion": BINDING_VERSION}
    if action == "send":
        binding |= {"deliveryMode": 2, "mandatory": True}
    return {
        "action": action,
        "summary": summary,
        "channel": {"$ref": f"#/channels/{contract.type}"},
        "messages": [{"$ref": f"#/channels/{contract.type}/messages/event"}],
        "bindings": {"amqp": binding},
    }


def _message(contract: Contract) -> Document:
    message = {
        "name": contract.type,
        "title": contract.kind.__name__,
        "summary": read_class_doc(contract.kind),
        "contentType": CONTENT_TYPE,
        "correlationId": {"location": "$message.payload#/correlationid"},
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-07",
            "schema": {"$ref": f"./schemas/{contract.type}.schema.json"},
        },
    }
    return {key: value for key, value in message.items() if value}
