"""The public page (INT-11): in three languages, for everybody, with nothing from elsewhere."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_args

import pytest

from aftersales.intake.public.api import page as page_module
from aftersales.intake.public.api.everybody import BranchPhone, Info
from aftersales.intake.public.api.page import PageContent, page_headers, page_texts, render_page
from aftersales.intake.public.domain.own import ComplaintProgress, RequestProgress
from aftersales.policy.model.stages import STAGES
from aftersales.testing.system import RunningService
from aftersales.values.messages import LOCALES

VOID = {"meta", "input", "link", "br", "img"}


class Reader(HTMLParser):
    """Elements with their attributes and texts; complains of what is not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, Any]]] = []
        self.texts: dict[int, str] = {}
        self._open: list[int] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(len(self.elements) - 1)

    def handle_endtag(self, tag):
        assert self.elements[self._open.pop()][0] == tag

    def handle_data(self, data):
        for place in self._open:
            self.texts[place] = self.texts.get(place, "") + data

    def all(self, tag):
        return [(attrs, self.texts.get(n, "").strip()) for n, (name, attrs) in enumerate(self.elements) if name == tag]


BRANCH = BranchPhone(code="BJ01", name="<北京>", complaint_phone="010-6500 1234")
INFO = Info(service_phone="400-800-1234", complaint_phone=None, branches=[BRANCH], price_list="/prices")
INTERNAL = {"review", "handover", "fine"}
"""Stages that customers are not told about."""


def page(locale: str, **content: Any) -> str:
    return render_page(locale, PageContent(INFO, **content))


each_locale = pytest.mark.parametrize("locale", LOCALES)


@each_locale
def test_every_field_has_a_label_and_every_section_a_heading(locale: str) -> None:
    read = Reader(page(locale))
    labelled = {attrs["for"]: text for attrs, text in read.all("label")}
    fields = [attrs for tag in ("input", "select", "textarea") for attrs, _ in read.all(tag)]
    fields = [attrs for attrs in fields if attrs.get("type") != "hidden"]
    assert {attrs["id"] for attrs in fields} == set(labelled)
    assert all(labelled.values())
    ids = [attrs["id"] for _, attrs in read.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    for _, attrs in read.elements:
        for name in ("aria-labelledby", "aria-describedby"):
            assert attrs.get(name, ids[0]) in ids
    assert [attrs["aria-labelledby"] for attrs, _ in read.all("section")] == [
        attrs["id"] for attrs, text in read.all("h2") if text
    ]
    assert all(text for _, text in read.all("button"))
    answered = Reader(page(locale, wrong="<no>"))
    assert [text for attrs, text in answered.all("p") if attrs.get("role") == "status"] == ["<no>"]


@each_locale
def test_the_page_says_which_language_it_is_and_offers_the_others(locale: str) -> None:
    read = Reader(page(locale))
    assert read.all("html")[0][0]["lang"] == locale
    assert {attrs["href"] for attrs, _ in read.all("a") if "hreflang" in attrs} == {f"./?lang={one}" for one in LOCALES}
    assert page_texts(locale)["title"] == read.all("title")[0][1] == read.all("h1")[0][1]
    assert ("viewport", "width=device-width, initial-scale=1") in [
        (attrs.get("name"), attrs.get("content")) for attrs, _ in read.all("meta")
    ]


def test_all_languages_have_the_same_words_and_every_state_has_some() -> None:
    assert len({frozenset(page_texts(locale)) for locale in LOCALES}) == 1
    steps = {*get_args(RequestProgress), *(f"complaint_{step}" for step in get_args(ComplaintProgress))}
    assert {f"step.{step}" for step in steps} <= set(page_texts("en"))
    assert {f"stage.{stage}" for stage in STAGES if stage not in INTERNAL} <= set(page_texts("en"))
    assert not {f"stage.{stage}" for stage in INTERNAL} & set(page_texts("en"))
    assert len({page_texts(locale)["lookup"] for locale in LOCALES}) == 3


def test_no_text_of_the_page_is_unused() -> None:
    parts = Path(page_module.__file__).parent
    used = "".join(file.read_text() for file in parts.iterdir() if file.suffix in {".py", ".html"})
    for name in page_texts("en"):
        assert "." in name or re.search(rf"\b{name}\b|kind_", used), name


@each_locale
def test_int_11_the_service_phone_is_at_the_top_and_the_price_list_is_linked(locale: str) -> None:
    read = Reader(page(locale))
    links = [(attrs["href"], text) for attrs, text in read.all("a") if "hreflang" not in attrs]
    assert links[1:] == [
        ("tel:4008001234", "400-800-1234"),
        ("tel:01065001234", "010-6500 1234"),
        ("/prices", page_texts(locale)["price_list"]),
    ]
    assert "400-800-1234" in read.all("header")[0][1]


def test_what_somebody_typed_stays_in_its_form_and_is_never_read_as_html() -> None:
    typed = {"do": "complain", "number": "SR-1", "text": "</textarea><script>", "kind": "quality", "branch": "BJ01"}
    read = Reader(page("en", given=typed, wrong="x"))
    inputs = {attrs["id"]: attrs.get("value") for attrs, _ in read.all("input") if "id" in attrs}
    assert (inputs["about"], inputs["number"], read.all("textarea")[0][1]) == ("SR-1", "", typed["text"])
    assert [attrs["value"] for attrs, _ in read.all("option") if "selected" in attrs] == ["quality", "BJ01"]
    looked = Reader(page("en", given={"do": "look", "number": '"><b>'}))
    assert [attrs["value"] for attrs, _ in looked.all("input") if attrs.get("id") in {"number", "about"}] == [
        '"><b>',
        "",
    ]


@each_locale
def test_a_browser_runs_what_stands_in_the_page_and_nothing_else(locale: str) -> None:
    text, headers = page(locale), page_headers(locale)
    allowed = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    for tag in ("style", "script"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert allowed[f"{tag}-src"] == f"'sha256-{digest}'"
    assert (allowed["default-src"], allowed["frame-ancestors"]) == ("'none'", "'none'")
    assert "://" not in text, "nothing from elsewhere"
    assert not re.search(r"\s(on\w+|style)=", text), "such a policy forbids them"


async def test_the_page_is_served_in_the_readers_language_with_its_guards(intake: RunningService) -> None:
    for lang, header, locale in (
        ("", "zh-TW,zh;q=0.9", "zh-Hant"),
        ("", "zh-CN", "zh-Hans"),
        ("", "", "en"),
        ("zh-Hans", "en", "zh-Hans"),
    ):
        answer = await intake.http.get(
            "/public/", params={"lang": lang} if lang else {}, headers={"Accept-Language": header}
        )
        assert (answer.status_code, answer.headers["content-language"]) == (200, locale)
        assert page_texts(locale)["lookup"] in answer.text
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-frame-options"] == "DENY"
    assert (await intake.http.get("/public/", params={"lang": "fr"})).status_code == 422
    assert (await intake.http.get("/public/requests/x")).headers["x-frame-options"] == "DENY", "errors too"
