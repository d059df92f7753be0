"""The public page: one HTML file, with its texts in every language in a file beside it."""

import base64
import hashlib
import html
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args
from urllib.parse import urlencode

if TYPE_CHECKING:
    from .everybody import Info
    from .lookups import OwnComplaint, OwnRequest

from aftersales.common.events.intake import ComplaintKind
from aftersales.intake.identity.domain import text_in
from aftersales.intake.prices.domain import PriceRow, PriceSpan
from aftersales.values.prices import price_words

PRICES = "/public/prices"
"""The address of the price list."""
Locale = Literal["zh-Hans", "zh-Hant", "en"]
_TYPED = ("number", "phone_tail", "text", "name", "phone")
"""Fields whose text stays in the form when it is refused."""


class PricesShown(NamedTuple):
    """What the section of prices shows."""

    rows: Sequence[PriceRow] = ()
    q: str = ""
    """The words that the reader looked for."""
    next: str | None = None
    """The cursor of the next page."""
    wrong: str = ""
    """Why nothing was looked up."""


class PageContent(NamedTuple):
    """What a page shows besides its own texts."""

    info: "Info"
    given: Mapping[str, str] = {}
    """The form as the reader filled it in."""
    found: "OwnRequest | OwnComplaint | None" = None
    received: str = ""
    """The number of the complaint that was just received."""
    wrong: str = ""
    """Why the form was refused."""
    note: str = ""
    """What the link that the reader followed leads to."""
    link: str = ""
    """The token of that link, which the same page in another language needs."""
    prices: PricesShown = PricesShown()

    @property
    def complains(self) -> bool:
        return self.given.get("do") == "complain"


@cache
def page_texts(locale: str) -> Mapping[str, str]:
    """Return all texts of the page in one language, and those for states, stages and times (`stage.…`)."""
    texts: dict[str, str] = tomllib.loads(_file("page.toml"))[locale]
    return texts


def render_page(locale: str, content: PageContent) -> str:
    """Return the page in one language, with the answer to its form."""
    said = page_texts(locale)
    safe = {name: html.escape(text) for name, text in said.items() if "." not in name}
    given, kind = content.given, content.given.get("kind", "service")
    own = ("about", "number") if content.complains else ("number", "about")
    typed = {f"{name}_typed": html.escape(given.get(name, "")) for name in _TYPED} | {
        "about_typed": "",
        "number_typed": "",
    }
    typed[f"{own[0]}_typed"] = html.escape(given.get("number", ""))
    kinds = [(one, said[f"kind_{one}"]) for one in get_args(ComplaintKind)]
    branches = [("", said["any_branch"]), *((branch.code, branch.name) for branch in content.info.branches)]
    blocks = {
        "kinds": _options(kinds, kind),
        "branches": _options(branches, given.get("branch", "")),
        "found": _found(said, content),
        "look_said": "" if content.complains else _said(content.wrong, "bad"),
        "complain_said": _said(content.wrong, "bad") if content.complains else "",
        "company": _company(content.info, locale),
        "service": _service_phone(said, content.info),
        "phone_list": _phones(said, content.info),
        "price_rows": _prices(said, content.prices, locale),
        "price_link": _price_link(said, content.info),
        "price_typed": html.escape(content.prices.q),
    }
    kept = f"&{urlencode({'link': content.link})}" if content.link else ""
    typed["link_kept"] = html.escape(kept)
    if content.received:
        blocks["complain_said"] = _said(f"{said['received']} {content.received}", "good")
    return Template(_file("page.html")).substitute(safe | typed | blocks, lang=locale)


def _options(options: Iterable[tuple[str, str]], chosen: str) -> str:
    return "".join(
        f'<option value="{html.escape(value)}"{" selected" if value == chosen else ""}>{html.escape(text)}</option>'
        for value, text in options
    )


def _said(text: str, how: str) -> str:
    return f'<p class="said {how}" role="status">{html.escape(text)}</p>' if text else ""


def _found(said: Mapping[str, str], content: PageContent) -> str:
    told = _said(content.note, "good")
    if content.found is None:
        return told
    shown = content.found.model_dump(mode="json")
    rows = [(said[label], shown.get(field)) for label, field in _ROWS.items()]
    lines = "".join(f"<dt>{html.escape(label)}</dt><dd>{html.escape(text)}</dd>" for label, text in rows if text)
    note = f'<p class="hint">{html.escape(said["local_times"])}</p>'
    return f'{told}<dl id="found" tabindex="-1">{lines}</dl>{note}'


_ROWS = {
    "found_number": "number",
    "state": "state_words",
    "technician": "technician_words",
    "appointment": "appointment_words",
    "stage": "stage_words",
    "promised": "promised_words",
    "solution_promised": "solution_promised_words",
    "registered": "registered_on",
    "branch": "branch",
}
"""The rows of an answer, in order: label and field."""


def _phone(name: str, phone: str) -> str:
    digits = re.sub(r"[^+0-9]", "", phone)
    return f'{html.escape(name)} <a href="tel:{digits}">{html.escape(phone)}</a>'


def _company(info: "Info", locale: str) -> str:
    if not info.company:
        return ""
    name = html.escape(text_in(info.company, locale))
    shown = f'<a href="{html.escape(info.website)}">{name}</a>' if info.website else name
    return f'<p class="company">{shown}</p>'


def _service_phone(said: Mapping[str, str], info: "Info") -> str:
    if not info.service_phone:
        return ""
    return f'<p class="service">{_phone(said["service_phone"], info.service_phone)}</p>'


def _phones(said: Mapping[str, str], info: "Info") -> str:
    known = [(said["headquarters"], info.complaint_phone), *((one.name, one.complaint_phone) for one in info.branches)]
    lines = "".join(f"<li>{_phone(name, phone)}</li>" for name, phone in known if phone)
    return f"<ul>{lines}</ul>" if lines else f"<p>{html.escape(said['no_phones'])}</p>"


def _prices(said: Mapping[str, str], shown: PricesShown, locale: str) -> str:
    if shown.wrong:
        return _said(shown.wrong, "bad")
    if not shown.rows:
        return f"<p>{html.escape(said['no_match' if shown.q else 'no_prices'])}</p>"
    rows = "".join(_price_row(said, row, locale) for row in shown.rows)
    heads = "".join(f'<th scope="col">{html.escape(said[name])}</th>' for name in ("price_what", "price_today"))
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    if not shown.next:
        return table
    query = html.escape(urlencode({"lang": locale, "prices": shown.q, "after": shown.next}))
    return f'{table}<p><a href="./?{query}#prices-title">{html.escape(said["price_more"])}</a></p>'


def _price_row(said: Mapping[str, str], row: PriceRow, locale: str) -> str:
    more = (", ".join(row.line_names) or said["every_line"], row.model, row.specification)
    about = f'<br><span class="hint">{html.escape(" · ".join(filter(None, more)))}</span>'
    others = [span for span in row.spans if span.valid_from != row.valid_from]
    told = "".join(f"<li>{html.escape(_span(span, locale))}</li>" for span in others)
    folded = f"<details><summary>{html.escape(said['price_others'])}</summary><ul>{told}</ul></details>" if told else ""
    since = f'<br><span class="hint">{said["price_since"].format(day=row.valid_from)}</span>' if row.valid_from else ""
    price = html.escape(row.price_words or "–")  # noqa: RUF001 (a dash)
    return f"<tr><td>{html.escape(row.name)}{about}{folded}</td><td>{price}{since}</td></tr>"


def _span(span: PriceSpan, locale: str) -> str:
    days = f"{span.valid_from} – {span.valid_until or ''}".strip()  # noqa: RUF001 (a span)
    return f"{days}: {price_words(span.price, locale)}"


def _price_link(said: Mapping[str, str], info: "Info") -> str:
    """Return the link to another price list, if the settings name one."""
    if not info.price_list or info.price_list == PRICES:
        return ""
    return f'<p><a href="{html.escape(info.price_list)}">{html.escape(said["price_list"])}</a></p>'


@cache
def page_headers(locale: str) -> dict[str, str]:
    """Return headers that let a browser run only the page's own script and styles."""
    text = _file("page.html")
    allowed = {
        "default-src": "'none'",
        "style-src": _hash(text, "style"),
        "script-src": _hash(text, "script"),
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    policy = "; ".join(f"{name} {sources}" for name, sources in allowed.items())
    return {
        "Content-Security-Policy": policy,
        "Content-Language": locale,
        "Vary": "Accept-Language",
        "Cache-Control": "public, max-age=300",
    }


def _hash(text: str, tag: str) -> str:
    """Return the CSP hash of the only element of this kind (CSP Level 3, section 2.3.1)."""
    (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


@cache
def _file(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")
