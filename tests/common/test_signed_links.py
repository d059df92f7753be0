"""Signed links: genuine for one purpose until a day, under any of the keys; anything else is unknown."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import OctKey
from pydantic import SecretStr

from aftersales.common.settings import ServiceSettings, WrongSettings
from aftersales.common.signed_links import LONGEST_LINK, LinkSigner, SignedLink
from aftersales.values.errors import NotFound

OLD, NEW = "o" * 32, "n" * 32
NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
NUMBER = "SR-261123-7K3F"


def signer(keys: str = OLD) -> LinkSigner:
    return LinkSigner(SecretStr(keys), timedelta(days=30))


TOKEN = signer().sign("request", NUMBER, 3, NOW)


def code_of(token: str, keys: str = OLD, purpose: str = "request") -> str:
    with pytest.raises(NotFound) as refused:
        signer(keys).read(purpose, token)
    return refused.value.code


@given(st.text(st.characters(exclude_characters="\t", exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_a_link_says_what_was_signed(subject: str) -> None:
    read = signer().read("request", signer().sign("request", subject, 3, NOW))
    assert read == SignedLink(subject, 3, NOW + timedelta(days=30))


def test_a_link_fits_into_a_message_and_an_address() -> None:
    assert len(TOKEN) <= 140
    assert set(TOKEN) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


def test_a_link_has_expired_from_its_last_moment_on() -> None:
    link = signer().read("request", TOKEN)
    assert not link.has_expired(NOW + timedelta(days=30, seconds=-1))
    assert link.has_expired(NOW + timedelta(days=30))


def test_keys_are_replaced_without_breaking_the_links_of_the_old_one() -> None:
    rotated = signer(f"{NEW} {OLD}")
    assert rotated.read("request", TOKEN).subject == NUMBER
    assert code_of(rotated.sign("request", NUMBER, 3, NOW)) == "link.unknown"
    assert code_of(TOKEN, NEW) == "link.unknown"


def test_a_link_for_another_purpose_opens_nothing() -> None:
    assert code_of(TOKEN, purpose="survey") == "link.unknown"


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


HEAD, BODY, SEAL = TOKEN.split(".")
FORGED = jws.serialize_compact({"alg": "HS256", "kid": "x"}, b"request\tSR-1\t1\t9", OctKey.import_key(b"x" * 32))


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        f"{HEAD}.{BODY}.",
        f"{HEAD}.{BODY}.{'A' * len(SEAL)}",
        f"{HEAD}.{_part('request')}.{SEAL}",
        f"{_part({'alg': 'none'})}.{BODY}.",
        f"{_part({'alg': 'none', 'kid': json.loads(base64.urlsafe_b64decode(HEAD + '=='))['kid']})}.{BODY}.",
        f"{_part({'alg': 'HS512', 'kid': json.loads(base64.urlsafe_b64decode(HEAD + '=='))['kid']})}.{BODY}.{SEAL}",
        f"{_part({'alg': 'HS256', 'kid': '../../key'})}.{BODY}.{SEAL}",
        f"{_part({'alg': 'HS256', 'kid': ['x']})}.{BODY}.{SEAL}",
        f"{_part([])}.{BODY}.{SEAL}",
        "王" * 50,
        "a" * (LONGEST_LINK + 1),
        FORGED,
    ],
)
def test_a_token_that_was_not_made_here_is_unknown(token: str) -> None:
    assert code_of(token) == "link.unknown"


@given(st.integers(0, len(TOKEN) - 1), st.sampled_from("AZaz09-_."))
def test_a_token_with_one_other_character_is_unknown_or_the_same(place: int, other: str) -> None:
    """The last character of a part has bits that mean nothing."""
    changed = TOKEN[:place] + other + TOKEN[place + 1 :]
    try:
        read = signer().read("request", changed)
    except NotFound:
        return
    assert read == signer().read("request", TOKEN)


def test_without_a_key_nothing_is_signed_and_a_short_one_is_refused() -> None:
    assert not ServiceSettings().link_signer
    with pytest.raises(WrongSettings, match="AFTERSALES_LINK_KEYS: a key has at least 32 characters"):
        ServiceSettings(link_keys=SecretStr("short"))
