"""The AsyncAPI document: AsyncAPI 3.0 in structure, no reference hangs loose, and it says what the services declare."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from contracts.asyncapi import asyncapi
from contracts.catalogue import PARTNERS, catalogue, services

CONTRACTS = catalogue(services())
DOCUMENT = asyncapi(CONTRACTS)
ALLOWED = {
    "": {"asyncapi", "info", "servers", "defaultContentType", "channels", "operations", "components"},
    "server": {"host", "protocol", "protocolVersion", "description"},
    "channel": {"address", "messages", "bindings"},
    "operation": {"action", "summary", "channel", "messages", "bindings"},
    "message": {"name", "title", "summary", "contentType", "correlationId", "payload"},
}
"""The fields that AsyncAPI 3.0.0 knows for each object, as far as they are used here."""


def faults(document: Any, folder: Path) -> Iterator[str]:
    """Say what is not AsyncAPI 3.0, and which reference leads nowhere."""
    if document["asyncapi"] != "3.0.0" or not {"title", "version"} <= document["info"].keys():
        yield "no AsyncAPI 3.0.0"
    yield from _strange("", document)
    for server in document["servers"].values():
        yield from _strange("server", server)
    for name, channel in document["channels"].items():
        yield from _strange("channel", channel)
        if channel["address"] != name:
            yield f"{name} has another address"
    for name, operation in document["operations"].items():
        yield from _strange("operation", operation)
        if operation["action"] not in {"send", "receive"}:
            yield f"{name}: {operation['action']} is no action"
        if any(not ref["$ref"].startswith(operation["channel"]["$ref"]) for ref in operation["messages"]):
            yield f"{name} has a message of another channel"
    for message in document["components"]["messages"].values():
        yield from _strange("message", message)
    yield from _loose(document, document, folder)


def _strange(kind: str, part: Any) -> Iterator[str]:
    if unknown := set(part) - ALLOWED[kind]:
        yield f"{kind or 'document'} has {sorted(unknown)}"


def _loose(part: Any, document: Any, folder: Path) -> Iterator[str]:
    for key, value in part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ():
        if key == "$ref" and not _leads_somewhere(value, document, folder):
            yield f"{value} leads nowhere"
        yield from _loose(value, document, folder)


def _leads_somewhere(reference: str, document: Any, folder: Path) -> bool:
    if not reference.startswith("#/"):
        return (folder / reference).is_file()
    for step in reference.removeprefix("#/").split("/"):
        if step not in document:
            return False
        document = document[step]
    return True


def test_the_document_is_asyncapi_3_and_whole(root: Path) -> None:
    written = json.loads((root / "contracts" / "asyncapi.json").read_text())

    assert list(faults(written, root / "contracts")) == []
    assert written == DOCUMENT


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda document: document["channels"].pop("intake.heartbeat.v1"), "heartbeat.v1 leads nowhere"),
        (lambda document: document["components"]["messages"].pop("intake.heartbeat.v1"), "heartbeat.v1 leads nowhere"),
        (
            lambda document: document["components"]["messages"]["intake.heartbeat.v1"]["payload"].update(
                schema={"$ref": "./schemas/intake.beat.v1.schema.json"}
            ),
            "intake.beat.v1.schema.json leads nowhere",
        ),
        (lambda document: document.update(asyncapi="2.6.0"), "no AsyncAPI 3.0.0"),
        (lambda document: document.update(tags={}, topics={}), "document has ['tags', 'topics']"),
        (
            lambda document: document["operations"]["intake.sends.intake.heartbeat.v1"].update(action="publish"),
            "publish is no action",
        ),
        (lambda document: document["channels"]["intake.heartbeat.v1"].update(address="x"), "has another address"),
    ],
)
def test_a_fault_is_found(root: Path, harm: Callable[[Any], Any], said: str) -> None:
    broken = deepcopy(DOCUMENT)
    harm(broken)

    assert any(said in fault for fault in faults(broken, root / "contracts"))


def test_each_event_is_sent_by_its_producer_and_received_by_each_that_listens() -> None:
    sent = {name.split(".sends.")[1]: name.split(".sends.")[0] for name in DOCUMENT["operations"] if ".sends." in name}
    received = {tuple(name.split(".receives.")) for name in DOCUMENT["operations"] if ".receives." in name}

    assert sent == {contract.type: contract.producer for contract in CONTRACTS}
    assert received == {(listener, contract.type) for contract in CONTRACTS for listener in contract.consumers}


def test_partners_have_an_exchange_of_their_own() -> None:
    exchanges = {
        contract.producer: DOCUMENT["channels"][contract.type]["bindings"]["amqp"]["exchange"]["name"]
        for contract in CONTRACTS
    }

    assert exchanges.pop(PARTNERS) == "aftersales.partners"
    assert set(exchanges.values()) == {"aftersales.events"}
