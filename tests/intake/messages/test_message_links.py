"""Links in messages show the present state of the request, without number and phone (INT-11)."""

import json
import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from intake.staff import register, say
from pydantic import SecretStr

from aftersales.common.signed_links import LinkSigner
from aftersales.intake.public.api.page import page_texts
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.testing import eventually

PAGE = "https://service.example/public/"
KEY = SecretStr("k" * 32)


@pytest.fixture
async def linked(start, tmp_path):
    """Intake with a gateway, and the link of the message about a new request."""
    lines = tmp_path / "sent.jsonl"
    more = {"link_keys": KEY, "public_url": PAGE, "public_lookups": 100}
    async with start(gateways={"message": "file"}, message_file=str(lines), **more) as intake:
        number = await register(intake, channel="phone")

        async def told() -> Any:
            return lines.exists() and [json.loads(line)["text"] for line in lines.read_text().splitlines()]

        (text,) = await eventually(told)
        found = re.search(r"https://\S+", text)
        assert found, text
        yield intake, number, found[0]


async def follow(intake, link: str, **more: str):
    query = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    return await intake.http.get("/public/", params=query | more)


def told(answer) -> list[str]:
    return [unescape(text) for text in re.findall(r'role="status">([^<]*)<', answer.text)]


async def test_a_link_shows_the_request_in_the_language_of_the_message(linked):
    intake, number, link = linked
    assert link.startswith(PAGE)
    page = await follow(intake, link)
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
    assert page.headers["content-language"] == "zh-Hant"
    assert f"<dd>{number}</dd>" in page.text
    assert told(page) == [page_texts("zh-Hant")["link.same"]]
    assert "王芳" not in page.text
    assert "13800138000" not in page.text


async def test_opening_a_link_changes_nothing(linked):
    intake, number, link = linked
    before = await intake.get(ServiceRequest, number)
    for _ in range(5):
        await follow(intake, link)
    assert await intake.get(ServiceRequest, number) == before


@pytest.mark.parametrize("lang", ["zh-Hans", "zh-Hant", "en"])
async def test_a_link_from_before_a_change_leads_to_the_present_state(linked, lang):
    intake, number, link = linked
    await say(intake, "POST", f"/requests/{number}/cancel", reason="客户取消")
    page = await follow(intake, link, lang=lang)
    assert told(page) == [page_texts(lang)["link.changed"]]
    assert f"<dd>{page_texts(lang)['step.cancelled']}</dd>" in page.text


@pytest.mark.parametrize("lang", ["zh-Hans", "zh-Hant", "en"])
async def test_an_expired_link_leads_to_the_form_with_the_number(linked, clock, lang):
    intake, number, link = linked
    clock.advance(days=30)
    page = await follow(intake, link, lang=lang)
    assert (page.status_code, told(page)) == (200, [page_texts(lang)["link.expired"]])
    assert f'value="{number}"' in page.text
    assert "<dl" not in page.text


async def test_a_link_to_a_request_that_is_not_there_any_more_says_so(linked, clock):
    intake, _, _ = linked
    token = intake.runtime.service.settings.link_signer.sign("request", "SR-261122-0000", 1, clock.now())
    page = await intake.http.get("/public/", params={"link": token, "lang": "en"})
    assert (page.status_code, told(page)) == (200, [page_texts("en")["link.gone"]])


async def test_a_forged_link_and_one_for_another_purpose_show_the_form_and_no_request(linked, clock):
    intake, number, _ = linked
    settings = intake.runtime.service.settings
    forged = LinkSigner(SecretStr("x" * 32), settings.link_lasts).sign("request", number, 1, clock.now())
    survey = settings.link_signer.sign("survey", number, 1, clock.now())
    for token in (forged, survey, "x"):
        page = await intake.http.get("/public/", params={"link": token, "lang": "en"})
        assert (page.status_code, number in page.text) == (404, False)
        assert told(page)[0].startswith("This link is not complete")


async def test_the_page_of_a_link_in_another_language_keeps_the_link(linked):
    intake, number, link = linked
    page = await follow(intake, link)
    other = re.search(r'href="\./(\?lang=en[^"]*)"', page.text)
    assert other
    assert number in (await intake.http.get(f"/public/{unescape(other[1])}")).text


async def test_without_a_key_messages_have_no_link(start, tmp_path):
    lines = tmp_path / "sent.jsonl"
    async with start(gateways={"message": "file"}, message_file=str(lines), public_url=PAGE) as intake:
        await register(intake, channel="phone")

        async def said() -> Any:
            return lines.exists() and lines.read_text()

        assert "https://" not in await eventually(said)
