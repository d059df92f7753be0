"""The identity that headquarters sets once for all branches (ALL-2)."""

from typing import Any

import pytest
from intake.samples import JPEG, PE, png
from pydantic import ValidationError

from aftersales.intake.identity.domain import LOGO_MOST, IdentityForm, recognise_logo, text_in
from aftersales.testing import ManualClock
from aftersales.testing.system import RunningService
from aftersales.values.errors import Malformed

IDENTITY: dict[str, Any] = {
    "name": {"zh-Hans": "晨光<家电>", "zh-Hant": "晨光<家電>", "en": "Chenguang <Appliances>"},
    "header": {"zh-Hans": "用心服务"},
    "phone": "400-555-0100",
    "website": "https://service.example.com/?a=1&b=2",
}
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><defs><g id="a"/></defs>{}<path d="M0 0h9v9z"/></svg>'


async def test_all_2_the_company_is_set_once_and_the_public_page_shows_its_name_and_phone(
    intake: RunningService, clock: ManualClock
) -> None:
    unset = await intake.http.get("/identity")
    assert (unset.status_code, unset.json()["code"]) == (404, "identities.unknown")
    intake.runtime.service.settings.service_phone = "400-000-0000"  # type: ignore[attr-defined]
    assert (await intake.http.get("/public/info")).json()["service_phone"] == "400-000-0000", "the setting, until then"

    kept = await intake.http.put("/identity", json=IDENTITY, headers={"X-Actor": "headquarters"})
    assert kept.status_code == 200, kept.text
    again = await intake.http.put("/identity", json=IDENTITY)
    assert again.json()["version"] == 1, "nothing changed"
    clock.advance(minutes=1)
    info = (await intake.http.get("/public/info")).json()
    assert (info["company"], info["service_phone"], info["website"]) == (
        IDENTITY["name"],
        "400-555-0100",
        IDENTITY["website"],
    )
    for lang, name in (("zh-Hans", "晨光&lt;家电&gt;"), ("en", "Chenguang &lt;Appliances&gt;")):
        page = (await intake.http.get("/public/", params={"lang": lang})).text
        assert f'<a href="https://service.example.com/?a=1&amp;b=2">{name}</a>' in page
        assert 'href="tel:4005550100"' in page


async def test_all_2_a_branch_adds_only_its_own_address_and_phone(intake: RunningService, clock: ManualClock) -> None:
    branch = (await intake.http.get("/branches/BJ01")).json()
    form = {name: branch[name] for name in ("name", "zone", "location")}
    own = {"address": "朝阳区建国路 1 号", "phone": "010 6500 1234"}
    changed = (await intake.http.put("/branches/BJ01", json=form | own)).json()
    assert (changed["address"], changed["phone"]) == ("朝阳区建国路 1 号", "+861065001234")
    kept = (await intake.http.put("/branches/BJ01", json=form)).json()
    assert (kept["address"], kept["phone"]) == ("朝阳区建国路 1 号", "+861065001234"), "left out: as stored"
    refused = await intake.http.put("/branches/BJ01", json=form | {"header": {"en": "Our own"}})
    assert refused.status_code == 422
    clock.advance(minutes=1)
    (shown,) = (await intake.http.get("/public/info")).json()["branches"]
    assert (shown["address"], shown["phone"]) == ("朝阳区建国路 1 号", "+861065001234")


async def test_all_2_the_logo_is_kept_with_its_type_and_shown(intake: RunningService) -> None:
    early = await intake.http.put("/identity/logo", content=png())
    assert (early.status_code, early.json()["code"]) == (404, "identities.unknown")
    await intake.http.put("/identity", json=IDENTITY)
    assert (await intake.http.get("/identity/logo")).json()["code"] == "logos.unknown"
    for content, kind in ((png(8), "image/png"), (JPEG, "image/jpeg"), (SVG.format("").encode(), "image/svg+xml")):
        kept = await intake.http.put("/identity/logo", content=content)
        assert kept.json()["logo"]["type"] == kind, kept.text
        shown = await intake.http.get("/identity/logo")
        assert (shown.content, shown.headers["content-type"]) == (content, kind)
        assert "sandbox" in shown.headers["content-security-policy"]
    renamed = await intake.http.put("/identity", json=IDENTITY | {"phone": None})
    assert renamed.json()["logo"]["type"] == "image/svg+xml", "the logo stays"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "identity.logo_unfit"),
        (PE, "identity.logo_unfit"),
        (png(8)[:-9], "identity.logo_unfit"),
        (JPEG[:-2], "identity.logo_unfit"),
        (b"GIF89a\1\0\1\0\0\0\0;", "identity.logo_unfit"),
        (b"<html><svg/></html>", "identity.logo_unfit"),
        (b"<svg", "identity.logo_unfit"),
        (b'<!DOCTYPE svg [<!ENTITY a "x">]><svg>&a;</svg>', "identity.logo_unfit"),
        (SVG.format("").encode("utf-16"), "identity.logo_unfit"),
        (SVG.format("<script>1</script>").encode(), "identity.logo_active"),
        (SVG.format('<g onload="x()"/>').encode(), "identity.logo_active"),
        (SVG.format('<image href="https://elsewhere.example/x.png"/>').encode(), "identity.logo_active"),
        (SVG.format("<style>@import 'x.css';</style>").encode(), "identity.logo_active"),
        (SVG.format('<g fill="url(https://elsewhere.example/#a)"/>').encode(), "identity.logo_active"),
        (SVG.format('<foreignObject width="9"/>').encode(), "identity.logo_active"),
        (SVG.format('<animate attributeName="x"/>').encode(), "identity.logo_active"),
        (png() + b"\0" * LOGO_MOST, "identity.logo_too_large"),
    ],
)
def test_all_2_a_logo_that_is_broken_or_does_something_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(Malformed) as refused:
        recognise_logo(content)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "part", ['<use href="#a"/>', '<g fill="url(#a)"/>', '<image href="data:image/png;base64,AA"/>']
)
def test_a_drawing_may_refer_to_its_own_parts(part: str) -> None:
    plain = '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd">'
    assert recognise_logo((plain + SVG.format(part)).encode()) == "image/svg+xml"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": {}},
        {"name": {"en": " "}},
        {"name": {"fr": "x"}},
        {"phone": "call us"},
        {"phone": '1"><b>'},
        {"website": "javascript:alert(1)"},
        {"website": 'https://x/"><b>'},
    ],
)
def test_an_identity_that_cannot_be_printed_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        IdentityForm.model_validate(IDENTITY | wrong)


def test_a_missing_language_is_shown_in_english_or_any() -> None:
    assert text_in({"en": "a", "zh-Hans": "甲"}, "zh-Hant") == "a"
    assert text_in({"zh-Hans": "甲"}, "en") == "甲"
