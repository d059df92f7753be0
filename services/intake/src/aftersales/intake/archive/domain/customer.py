"""Customers: people and organisations in the archive (INT-3). Personal data stays in this service (ALL-6)."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, ValidationError, model_validator

from aftersales.common.aggregate import Aggregate
from aftersales.common.events.intake import CustomerChanged, Language
from aftersales.common.fields import UNSAID
from aftersales.common.scope import SharedAggregate
from aftersales.policy.calendars import Windows
from aftersales.values import ChatId, Code, Email, Line, Value, drop_blanks
from aftersales.values.errors import DomainError
from aftersales.values.personal import HIDDEN_TEXT, MASKED_ACCOUNT, MASKED_NAME, MASKED_NUMBER, refuse_masked

from .caller import NamedCaller, account_points
from .consent import Consent, ConsentForm, by_time
from .contact import (
    Address,
    Addresses,
    Contact,
    Contacts,
    NumberUser,
    NumberUsers,
    PhoneNumber,
    Phones,
    SharedPhone,
    SharedPhones,
    WeChat,
    missing_field,
)
from .standing import ClassStanding, ClassWeights, Criteria, CustomerClass, Vip, classify_customer
from .statement import ProductForm
from .upkeep import GivenMembership, Membership, must_be_in_order


class Particulars(Value):
    """Optional data in addition to name, phone and address."""

    kind: Literal["person", "organisation"] = "person"
    """`organisation` for a company, a school or an office."""
    aliases: Annotated[tuple[Annotated[Line, AfterValidator(refuse_masked)], ...], Field(max_length=10)] = ()
    """Other names of the customer, such as a short or a former one."""
    contacts: Contacts = ()
    users: NumberUsers = ()
    shared_phones: SharedPhones = ()
    email: Annotated[Email, AfterValidator(refuse_masked)] | None = None
    wechat: WeChat | None = None
    chat_id: Annotated[ChatId, AfterValidator(refuse_masked)] | None = None
    """Their account in another chat or on a platform."""
    preferred_channel: Literal["phone", "email", "message", "chat", "letter"] | None = None
    """The channel on which the customer wants to be reached."""
    criteria: Criteria | None = None
    customer_class: CustomerClass | None = None
    """A class set by a person, which overrides the computed one."""
    vip: Vip | None = None
    membership: GivenMembership = None
    """The customer's membership (会员); of members, policies may promise more."""
    quiet_hours: Windows = ""
    """Times when not to call, in the branch's time zone: `22:00-07:00 12:00-14:00`."""
    language: Language | None = None
    unreachable: Line | None = None
    """The reason why nobody can be reached, if no phone, e-mail address, account or address is known."""


class ArchiveCustomer(NamedCaller, Particulars):
    """A customer to archive with their products, from the day of purchase. Omitted or null fields stay as they are."""

    branch: Code
    """The code of the customer's branch."""
    phones: Phones = ()
    """Further phone numbers in addition to `phone`."""
    addresses: Addresses = ()
    """Further addresses in addition to `address`."""
    products: Annotated[tuple[ProductForm, ...], Field(max_length=100)] = ()
    """The products that they own."""

    @model_validator(mode="before")
    @classmethod
    def _reachable(cls, given: Any) -> Any:
        """Drop blank fields, and refuse a customer whom nobody can reach unless there is a reason."""
        given = drop_blanks(given)
        ways = ("phone", "phones", "email", "wechat", "chat_id", "address", "addresses", "shared_phones", "unreachable")
        if isinstance(given, dict) and not any(given.get(way) for way in ways):
            raise ValidationError.from_exception_data(
                cls.__name__, [missing_field(ValueError("request.no_way_to_reach"), "phone")]
            )
        return given

    @property
    def points(self) -> tuple[str, ...]:
        phone = self.phone or next((phone.number for phone in self.phones), None)
        return (phone,) if phone else account_points(self.email, self.chat_id, self.wechat)


class ChangeCustomer(Particulars):
    """Changes to a customer: null removes a value, a list replaces the stored list."""

    name: Annotated[Line, UNSAID, AfterValidator(refuse_masked)] = ""
    phones: Annotated[Phones, Field(min_length=1), UNSAID] = ()
    """All phone numbers, the main one first."""
    addresses: Annotated[Addresses, Field(min_length=1), UNSAID] = ()
    """All addresses, the main one first."""

    @property
    def confirms(self) -> bool:
        """Whether the customer must have said it, so that their data counts as confirmed (INT-16)."""
        return bool(self.model_fields_set & REACHED_BY)


REACHED_BY = {"name", "phones", "addresses", "contacts", "email", "wechat", "chat_id"}
"""The data that a call confirms or corrects: who the customer is, and how they are reached."""


class Customer(SharedAggregate):
    """A customer in the archive."""

    COLLECTION: ClassVar[str] = "customers"

    kind: str = "person"
    name: Annotated[str, MASKED_NAME]
    aliases: tuple[Annotated[str, MASKED_NAME], ...] = ()
    phone: Annotated[str, MASKED_NUMBER]
    """The first of `phones`; empty: none is known."""
    phones: tuple[PhoneNumber, ...] = ()
    address: Annotated[str, HIDDEN_TEXT]
    """The first of `addresses`; empty: none is known."""
    addresses: tuple[Address, ...] = ()
    contacts: tuple[Contact, ...] = ()
    """Contact persons of an organisation."""
    users: tuple[NumberUser, ...] = ()
    """People who use the customer's numbers without being customers."""
    shared_phones: tuple[SharedPhone, ...] = ()
    """Numbers that lead to another customer and that this one uses, too."""
    email: Annotated[str, MASKED_ACCOUNT] | None = None
    """Their e-mail address."""
    wechat: Annotated[str, MASKED_ACCOUNT] | None = None
    chat_id: Annotated[str, MASKED_ACCOUNT] | None = None
    """Their account in another chat or on a platform."""
    preferred_channel: str | None = None
    """The channel on which the customer wants to be reached."""
    customer_class: CustomerClass = "C"
    class_set_by: str = ""
    """The person who set the class; empty if computed or by default."""
    standing: ClassStanding | None = None
    vip: Vip | None = None
    membership: Membership | None = None
    confirmed_at: datetime | None = None
    """The time at which the customer last confirmed or corrected the data; null: never (INT-16)."""
    confirmed_by: str = ""
    """The person to whom they did."""
    quiet_hours: str = ""
    language: Language | None = None
    unreachable: str | None = None
    """The reason why nobody can be reached."""
    consents: tuple[Consent, ...] = ()
    """All consents given or withdrawn, by time; the last one for each purpose counts."""
    contracts: tuple[str, ...] = ()
    """The numbers of their contracts (INT-13)."""
    also: tuple[str, ...] = ()
    """The ids of customers merged into this one; their requests still have those ids."""
    merged_into: str | None = None
    """The surviving customer, if this one was merged."""
    erased_at: datetime | None = None
    """The time at which all personal data was erased; only the id is left (ALL-6)."""

    @model_validator(mode="before")
    @classmethod
    def _with_lists(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Fill `phones` and `addresses` from `phone` and `address`."""
        phones = ({"number": given["phone"]},) if given.get("phone") else ()
        addresses = ({"text": given["address"]},) if given.get("address") else ()
        return {"phones": phones, "addresses": addresses} | given

    @property
    def known_as(self) -> str:
        """The class that service policies use; customers with a team of their own are `key` (INT-3, INT-8)."""
        return "key" if self.vip else self.customer_class

    @property
    def dialled(self) -> str:
        """The number to call: their own, else one that they share; empty if none is known."""
        return self.phone or next((shared.number for shared in self.shared_phones), "")

    def is_member(self, day: date) -> bool:
        """Return whether the customer is a member on that day (INT-16)."""
        return self.membership is not None and self.membership.covers(day)


class ContactPoint(Aggregate):
    """A phone number and its customer. The number is the document's id, so nobody is archived twice.

    The ids of e-mail addresses and chat accounts begin with `mailto:` and `chat:`; the first customer with one has it.
    """

    COLLECTION: ClassVar[str] = "contact_points"
    NETWORK_WIDE: ClassVar[bool] = True
    AUDITED: ClassVar[bool] = False  # its id would stand in the chain for ever; the customer's changes have the number

    customer: str


def enrol_customer(customer: str, caller: NamedCaller, branch: str) -> tuple[Customer, tuple[ContactPoint, ...]]:
    """Create a customer who calls for the first time, with the id `customer`."""
    said = {"name": caller.name, "phone": caller.phone or "", "address": caller.address or ""}
    enrolled = Customer(id=customer, branch=branch, email=caller.email, chat_id=caller.chat_id, **said)
    return enrolled, tuple(ContactPoint(id=id, branch=branch, customer=customer) for id in contact_points(enrolled))


def contact_points(customer: Customer) -> tuple[str, ...]:
    """Return the ids of all contact points of the customer: phones, e-mail address, chat accounts."""
    return *phone_numbers(customer), *account_points(customer.email, customer.chat_id, customer.wechat)


def phone_numbers(customer: Customer) -> tuple[str, ...]:
    """Return every phone number of the customer, including those of contact persons."""
    contacts = (contact.phone for contact in customer.contacts if contact.phone)
    return tuple(dict.fromkeys(phone.number for phone in (*customer.phones, *contacts)))


def update_customer(customer: Customer, form: ArchiveCustomer, by: str, weights: ClassWeights) -> Customer:
    """Update a customer found by phone: add phones and addresses; the given address becomes the main one."""
    said = {name: value for name, value in _said(form, Particulars).items() if value is not None}
    phones = {phone.number: phone for phone in (*customer.phones, *form.phones)}
    addresses = {address.text: address for address in (*customer.addresses, *form.addresses)}
    main = (addresses.pop(form.address, Address(text=form.address)),) if form.address else ()
    lists = {"phones": tuple(phones.values()), "addresses": (*main, *addresses.values())}
    return _changed(customer, said | lists | {"name": form.name}, by, weights)


def change_customer(customer: Customer, command: ChangeCustomer, by: str, weights: ClassWeights) -> Customer:
    """Change only the fields that the command names."""
    return _changed(customer, _said(command, ChangeCustomer), by, weights)


def confirm_customer(customer: Customer, by: str, now: datetime) -> Customer:
    """Record that the customer confirmed or corrected name, phones and addresses (INT-16)."""
    return customer.but(confirmed_at=now, confirmed_by=by)


def record_consent(customer: Customer, purpose: str, form: ConsentForm, by: str, now: datetime) -> Customer:
    """Record a given or withdrawn consent; earlier ones stay on record."""
    at = form.at or now
    if at > now:
        raise DomainError("consent.in_future", purpose=purpose)
    noted = Consent(purpose=purpose, given=form.given, at=at, how=form.how, evidence=form.evidence, by=by)
    before = [one for one in customer.consents if one.purpose == purpose]
    if before and before[-1].model_copy(update={"at": at, "by": by}) == noted:
        return customer
    return customer.but(consents=by_time((*customer.consents, noted)))


def customer_events(before: Customer | None, after: Customer) -> tuple[CustomerChanged, ...]:
    """Return the event for other services, unless they know all of it. It has no personal data (ALL-6)."""
    told = _told(after)
    return () if before and told == _told(before) else (told,)


def _told(customer: Customer) -> CustomerChanged:
    return CustomerChanged(
        customer=customer.id,
        branch=customer.branch,
        customer_class=customer.customer_class,
        vip=customer.vip is not None,
        language=customer.language,
        quiet_hours=customer.quiet_hours,
        membership=customer.membership.term if customer.membership else None,
        merged_into=customer.merged_into,
    )


def _said(form: Particulars, among: type[Particulars]) -> dict[str, Any]:
    """Return the fields that were set, with nested values as they are."""
    return {name: getattr(form, name) for name in among.model_fields if name in form.model_fields_set}


def _changed(customer: Customer, said: Mapping[str, Any], by: str, weights: ClassWeights) -> Customer:
    fields = {name: value for name, value in said.items() if name not in ("criteria", "customer_class")}
    if membership := said.get("membership"):
        must_be_in_order(membership)
    if "phones" in said:
        fields["phone"] = said["phones"][0].number if said["phones"] else ""
    if "addresses" in said:
        fields["address"] = said["addresses"][0].text if said["addresses"] else ""
    if "criteria" in said:
        fields["standing"] = classify_customer(said["criteria"], weights) if said["criteria"] else None
    return _classed(customer.but(**fields), said, by)


def _classed(customer: Customer, said: Mapping[str, Any], by: str) -> Customer:
    """Apply a class set by a person until it is removed (null); then the computed class applies."""
    if chosen := said.get("customer_class"):
        again = chosen == customer.customer_class and customer.class_set_by
        return customer if again else customer.but(customer_class=chosen, class_set_by=by)
    if "customer_class" in said or ("criteria" in said and not customer.class_set_by):
        computed = customer.standing.computed if customer.standing else "C"
        return customer.but(customer_class=computed, class_set_by="")
    return customer
