"""Documents of messages, the list of templates, and the words of a message from the archive."""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from aftersales.common.events.intake import Language
from aftersales.engine import Aggregate, Index, Reads
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.network.domain import LEVELS, Branch, Person, Role
from aftersales.intake.requests.domain.link import RequestLinks
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.values.messages import render_message

from .domain.message import CustomerMessage, WordedMessage
from .domain.template import Template

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    CustomerMessage: (
        Index("branch", "state", "-_id"),
        Index("branch", "-_id"),
        Index("state", "-_id"),
        Index("customer"),
        Index("-changed_at", "-_id"),
    ),
}


@cache
def packaged_templates() -> dict[str, Template]:
    """Return all templates by code."""
    rows = tomllib.loads(files(__package__).joinpath("templates.toml").read_text("utf-8"))
    return {code: Template.model_validate(row) for code, row in rows.items()}


async def put_into_words(
    mongo: Reads, messages: Sequence[CustomerMessage], fallback: Language, links: RequestLinks | None = None
) -> list[WordedMessage]:
    """Return messages with name, number or address, and text in the customer's language, with a link to the request."""
    versions = await _versions(mongo, messages) if links else {}
    people = {one.id: one for one in await mongo.find(Customer, _among(one.customer for one in messages))}
    branches = {one.id: one for one in await mongo.find(Branch, _among(one.branch for one in messages))}
    staff = {one.id: one for one in await mongo.find(Person, _among(one.params.get("technician") for one in messages))}
    roles = {one.id: one for one in await mongo.find(Role, _among(LEVELS))}

    def worded(message: CustomerMessage) -> WordedMessage:
        customer = people[message.customer]
        language: Language = customer.language or fallback
        level, technician = message.params.get("level", ""), message.params.get("technician", "")
        person = staff.get(technician)
        zone = branches[message.branch].zone if message.branch in branches else "UTC"
        words = {name: _shown(message.params, name, language, zone) for name in message.params} | {
            "customer": customer.name,
            "level": roles[level].title.by_language.get(language, level) if level in roles else level,
            "technician": f"{person.name} {person.phone or ''}".strip()
            if person
            else render_message("message.our_technician", language, {}),
        }
        text = packaged_templates()[message.template].text(language)
        told = re.sub(r"\{(\w+)\}", lambda found: words.get(found[1], found[0]), text)
        if links and (version := versions.get(message.request)):
            told += _link_words(links.address(message.request, version, message.created_at, language), language)
        to = {"phone": customer.dialled, "message": customer.phone, "letter": customer.address, "email": customer.email}
        to |= dict.fromkeys(("chat", "social"), customer.chat_id or customer.wechat)
        about = {"name": customer.name, "to": to.get(message.channel or "") or "", "language": language, "text": told}
        return WordedMessage.model_construct(**dict(message) | about)

    return [worded(message) for message in messages]


async def _versions(mongo: Reads, messages: Sequence[CustomerMessage]) -> dict[str, int]:
    """Return the present versions of the requests that the messages are about."""
    about = _among(one.request for one in messages)
    rows = await mongo.rows(ServiceRequest.COLLECTION, about, only=("version",)) if messages else []
    return {row["_id"]: row["version"] for row in rows}


def _link_words(address: str, language: Language) -> str:
    return render_message("message.your_request", language, {"link": address}) if address else ""


def _among(ids: Iterable[str | None]) -> dict[str, dict[str, list[str]]]:
    return {"_id": {"$in": sorted({id for id in ids if id})}}


def _shown(params: Mapping[str, str], name: str, language: Language, zone: str) -> str:
    """Return a parameter as the customer reads it: in their language, and a time in the branch's zone."""
    value = params.get(f"{name}.{language}") or params[name]
    return (
        f"{datetime.fromisoformat(value).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}" if name.endswith("_at") else value
    )
