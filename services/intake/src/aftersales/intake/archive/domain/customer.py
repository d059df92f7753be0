"""Customers: people and organisations in the archive (INT-3). Personal data stays in this service (ALL-6)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from aftersales.common.aggregate import Aggregate
from aftersales.common.events.intake import CustomerChanged, Language
from aftersales.policy.calendars import Windows
from aftersales.values import Code, Line, Moment, Phone, Value
from aftersales.values.errors import DomainError

from .contact import Address, Addresses, Contact, Contacts, Email, PhoneNumber, Phones, Short, WeChat
from .product import ProductForm

CustomerClass = Literal["A", "B", "C"]
CriterionMark = Annotated[int, Field(ge=0, le=100, strict=True)]
_Weight = Annotated[int, Field(ge=0, le=1000)]


class Criteria(Value):
    """What the class is computed from: marks from 0 to 100, as the business gives them."""

    size: CriterionMark = 0
    spend: CriterionMark = 0
    importance: CriterionMark = 0
    loyalty: CriterionMark = 0


class ClassWeights(Value):
    """What each criterion weighs, and from which weighted mean on a customer is of class A or B."""

    size: _Weight = 20
    spend: _Weight = 40
    importance: _Weight = 25
    loyalty: _Weight = 15
    a_from: CriterionMark = 70
    b_from: CriterionMark = 40

    @model_validator(mode="after")
    def _fit(self) -> Self:
        if not self.total or self.b_from > self.a_from:
            raise ValueError("something must weigh something, and b_from may not be above a_from")
        return self

    @property
    def total(self) -> int:
        return self.size + self.spend + self.importance + self.loyalty


class ClassStanding(Value):
    """A computed class, with everything it was computed from."""

    criteria: Criteria
    weights: ClassWeights
    score: float
    """The weighted mean, from 0 to 100."""
    computed: CustomerClass


class Vip(Value):
    """A key customer's own team, and what they are promised."""

    team: Code
    perks: Annotated[tuple[Line, ...], Field(max_length=20)] = ()


class ConsentForm(Value):
    """What the customer agrees to or takes back."""

    given: Annotated[bool, Field(strict=True)]
    how: Line
    """How they said so: on the phone, on the service report …"""
    evidence: Short = ""
    """Where that can be looked up: a recording, a scan."""
    at: Moment | None = None
    """By default now."""


class Consent(Value):
    purpose: str
    given: bool
    at: datetime
    how: str
    evidence: str
    by: str
    """Who noted it."""


class Particulars(Value):
    """What may be known of a customer besides name, phone and address."""

    kind: Literal["person", "organisation"] = "person"
    aliases: Annotated[tuple[Line, ...], Field(max_length=10)] = ()
    """Other names they go by: a short one, the one before."""
    contacts: Contacts = ()
    email: Email | None = None
    wechat: WeChat | None = None
    preferred_channel: Literal["phone", "email", "message", "chat", "letter"] | None = None
    criteria: Criteria | None = None
    customer_class: CustomerClass | None = None
    """A class that somebody sets wins over the computed one."""
    vip: Vip | None = None
    quiet_hours: Windows = ""
    """When not to call, in the branch's time: `22:00-07:00 12:00-14:00`."""
    language: Language | None = None


class Caller(Value):
    """Who makes contact, as they say it (INT-2)."""

    name: Line
    phone: Phone
    address: Line


class ArchiveCustomer(Caller, Particulars):
    """Somebody to archive, with what they own, from the day of purchase. What is left out or null stays as it is."""

    branch: Code
    phones: Phones = ()
    """Further ones, beside `phone`."""
    addresses: Addresses = ()
    """Further ones, beside `address`."""
    products: Annotated[tuple[ProductForm, ...], Field(max_length=100)] = ()


def _without_default(schema: dict[str, Any]) -> None:
    del schema["default"]


_UNSAID = Field(json_schema_extra=_without_default)
"""A field that may be left out; its default cannot be sent, so the schema does not show it."""


class ChangeCustomer(Particulars):
    """What to change: null takes a particular away, a list replaces the one that is known."""

    name: Annotated[Line, _UNSAID] = ""
    phones: Annotated[Phones, Field(min_length=1), _UNSAID] = ()
    """All of them, the main one first."""
    addresses: Annotated[Addresses, Field(min_length=1), _UNSAID] = ()
    """All of them, the main one first."""


class Customer(Aggregate):
    """A customer in the archive."""

    COLLECTION: ClassVar[str] = "customers"

    kind: str = "person"
    name: str
    aliases: tuple[str, ...] = ()
    phone: str
    """The first of `phones`."""
    phones: tuple[PhoneNumber, ...] = ()
    address: str
    """The first of `addresses`."""
    addresses: tuple[Address, ...] = ()
    contacts: tuple[Contact, ...] = ()
    email: str | None = None
    wechat: str | None = None
    preferred_channel: str | None = None
    customer_class: CustomerClass = "C"
    class_set_by: str = ""
    """Who set the class; empty: it was computed, or is the lowest for want of anything said."""
    standing: ClassStanding | None = None
    vip: Vip | None = None
    quiet_hours: str = ""
    language: Language | None = None
    consents: tuple[Consent, ...] = ()
    """All that were ever given or taken back, by time: for each purpose the last one counts."""
    contracts: tuple[str, ...] = ()
    """Numbers of their contracts (INT-13)."""
    also: tuple[str, ...] = ()
    """Ids of those who were merged into this customer: requests keep them."""
    merged_into: str | None = None
    """Who this one turned out to be."""

    @model_validator(mode="before")
    @classmethod
    def _with_lists(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Who is made with a phone and an address alone has lists of one."""
        phones, addresses = ({"number": given.get("phone")},), ({"text": given.get("address")},)
        return {"phones": phones, "addresses": addresses} | given

    @property
    def known_as(self) -> str:
        """The class by which a service policy knows them: who has a team of their own is `key` (INT-3, INT-8)."""
        return "key" if self.vip else self.customer_class


class ContactPoint(Aggregate):
    """Whose phone this is. The number is the document's id, so nobody is archived twice."""

    COLLECTION: ClassVar[str] = "contact_points"

    customer: str


def enrol_customer(customer: str, caller: Caller, branch: str) -> tuple[Customer, ContactPoint]:
    """Archive somebody who calls for the first time, under the id `customer`."""
    contact = ContactPoint(id=caller.phone, branch=branch, customer=customer)
    return Customer(id=customer, branch=branch, name=caller.name, phone=caller.phone, address=caller.address), contact


def phone_numbers(customer: Customer) -> tuple[str, ...]:
    """Every number that leads to this customer, those of contacts included."""
    contacts = (contact.phone for contact in customer.contacts if contact.phone)
    return tuple(dict.fromkeys(phone.number for phone in (*customer.phones, *contacts)))


def classify_customer(criteria: Criteria, weights: ClassWeights) -> ClassStanding:
    """Compute the class from the weighted mean of the criteria."""
    score = sum(getattr(criteria, name) * getattr(weights, name) for name in Criteria.model_fields) / weights.total
    computed: CustomerClass = "A" if score >= weights.a_from else "B" if score >= weights.b_from else "C"
    return ClassStanding(criteria=criteria, weights=weights, score=round(score, 2), computed=computed)


def update_customer(customer: Customer, form: ArchiveCustomer, by: str, weights: ClassWeights) -> Customer:
    """Bring up to date somebody who was found by phone: phones and addresses are added, the one said comes first."""
    said = {name: value for name, value in _said(form, Particulars).items() if value is not None}
    phones = {phone.number: phone for phone in (*customer.phones, *form.phones)}
    addresses = {address.text: address for address in (*customer.addresses, *form.addresses)}
    main = addresses.pop(form.address, Address(text=form.address))
    lists = {"phones": tuple(phones.values()), "addresses": (main, *addresses.values())}
    return _changed(customer, said | lists | {"name": form.name}, by, weights)


def change_customer(customer: Customer, command: ChangeCustomer, by: str, weights: ClassWeights) -> Customer:
    """Change what the command names, and nothing else."""
    return _changed(customer, _said(command, ChangeCustomer), by, weights)


def record_consent(customer: Customer, purpose: str, form: ConsentForm, by: str, now: datetime) -> Customer:
    """Note that the customer agrees or takes it back; what was said before stays on record."""
    at = form.at or now
    if at > now:
        raise DomainError("consent.in_future", purpose=purpose)
    noted = Consent(purpose=purpose, given=form.given, at=at, how=form.how, evidence=form.evidence, by=by)
    before = [one for one in customer.consents if one.purpose == purpose]
    if before and before[-1].model_copy(update={"at": at, "by": by}) == noted:
        return customer
    return customer.but(consents=by_time((*customer.consents, noted)))


def by_time(consents: tuple[Consent, ...]) -> tuple[Consent, ...]:
    return tuple(sorted(consents, key=lambda one: one.at))


def customer_events(before: Customer | None, after: Customer) -> tuple[CustomerChanged, ...]:
    """What others need to know of the customer, unless they know it. Nothing personal is in it (ALL-6)."""
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
        merged_into=customer.merged_into,
    )


def _said(form: Particulars, among: type[Particulars]) -> dict[str, Any]:
    """The fields that were named, nested values as they are."""
    return {name: getattr(form, name) for name in among.model_fields if name in form.model_fields_set}


def _changed(customer: Customer, said: Mapping[str, Any], by: str, weights: ClassWeights) -> Customer:
    fields = {name: value for name, value in said.items() if name not in ("criteria", "customer_class")}
    if "phones" in said:
        fields["phone"] = said["phones"][0].number
    if "addresses" in said:
        fields["address"] = said["addresses"][0].text
    if "criteria" in said:
        fields["standing"] = classify_customer(said["criteria"], weights) if said["criteria"] else None
    return _classed(customer.but(**fields), said, by)


def _classed(customer: Customer, said: Mapping[str, Any], by: str) -> Customer:
    """Somebody's word stands until it is taken back (null); then it is the computed class."""
    chosen = said.get("customer_class")
    if chosen:
        again = chosen == customer.customer_class and customer.class_set_by
        return customer if again else customer.but(customer_class=chosen, class_set_by=by)
    taken_back = "customer_class" in said
    if taken_back or ("criteria" in said and not customer.class_set_by):
        computed = customer.standing.computed if customer.standing else "C"
        return customer.but(customer_class=computed, class_set_by="")
    return customer
