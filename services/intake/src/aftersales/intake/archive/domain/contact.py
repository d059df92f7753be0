"""Contact points: phone numbers, addresses, and contact persons of organisations (INT-3)."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, TypeAdapter

from aftersales.values import GeoPoint, Line, Phone, Value

CustomerId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Short = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)]
Email = Annotated[str, StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s.]+$")]
WeChat = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9_-]{5,40}$")]
_E164: TypeAdapter[str] = TypeAdapter(Phone)


class PhoneNumber(Value):
    """A phone number in E.164, with its purpose."""

    number: Annotated[str, StringConstraints(max_length=40)]
    label: Literal["mobile", "home", "work", "fax"] = "mobile"
    ext: Annotated[str, StringConstraints(pattern=r"^[0-9]{0,8}$")] = ""


def _e164(said: PhoneNumber) -> PhoneNumber:
    """Convert the number to E.164. Parsing is slow, so stored numbers are not parsed again."""
    return said.model_copy(update={"number": _E164.validate_python(said.number)})


class Address(Value):
    """A postal address of a customer or product, as written."""

    text: Line
    label: Short = ""
    district: Short = ""
    location: GeoPoint | None = None


class Contact(Value):
    """A contact person of an organisation."""

    name: Line
    role: Short = ""
    phone: PhoneNumber | None = None


def _reachable(said: Contact) -> Contact:
    return said.model_copy(update={"phone": _e164(said.phone)}) if said.phone else said


Phones = Annotated[tuple[Annotated[PhoneNumber, AfterValidator(_e164)], ...], Field(max_length=20)]
Addresses = Annotated[tuple[Address, ...], Field(max_length=20)]
Contacts = Annotated[tuple[Annotated[Contact, AfterValidator(_reachable)], ...], Field(max_length=50)]
