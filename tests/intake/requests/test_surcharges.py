"""Rush, holiday and night work costs more where there is something to pay, with the reason in words (ALL-10)."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from intake.covers import NOW, OUT, preset, product

from aftersales.common.events.intake import CoverageDecided
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.requests.domain.charges import decide_charge
from aftersales.intake.requests.domain.coverage import CoverageCase
from aftersales.intake.requests.domain.form import RegisterRequest
from aftersales.intake.requests.domain.registration import Archive, Taken, register_request
from aftersales.intake.requests.domain.request import Ground, ServiceRequest
from aftersales.policy.model import Policy
from aftersales.policy.model.cover import Surcharge
from aftersales.testing.system import RunningService
from aftersales.values import Money

Form = Callable[..., RegisterRequest]
WHY = {"en": "x"}
NIGHT = "2026-11-24T23:30:00+08:00"
CUSTOMER = Customer(id="c-1", branch="BJ01", name="王芳", phone="+8613800138000", address="朝阳区建国路 1 号")


def registered_by(
    form: RegisterRequest, ground: Ground, policy: Policy | None = None, **known: Any
) -> tuple[ServiceRequest, list[CoverageDecided]]:
    archive = Archive(CUSTOMER, product(known.get("line", "washing-machine"), known.get("bought", OUT)))
    ground = Ground(ground.branch, policy or preset("appliance"))
    request, events = register_request("SR-261122-7K3F", form, archive, Taken("desk-7", NOW), ground)
    return request, [event for event in events if isinstance(event, CoverageDecided)]


@pytest.mark.parametrize(
    ("changes", "cases"),
    [
        ({}, []),
        ({"rush": True}, ["rush"]),
        ({"wanted_at": NIGHT}, ["night"]),
        ({"wanted_at": "2026-11-25T05:59:00+08:00"}, ["night"]),
        ({"wanted_at": "2026-11-25T06:00:00+08:00"}, []),
        ({"wanted_at": NIGHT, "rush": True}, ["rush", "night"]),
    ],
)
def test_all_10_the_surcharges_that_apply_are_told_with_their_reasons(
    changes: dict[str, Any], cases: list[str], form: Form, ground: Ground
) -> None:
    request, told = registered_by(form(**changes), ground)
    assert request.coverage is not None
    assert [one.case for one in request.coverage.surcharges] == cases
    assert [[one.case for one in event.surcharges] for event in told] == [cases], "told, as the price list is"
    if cases == ["rush"]:
        (rush,) = request.coverage.surcharges
        assert rush.why["en"] == "Rush work: labour and travel cost 30 % more"
        assert rush.why["zh-Hans"] == "加急服务：工时费和路费加收 30%"  # noqa: RUF001
        assert (told[0].surcharges[0].percent, told[0].surcharges[0].amount) == (30, None)


@pytest.mark.parametrize(
    ("known", "changes"),
    [
        ({"bought": date(2026, 6, 1)}, {}),
        ({"line": "refrigerator"}, {}),
        ({}, {"kind": "complaint"}),
        ({}, {"kind": "recall", "details": {"recall": "RC-1"}}),
    ],
)
def test_all_10_free_work_stays_free(
    known: dict[str, Any], changes: dict[str, Any], form: Form, ground: Ground
) -> None:
    request, told = registered_by(form(rush=True, wanted_at=NIGHT, **changes), ground, **known)
    assert request.coverage is not None
    assert (request.coverage.surcharges, told) == ((), [])


def test_all_10_a_policy_without_surcharges_charges_none(form: Form, ground: Ground) -> None:
    request, _ = registered_by(form(rush=True), ground, preset("e-bike"), line="e-bike")
    assert request.coverage is not None
    assert (request.coverage.labour, request.coverage.surcharges) == ("list", ())


def test_all_10_an_amount_is_told_in_money_and_the_night_has_its_own_hours(form: Form, ground: Ground) -> None:
    """It is told at once, even if nothing else is."""
    why = WHY | {"zh-Hant": "夜間"}
    row = Surcharge(case="night", amount=Money(amount=8000), begins="18:00", ends="20:00", why=why)
    usual = preset("appliance")
    coverage = tuple(one.model_copy(update={"price_list_first": False}) for one in usual.coverage)
    policy = usual.model_copy(update={"surcharges": (row,), "coverage": coverage})
    request, (told,) = registered_by(form(wanted_at="2026-11-24T19:00:00+08:00"), ground, policy)
    assert request.coverage is not None
    (one,) = request.coverage.surcharges
    assert one.why == {"en": "x: CNY 80.00 more", "zh-Hant": "夜間：加收 80.00 元"}  # noqa: RUF001
    assert told.surcharges[0].amount == Money(amount=8000)
    assert registered_by(form(wanted_at=NIGHT), ground, policy)[1] == []


def test_all_10_an_emergency_at_night_is_night_work_and_a_mere_call_is_not(form: Form, ground: Ground) -> None:
    """Without a wish, only what is done at once is done at the time of the call."""
    night = Ground(ground.branch, preset("appliance"))
    archive = Archive(CUSTOMER, product("washing-machine", OUT))
    at = NOW.replace(hour=15)  # 23:00 in Beijing
    for changes, cases in (({}, []), ({"danger": True}, ["night"])):
        request, _ = register_request("SR-1", form(**changes), archive, Taken("desk-7", at), night)
        assert request.coverage is not None
        assert [one.case for one in request.coverage.surcharges] == cases


def test_all_10_a_later_decision_follows_the_wish_and_is_told(form: Form, ground: Ground) -> None:
    request, _ = registered_by(form(rush=True), ground)
    ground = Ground(ground.branch, preset("appliance"))
    calm = request.but(cases=())
    case = CoverageCase(product("washing-machine", OUT), "repair")
    again, (told,) = decide_charge(calm, case, ground, Taken("desk-7", NOW + timedelta(hours=1)))
    assert again.coverage is not None
    assert isinstance(told, CoverageDecided)
    assert (again.coverage.surcharges, told.surcharges, told.revised) == ((), (), True)
    assert decide_charge(again, case, ground, Taken("desk-7", NOW)) == (again, ())


async def test_int_6_who_sees_the_price_list_first_is_led_to_it(intake: RunningService) -> None:
    form = {
        "branch": "BJ01",
        "channel": "phone",
        "customer": {"name": "王芳", "phone": "13800138000", "address": "朝阳区建国路 1 号"},
        "product": {"serial": "EB-1", "model": "X", "line": "电动车", "purchased_on": "2020-01-31"},
        "fault": "no-power",
        "description": "x",
    }
    line = {"line": "电动车", "names": {"en": "E-bike repair"}, "price": {"amount": 5000}, "valid_from": "2026-01-01"}
    assert (await intake.http.put("/prices/labour/EB", json=line)).status_code == 200
    e_bike = preset("e-bike").model_copy(update={"effective_from": date(2026, 1, 1)})
    published = await intake.http.post("/policies", json=e_bike.model_dump(mode="json", exclude={"version"}))
    assert published.status_code == 201, published.text
    coverage = (await intake.http.post("/requests", json=form)).json()["coverage"]
    assert (coverage["price_list_first"], coverage["labour"]) == (True, "list")
    shown = await intake.http.get(urlsplit(coverage["price_list"]).geturl())
    assert [row["price_words"] for row in shown.json()["items"]] == ["CNY 50.00"]
