"""The public page (INT-11): in three languages, for everybody, with nothing from elsewhere."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any, get_args

import pytest

from aftersales.intake.public.api.page import page_texts, render_page
from aftersales.intake.requests.domain.request import RequestState
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


each_locale = pytest.mark.parametrize("locale", LOCALES)


@each_locale
def test_every_field_has_a_label_and_every_section_a_heading(locale: str) -> None:
    read = Reader(render_page(locale)[0])
    labelled = {attrs["for"]: text for attrs, text in read.all("label")}
    fields = [attrs for tag in ("input", "select", "textarea") for attrs, _ in read.all(tag)]
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
    assert {attrs["role"] for attrs, _ in read.all("p") if "role" in attrs} == {"status"}


@each_locale
def test_the_page_says_which_language_it_is_and_offers_the_others(locale: str) -> None:
    read = Reader(render_page(locale)[0])
    assert read.all("html")[0][0]["lang"] == locale
    assert {attrs["href"] for attrs, _ in read.all("a") if "hreflang" in attrs} == {f"?lang={one}" for one in LOCALES}
    assert page_texts(locale)["title"] == read.all("title")[0][1] == read.all("h1")[0][1]
    assert ("viewport", "width=device-width, initial-scale=1") in [
        (attrs.get("name"), attrs.get("content")) for attrs, _ in read.all("meta")
    ]


def test_all_languages_have_the_same_words_and_every_state_has_some() -> None:
    assert len({frozenset(page_texts(locale)) for locale in LOCALES}) == 1
    assert {f"state.{state}" for state in get_args(RequestState)} <= set(page_texts("en"))
    assert len({page_texts(locale)["lookup"] for locale in LOCALES}) == 3
    used = set(re.findall(r"\$(\w+)", (render_page.__wrapped__.__globals__["_file"]("page.html"))))
    assert used - {"lang"} == {name for name in page_texts("en") if "." not in name}


@each_locale
def test_a_browser_runs_what_stands_in_the_page_and_nothing_else(locale: str) -> None:
    text, headers = render_page(locale)
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
        assert answer.text == render_page(locale)[0]
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-frame-options"] == "DENY"
    assert (await intake.http.get("/public/", params={"lang": "fr"})).status_code == 422
    assert (await intake.http.get("/public/requests/x")).headers["x-frame-options"] == "DENY", "errors too"
