"""Customers in the archive (INT-3): people and organisations, their phones, classes, wishes and consents."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from aftersales.intake.archive.domain.caller import NamedCaller
from aftersales.intake.archive.domain.consent import ConsentForm
from aftersales.intake.archive.domain.customer import (
    ArchiveCustomer,
    ChangeCustomer,
    Customer,
    change_customer,
    customer_events,
    enrol_customer,
    phone_numbers,
    record_consent,
    update_customer,
)
from aftersales.intake.archive.domain.standing import ClassWeights, Criteria, classify_customer
from aftersales.values.errors import DomainError

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
WEIGHTS = ClassWeights()
SAID = {"name": "王芳", "phone": "13800138000", "address": "建国路 1 号"}


def _known(**changes: Any) -> Customer:
    return enrol_customer("c-1", NamedCaller.model_validate(SAID), "BJ01")[0].but(**changes)


def _form(**said: Any) -> ArchiveCustomer:
    return ArchiveCustomer.model_validate(SAID | {"branch": "BJ01"} | said)


def _updated(known: Customer, **said: Any) -> Customer:
    return update_customer(known, _form(**said), "desk-7", WEIGHTS)


def _changed(known: Customer, **said: Any) -> Customer:
    return change_customer(known, ChangeCustomer.model_validate(said), "desk-7", WEIGHTS)


def test_a_new_customer_is_class_c_and_their_phone_leads_to_them() -> None:
    customer, (contact,) = enrol_customer("c-1", NamedCaller.model_validate(SAID), "BJ01")
    assert (customer.id, customer.customer_class, customer.phone) == ("c-1", "C", "+8613800138000")
    assert (contact.id, contact.customer) == ("+8613800138000", "c-1")
    assert [phone.number for phone in customer.phones] == ["+8613800138000"]
    assert [address.text for address in customer.addresses] == ["建国路 1 号"]


@pytest.mark.parametrize("phone", ["13800138000", "+86 138 0013 8000", "0086-138-0013-8000", "138 0013 8000"])
def test_one_phone_written_in_any_way_is_one_contact_point(phone: str) -> None:
    assert (
        enrol_customer("c-1", NamedCaller.model_validate(SAID | {"phone": phone}), "BJ01")[1][0].id == "+8613800138000"
    )
    assert _form(phones=[{"number": phone}]).phones[0].number == "+8613800138000"


@pytest.mark.parametrize(
    "said",
    [
        {"phone": "110-xx"},
        {"phones": [{"number": "110-xx"}]},
        {"phones": [{"number": "13800138001", "label": "pager"}]},
        {"phones": [{"number": "13800138001", "ext": "8o1"}]},
        {"contacts": [{"name": "李雷", "phone": {"number": "1"}}]},
        {"email": "nobody"},
        {"wechat": "王芳"},
        {"quiet_hours": "22-7"},
        {"language": "fr"},
        {"kind": "dealer"},
        {"customer_class": "D"},
        {"criteria": {"size": 101}},
        {"birthday": "1990-01-01"},
    ],
)
def test_what_does_not_fit_the_form_is_malformed(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        _form(**said)


def test_every_number_of_an_organisation_leads_to_it_those_of_its_contacts_too() -> None:
    desk = {"name": "李雷", "role": "物业经理", "phone": {"number": "13900139000"}}
    said = {"kind": "organisation", "phones": [{"number": "010-88888888", "label": "work", "ext": "801"}]}
    customer = _updated(_known(), **said, contacts=[desk, {"name": "韩梅梅"}])
    assert customer.kind == "organisation"
    assert phone_numbers(customer) == ("+8613800138000", "+861088888888", "+8613900139000")
    assert (customer.phones[1].label, customer.phones[1].ext) == ("work", "801")


def test_who_is_found_again_loses_nothing_that_was_not_said() -> None:
    known = _updated(_known(), email="fang@example.cn", wechat="wangfang88", language="zh-Hant", aliases=["小芳"])
    again = _updated(known, name="王小芳", phones=[{"number": "13900139000", "label": "home"}])
    assert (again.name, again.email, again.language, again.aliases) == (
        "王小芳",
        "fang@example.cn",
        "zh-Hant",
        ("小芳",),
    )
    assert [phone.number for phone in again.phones] == ["+8613800138000", "+8613900139000"]
    assert _updated(again, name="王小芳") == again


def test_null_in_a_form_of_somebody_known_says_nothing() -> None:
    known = _updated(_known(), customer_class="A", language="en")
    assert _updated(known, customer_class=None, language=None) == known


def test_an_address_that_is_said_comes_first_and_the_others_stay() -> None:
    moved = _updated(_known(), address="长安街 2 号")
    assert moved.address == "长安街 2 号"
    assert [address.text for address in moved.addresses] == ["长安街 2 号", "建国路 1 号"]
    located = _updated(moved, addresses=[{"text": "建国路 1 号", "district": "朝阳区", "label": "home"}])
    assert [(address.text, address.district) for address in located.addresses] == [
        ("建国路 1 号", "朝阳区"),
        ("长安街 2 号", ""),
    ]


def test_a_change_names_what_changes_and_null_takes_away() -> None:
    known = _updated(_known(), email="fang@example.cn", vip={"team": "north-1", "perks": ["24 h"]}, language="en")
    after = _changed(known, email=None, name="王小芳")
    assert (after.email, after.name, after.vip, after.language) == (None, "王小芳", known.vip, "en")
    assert _changed(after, vip=None).vip is None
    assert _changed(after) == after


def test_a_list_replaces_the_known_one_and_its_first_is_the_main_one() -> None:
    phones = [{"number": "13900139000"}, {"number": "13800138000", "label": "work"}]
    addresses = [{"text": "长安街 2 号", "location": {"lat": 39.9, "lon": 116.4}}]
    after = _changed(_known(), phones=phones, addresses=addresses)
    assert (after.phone, after.address) == ("+8613900139000", "长安街 2 号")
    assert [phone.label for phone in after.phones] == ["mobile", "work"]


@pytest.mark.parametrize("said", [{"phones": []}, {"addresses": []}, {"phones": None}, {"name": None}, {"name": " "}])
def test_nobody_is_left_without_name_phone_or_address(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ChangeCustomer.model_validate(said)


@pytest.mark.parametrize(
    ("marks", "score", "computed"),
    [
        ((100, 100, 100, 100), 100, "A"),
        ((0, 100, 100, 100), 80, "A"),
        ((70, 70, 70, 70), 70, "A"),
        ((70, 70, 70, 69), 69.85, "B"),
        ((0, 100, 0, 0), 40, "B"),
        ((0, 99, 0, 0), 39.6, "C"),
        ((0, 0, 0, 0), 0, "C"),
    ],
)
def test_the_class_is_the_weighted_mean_of_four_criteria(marks: tuple[int, ...], score: float, computed: str) -> None:
    criteria = Criteria(**dict(zip(("size", "spend", "importance", "loyalty"), marks, strict=True)))
    standing = classify_customer(criteria, WEIGHTS)
    assert (standing.score, standing.computed) == (score, computed)
    assert (standing.criteria, standing.weights) == (criteria, WEIGHTS)


def test_what_a_criterion_weighs_is_a_setting() -> None:
    loyal = Criteria(loyalty=100)
    assert classify_customer(loyal, WEIGHTS).computed == "C"
    assert classify_customer(loyal, ClassWeights(size=0, spend=0, importance=0, loyalty=1)).computed == "A"


@pytest.mark.parametrize(
    "weights", [{"size": 0, "spend": 0, "importance": 0, "loyalty": 0}, {"b_from": 80}, {"size": -1}]
)
def test_weights_that_make_no_sense_are_refused(weights: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        ClassWeights.model_validate(weights)


def test_a_class_that_somebody_sets_wins_and_says_who_until_it_is_taken_back() -> None:
    computed = _changed(_known(), criteria={"size": 90, "spend": 90, "importance": 90, "loyalty": 90})
    assert (computed.customer_class, computed.class_set_by) == ("A", "")
    chosen = _changed(computed, customer_class="B")
    assert (chosen.customer_class, chosen.class_set_by) == ("B", "desk-7")
    again = change_customer(chosen, ChangeCustomer(customer_class="B"), "desk-8", WEIGHTS)
    assert again == chosen
    better = _changed(chosen, criteria={"size": 100, "spend": 100})
    assert (better.customer_class, better.standing and better.standing.computed) == ("B", "B")
    lower = _changed(chosen, criteria={"size": 1})
    assert (lower.customer_class, lower.class_set_by) == ("B", "desk-7")
    free = _changed(lower, customer_class=None)
    assert (free.customer_class, free.class_set_by) == ("C", "")
    assert _changed(computed, customer_class="A").class_set_by == "desk-7"


def test_without_criteria_a_class_that_is_taken_back_is_c() -> None:
    assert _changed(_changed(_known(), customer_class="A"), customer_class=None).customer_class == "C"
    bare = _changed(_changed(_known(), criteria={"spend": 100, "size": 100, "importance": 100}), criteria=None)
    assert (bare.customer_class, bare.standing) == ("C", None)


def test_a_class_known_from_before_is_kept_while_nobody_speaks_of_it() -> None:
    assert _updated(_known(customer_class="A"), name="王小芳").customer_class == "A"


def test_consents_are_kept_with_when_how_and_evidence_and_the_last_one_counts() -> None:
    """ALL-6."""
    given = ConsentForm(given=True, how="service report", evidence="SR-261122-7K3F/p2", at=NOW - timedelta(days=2))
    customer = record_consent(_known(), "marketing", given, "desk-7", NOW)
    customer = record_consent(customer, "callback", ConsentForm(given=True, how="phone"), "desk-7", NOW)
    customer = record_consent(customer, "marketing", ConsentForm(given=False, how="phone"), "desk-8", NOW)
    assert [(one.purpose, one.given, one.by) for one in customer.consents] == [
        ("marketing", True, "desk-7"),
        ("callback", True, "desk-7"),
        ("marketing", False, "desk-8"),
    ]
    assert (customer.consents[0].at, customer.consents[0].evidence) == (given.at, "SR-261122-7K3F/p2")


def test_the_same_consent_told_again_is_noted_once() -> None:
    given = ConsentForm(given=True, how="phone")
    customer = record_consent(_known(), "marketing", given, "desk-7", NOW)
    assert record_consent(customer, "marketing", given, "desk-8", NOW + timedelta(days=1)) == customer
    assert (
        len(record_consent(customer, "marketing", ConsentForm(given=True, how="letter"), "desk-7", NOW).consents) == 2
    )


def test_consents_noted_late_stand_in_the_order_of_their_times() -> None:
    withdrawn = record_consent(_known(), "marketing", ConsentForm(given=False, how="phone"), "desk-7", NOW)
    late = ConsentForm(given=True, how="letter", at=NOW - timedelta(days=9))
    assert [one.given for one in record_consent(withdrawn, "marketing", late, "desk-7", NOW).consents] == [True, False]
    with pytest.raises(DomainError, match=r"consent\.in_future"):
        record_consent(
            withdrawn, "marketing", ConsentForm(given=True, how="x", at=NOW + timedelta(minutes=1)), "x", NOW
        )


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"customer_class": "A"}, {"customer_class": "A"}),
        ({"vip": {"team": "north-1"}}, {"vip": True}),
        ({"language": "zh-Hant"}, {"language": "zh-Hant"}),
        ({"quiet_hours": "22:00-07:00  12:00-14:00"}, {"quiet_hours": "22:00-07:00 12:00-14:00"}),
    ],
)
def test_others_are_told_what_they_need_to_know_when_it_changes(said: dict[str, Any], told: dict[str, Any]) -> None:
    known = _known()
    (event,) = customer_events(known, _changed(known, **said))
    assert event.model_dump(include=set(told)) == told
    assert (event.customer, event.branch) == ("c-1", "BJ01")


def test_others_are_told_nothing_personal() -> None:
    """ALL-6."""
    known = _known()
    personal = _changed(
        known,
        name="王小芳",
        phones=[{"number": "13900139000"}],
        addresses=[{"text": "长安街 2 号"}],
        email="fang@example.cn",
        wechat="wangfang88",
        aliases=["小芳"],
        contacts=[{"name": "李雷"}],
    )
    assert customer_events(known, personal) == ()
    (event,) = customer_events(None, _changed(personal, vip={"team": "north-1", "perks": ["会员 2000 号"]}))
    words = event.model_dump_json()
    assert not any(word in words for word in ("王", "芳", "139", "长安", "fang", "李雷", "会员"))
