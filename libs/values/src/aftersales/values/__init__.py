"""Values shared by all services. Pure: no I/O, no clock, no global state."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticKnownError
from uuid_utils import uuid7 as _uuid7

_DIGITS = re.compile(r"\s*[+-]?[\d.]+\s*")


def uuid7() -> str:
    """Return a time-ordered unique id (RFC 9562, section 5.7) in its canonical text form."""
    return str(_uuid7())


@lru_cache(maxsize=4096)  # documents repeat the numbers of forms
def _e164(text: str) -> str:
    """Normalise to E.164; a number without a country code is read as mainland Chinese.

    Raises `ValueError` for numbers that no network assigns: placeholders, digits too many or too few.
    """
    try:
        number = phonenumbers.parse(text, "CN")
    except phonenumbers.NumberParseException as error:
        raise ValueError("phone.malformed") from error
    if not phonenumbers.is_valid_number(number):
        raise ValueError("phone.malformed")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def format_phone(number: str) -> str:
    """Return a number in E.164 as people read it: `+86 138 0013 8000`."""
    return phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.INTERNATIONAL)


_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters except tab and line ends, and those that change the direction of text (Unicode UAX 9)."""
_SPACING = re.compile("[\t\n\r\u2028\u2029]+")


def without_controls(given: str) -> str:
    """Remove invisible characters that make text read as something else."""
    return given if given.isprintable() else _CONTROL.sub("", given)


def _one_line(given: str) -> str:
    """Remove controls, and replace line ends and tabs by a space. Raises `PydanticKnownError` if nothing is left."""
    if given.isprintable():
        return given
    line = _SPACING.sub(" ", without_controls(given)).strip()
    if not line:
        raise PydanticKnownError("string_too_short", {"min_length": 1})
    return line


def _no_number(error: Literal["date_type", "datetime_type"]) -> Callable[[Any], Any]:
    """Return a validator that refuses a number, which Pydantic would read as seconds since 1970."""

    def check(given: Any) -> Any:
        if isinstance(given, int | float) or (isinstance(given, str) and _DIGITS.fullmatch(given)):
            raise PydanticKnownError(error)
        return given

    return check


def _day_alone(given: Any) -> Any:
    """Refuse a text with a time of day, which Pydantic accepts if it is midnight."""
    if isinstance(given, str) and len(given.strip()) > len("2026-03-01"):
        raise PydanticKnownError("date_from_datetime_inexact")
    return given


def to_millis(at: datetime) -> datetime:
    """Truncate `at` to the millisecond, so that a stored time equals its original."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _utc(at: datetime) -> datetime:
    try:
        return to_millis(at.astimezone(UTC))
    except OverflowError as error:  # the first or last day of the calendar
        raise ValueError("time.out_of_range") from error


def _iana(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: the name of a folder, such as `Asia`
        raise ValueError("zone.unknown") from error
    return name


Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""A code of something, such as a branch, part, fault or technician. ASCII, 64 characters at most."""
Serial = Annotated[
    str, StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9./_-]{0,63}$")
]
"""A serial number in capital letters: ASCII letters, digits and `. / _ -`, 64 characters at most."""
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_one_line)]
"""One line of human text, stored as written, without control characters."""
Reason = Line
"""The reason, in one line."""
Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=50_000), AfterValidator(without_controls)]
"""Human text of any number of lines, stored as written, without control characters."""
Phone = Annotated[
    str,
    StringConstraints(max_length=40),
    AfterValidator(_e164),
    WithJsonSchema({"type": "string", "maxLength": 40, "pattern": "[0-9０-９]"}),  # noqa: RUF001 (wide digits are meant)
]
"""A telephone number as people write it, stored in E.164."""
Email = Annotated[str, StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s.]+$")]
"""An e-mail address."""
ChatId = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
"""An account in a chat or on a platform, such as a Wangwang id (旺旺)."""
Day = Annotated[
    date, BeforeValidator(_no_number("date_type")), BeforeValidator(_day_alone), PlainSerializer(date.isoformat)
]
"""A calendar day such as `2026-03-01`, without a time."""
Moment = Annotated[AwareDatetime, BeforeValidator(_no_number("datetime_type")), AfterValidator(_utc)]
"""A point in time with its offset, stored in UTC to the millisecond."""
Zone = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_+/-]{1,64}$"), AfterValidator(_iana)]
"""An IANA time zone that this machine knows."""
Quantity = Annotated[int, Field(ge=1, le=1_000_000, strict=True)]
"""A number of pieces, from 1 to 1 000 000."""


class Value(BaseModel):
    """A frozen value: two values with equal fields are equal."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def drop_blanks(given: Any) -> Any:
    """Return a form without its blank texts, which stand for "not given"."""
    if not isinstance(given, dict):
        return given
    return {name: said for name, said in given.items() if not isinstance(said, str) or said.strip()}


class ForgivingForm(Value):
    """A form that people fill in: a field that they left blank is as good as left out."""

    _drop_blanks = model_validator(mode="before")(drop_blanks)


class Money(Value):
    """An amount in integer minor units (fen, cents) of an ISO 4217 currency."""

    amount: Annotated[int, Field(strict=True)]
    """The amount in minor units: `12050` is 120.50 yuan."""
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "CNY"
    """The currency, as an ISO 4217 code."""

    def __add__(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise ValueError("money.currencies_differ")
        return Money(amount=self.amount + other.amount, currency=self.currency)


class GeoPoint(Value):
    """A point in WGS 84, decimal degrees."""

    lat: Annotated[float, Field(ge=-90, le=90, strict=True)]
    """Latitude; north is positive."""
    lon: Annotated[float, Field(ge=-180, le=180, strict=True)]
    """Longitude; east is positive."""


_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U to misread
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_HALF = 32**2
_SPACE = _HALF**2
_ROUNDS = 8


def number_tail(sequence: int, key: bytes) -> str:
    """Return four characters that reveal neither the sequence nor the next ones without the key.

    The permutation of 32**4 = 1 048 576 values makes as many numbers per day unique in the whole network of branches.
    It is a Feistel cipher over two halves of 10 bits (Luby and Rackoff, 1988) with keyed BLAKE2b (RFC 7693).
    """
    left, right = divmod(sequence % _SPACE, _HALF)
    for turn in range(_ROUNDS):
        mixed = blake2b(bytes((turn, right >> 8, right & 255)), digest_size=2, key=key).digest()
        left, right = right, left ^ (int.from_bytes(mixed) % _HALF)
    return _PAIRS[left] + _PAIRS[right]


def human_number(prefix: str, day: date, sequence: int, key: bytes) -> str:
    """Return a number that people can read out, such as `SR-261122-7K3F`."""
    return f"{prefix}-{_stamp(day)}-{number_tail(sequence, key)}"


@lru_cache(maxsize=16)
def _stamp(day: date) -> str:
    return f"{day:%y%m%d}"


NUMBER = re.compile(r"^[A-Z]{2}-\d{6}-[0-9A-HJKMNP-TV-Z]{4}$")


def sibling_number(number: str, prefix: str) -> str:
    """Return the number of another document about the same request: `SR-261122-7K3F` -> `WO-261122-7K3F`.

    One request has one work order and one issue slip, so their numbers are natural keys and opening
    one twice is impossible.
    """
    return prefix + number[2:]
