"""The identity of the company on slips and pages (ALL-2): one for all branches, set by headquarters. Pure."""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Annotated, Any, ClassVar, Literal
from xml.etree import ElementTree as ET

import filetype
from pydantic import Field, StringConstraints, WithJsonSchema

from aftersales.common.aggregate import Aggregate
from aftersales.policy.model.figures import Locale
from aftersales.values import ForgivingForm, Line, Value
from aftersales.values.errors import Malformed

COMPANY = "company"
"""The id of the only `CompanyIdentity`, and of the only `CompanyLogo`."""
LOGO_MOST = 256_000
"""The largest logo in bytes: it is printed on every slip."""
LineTexts = Annotated[dict[Locale, Line], Field(min_length=1)]
"""One line in each language; a missing language is shown in English, else in any other."""
PublicPhone = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=40, pattern=r"^\+?[0-9(][0-9 ()/-]*[0-9]$"),
    WithJsonSchema({"type": "string", "maxLength": 40}),  # a form may leave it blank
]
"""A telephone number as it is printed, also a short or free one: `400-555-0100`."""
WebAddress = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=500, pattern=r"^https?://[^\s<>\"]+$"),
    WithJsonSchema({"type": "string", "maxLength": 500}),  # a form may leave it blank
]
"""A web address; `http` is meant for a network without certificates."""
LogoType = Literal["image/png", "image/jpeg", "image/svg+xml"]


class IdentityForm(ForgivingForm):
    """What headquarters sets for all branches; a branch has only its address and phone of its own."""

    name: LineTexts
    """The name of the company, by language."""
    header: LineTexts | None = None
    """A line at the top of every slip, by language."""
    phone: PublicPhone | None = None
    """The one phone for customers, as it is printed."""
    website: WebAddress | None = None
    """The web address."""


class LogoFacts(Value):
    """What is known of the logo; its bytes are in `CompanyLogo`."""

    type: LogoType
    size: int
    sha256: str


class CompanyIdentity(Aggregate):
    """The identity as it is now."""

    COLLECTION: ClassVar[str] = "identities"

    id: str = COMPANY
    branch: str = "-"
    name: LineTexts
    header: LineTexts | None = None
    phone: str | None = None
    website: str | None = None
    logo: LogoFacts | None = None


class CompanyLogo(Aggregate):
    """The logo's bytes, in the same transaction as the identity that names them."""

    COLLECTION: ClassVar[str] = "logos"
    AUDITED: ClassVar[bool] = False  # the identity has its digest

    id: str = COMPANY
    branch: str = "-"
    type: LogoType
    base64: str

    @property
    def content(self) -> bytes:
        return b64decode(self.base64)


def set_identity(known: CompanyIdentity | None, form: IdentityForm) -> CompanyIdentity:
    """Replace the identity; the logo stays."""
    return known.but(**dict(form)) if known else CompanyIdentity(**dict(form))


def set_logo(
    identity: CompanyIdentity, known: CompanyLogo | None, content: bytes
) -> tuple[CompanyIdentity, CompanyLogo]:
    """Replace the logo. Raises `Malformed` for anything but a whole PNG, JPEG or harmless SVG."""
    kind = recognise_logo(content)
    facts = LogoFacts(type=kind, size=len(content), sha256=sha256(content).hexdigest())
    fields = {"type": kind, "base64": b64encode(content).decode()}
    return identity.but(logo=facts), known.but(**fields) if known else CompanyLogo(**fields)


def text_in(texts: Mapping[Any, str], locale: str) -> str:
    """Return the text in this language, else in English, else in any."""
    return next((texts[one] for one in (locale, "en") if one in texts), next(iter(texts.values())))


_PNG_END, _JPEG_END = b"IEND\xaeB`\x82", b"\xff\xd9"


def recognise_logo(content: bytes) -> LogoType:
    """Return the type of a logo by its content. Raises `Malformed`."""
    if len(content) > LOGO_MOST:
        raise Malformed("identity.logo_too_large", most=LOGO_MOST)
    guessed = filetype.guess(content)
    found = guessed.mime if guessed else "?"
    if found == "image/png" and content.endswith(_PNG_END):
        return "image/png"
    if found == "image/jpeg" and content.rstrip(b"\0\r\n").endswith(_JPEG_END):
        return "image/jpeg"
    root = _svg_root(content)
    if root is None:
        raise Malformed("identity.logo_unfit", found=found)
    if active := next(_active_parts(root), None):
        raise Malformed("identity.logo_active", found=active)
    return "image/svg+xml"


def _svg_root(content: bytes) -> ET.Element | None:
    try:
        text = content.decode("utf-8-sig")
        if "<!ENTITY" in text:  # no entity is ever expanded
            return None
        root = ET.fromstring(text)  # noqa: S314 (at most 256 kB, without entities)
    except (UnicodeDecodeError, ET.ParseError, ValueError):
        return None
    return root if _local(root.tag) == "svg" else None


_ACTIVE = re.compile("script|foreignobject|iframe|object|embed|handler|listener|animate.*|set|a")
_OWN = re.compile(r"#|data:image/(png|jpeg);")
_ELSEWHERE = re.compile(r"@import|url\(\s*['\"]?(?!\s*(#|data:image/(png|jpeg);))", re.IGNORECASE)


def _active_parts(root: ET.Element) -> Iterator[str]:
    """Yield what could run, move, or load something from elsewhere."""
    for element in root.iter():
        name = _local(element.tag)
        if _ACTIVE.fullmatch(name):
            yield name
        if _ELSEWHERE.search(element.text or ""):
            yield name
        for key, value in element.items():
            attribute = _local(key)
            if attribute.startswith("on") or (attribute in {"href", "src"} and not _OWN.match(value.strip())):
                yield attribute
            if _ELSEWHERE.search(value):
                yield attribute


def _local(name: object) -> str:
    return str(name).rpartition("}")[2].lower()
