"""Contact points: phone numbers, addresses, and contact persons of organisations (INT-3)."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints, TypeAdapter
from pydantic_core import InitErrorDetails, PydanticCustomError

from aftersales.values import GeoPoint, Line, Phone, Value
from aftersales.values.personal import HIDDEN_TEXT, MASKED_NAME, MASKED_NUMBER, refuse_masked

CustomerId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
"""The id of a customer (a UUID)."""
Short = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)]
"""A short text of at most 100 characters."""
WeChat = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9_-]{5,40}$")]
"""A WeChat id."""
Relation = Literal["household", "company", "shared"]
"""How people share a number: as a family, as a company, or otherwise, such as a caretaker's or a dormitory's phone."""
_E164: TypeAdapter[str] = TypeAdapter(Phone)


class PhoneNumber(Value):
    """A phone number in E.164, with its purpose."""

    number: Annotated[str, StringConstraints(max_length=40), MASKED_NUMBER]
    """The number; without a country code it is Chinese."""
    label: Literal["mobile", "home", "work", "fax"] = "mobile"
    """The purpose of the number."""
    ext: Annotated[str, StringConstraints(pattern=r"^[0-9]{0,8}$")] = ""
    """The extension, in digits."""


def _e164(said: PhoneNumber) -> PhoneNumber:
    """Convert the number to E.164. Parsing is slow, so stored numbers are not parsed again."""
    return said.model_copy(update={"number": _E164.validate_python(said.number)})


class Address(Value):
    """A postal address of a customer or product, as written."""

    text: Annotated[Line, HIDDEN_TEXT]
    """The whole address in one line."""
    label: Short = ""
    """The purpose of the address, such as `home`."""
    district: Short = ""
    """The district, for lists."""
    location: GeoPoint | None = None
    """The position on the map."""


class Contact(Value):
    """A contact person of an organisation."""

    name: Annotated[Line, MASKED_NAME]
    """The name of the person."""
    role: Short = ""
    """Their task in the organisation."""
    phone: PhoneNumber | None = None
    """Their phone number."""


class NumberUser(Value):
    """A person who uses a number of the customer, without being a customer (INT-3)."""

    name: Annotated[Line, MASKED_NAME]
    """The name of the person."""
    relation: Relation = "household"
    """`household` for family, `company` for colleagues, `shared` for others."""
    role: Short = ""
    """What the person is to the customer, or how they use the number, such as wife, 店里电话 or caretaker."""
    number: Annotated[str, StringConstraints(max_length=40), MASKED_NUMBER] | None = None
    """The number that they use; null: any number of the customer."""


class SharedPhone(Value):
    """A number that the customer uses and that belongs to another customer, or to nobody alone (INT-3)."""

    number: Annotated[str, StringConstraints(max_length=40), MASKED_NUMBER]
    """The number; without a country code it is Chinese."""
    relation: Relation = "household"
    """`household` for the family's phone, `company` for a firm's, `shared` for others."""
    role: Short = ""
    """What the customer is to the owner of the number, or how they use it, such as son or tenant."""


def _dialled(said: NumberUser | SharedPhone) -> Any:
    if isinstance(said, NumberUser):
        refuse_masked(said.name)
    return said.model_copy(update={"number": _E164.validate_python(said.number)}) if said.number else said


def _reachable(said: Contact) -> Contact:
    refuse_masked(said.name)
    return said.model_copy(update={"phone": _e164(said.phone)}) if said.phone else said


Phones = Annotated[tuple[Annotated[PhoneNumber, AfterValidator(_e164)], ...], Field(max_length=20)]
"""Phone numbers."""
Addresses = Annotated[tuple[Address, ...], Field(max_length=20)]
"""Addresses."""
NumberUsers = Annotated[tuple[Annotated[NumberUser, AfterValidator(_dialled)], ...], Field(max_length=20)]
"""People who use the customer's numbers."""
SharedPhones = Annotated[tuple[Annotated[SharedPhone, AfterValidator(_dialled)], ...], Field(max_length=10)]
"""Numbers of others that the customer uses."""
Contacts = Annotated[tuple[Annotated[Contact, AfterValidator(_reachable)], ...], Field(max_length=50)]
"""Contact persons of an organisation."""


def missing_field(why: ValueError, *place: str) -> InitErrorDetails:
    """Return the error of a field that is missing for a reason of ours, with its place in the form."""
    error = PydanticCustomError("value_error", "{error}", {"error": why})
    return InitErrorDetails(type=error, loc=place, input=None)
