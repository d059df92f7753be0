"""The figures of the shipped policies are those of the rulebook, rule by rule."""

from datetime import timedelta
from typing import Any

import pytest

from aftersales.policy.model.cover import decide_cover
from aftersales.policy.presets import load_presets
from aftersales.values import Money

POLICIES = {policy.name: policy for policy in load_presets()}
NAMES = set(POLICIES)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


def yuan(count: int) -> Money:
    return Money(amount=count * 100)


def target(name: str, stage: str, **given: Any) -> timedelta | None:
    return POLICIES[name].stages[stage].promise(given.get("priority", 2), given.get("cases", ())).target


def due(name: str, stage: str) -> tuple[str, int, bool]:
    found = POLICIES[name].stages[stage].due
    assert found
    return found.time, found.days, found.working


@pytest.mark.parametrize(
    ("rule", "found", "expected"),
    [
        ("DSP-2 property", target("property", "dispatch"), minutes(15)),
        ("DSP-3 property", target("property", "arrival"), minutes(20)),
        ("DSP-3 agri", target("agri-machinery", "arrival"), minutes(30)),
        ("DSP-3 agri at least", POLICIES["agri-machinery"].stages["arrival"].at_least, minutes(10)),
        ("DSP-3 agri far", target("agri-machinery", "arrival", cases=["far"]), HOUR),
        ("DSP-3 enterprise", POLICIES["enterprise"].stages["arrival"].agreed_in, "appointment"),
        ("DSP-8 agri common", target("agri-machinery", "repair"), minutes(30)),
        ("DSP-8 agri major", target("agri-machinery", "repair", cases=["major"]), 2 * HOUR),
        ("DSP-8 property", due("property", "repair"), ("23:59", 0, False)),
        ("INT-2", due("e-bike", "review"), ("23:59", 0, False)),
        ("INT-8 e-commerce first reply", target("e-commerce", "first_reply"), minutes(5)),
        ("INT-8 e-commerce answer", target("e-commerce", "answer"), 24 * HOUR),
        ("INT-8 e-commerce announced", POLICIES["e-commerce"].stages["answer"].announced, True),
        ("INT-8 enterprise", target("enterprise", "first_reply"), 24 * HOUR),
        ("INT-8 enterprise-12h", target("enterprise-12h", "first_reply"), 12 * HOUR),
        ("INT-8 enterprise confirm", target("enterprise", "confirm"), 2 * HOUR),
        ("INT-8 enterprise fault", target("enterprise", "resolve"), 24 * HOUR),
        ("ALL-7", due("property", "handover"), ("12:00", 0, False)),
        ("ALL-8", POLICIES["appliance"].routines["weekly_meeting"].lasts, HOUR),
        ("FBK-3 answer", target("enterprise", "complaint_answer"), DAY),
        ("FBK-3 verify", due("enterprise", "complaint_verify"), ("23:59", 3, True)),
        ("FBK-3 serious", target("e-commerce", "complaint_followup"), minutes(30)),
        ("FBK-3 repeats", POLICIES["e-commerce"].stages["complaint_followup"].repeats, True),
        ("FBK-4 refund", due("e-commerce", "refund"), ("23:59", 2, True)),
        ("FBK-4 logistics reply", target("e-commerce", "logistics_reply"), minutes(5)),
        ("FBK-4 logistics", target("e-commerce", "logistics"), 48 * HOUR),
        ("FBK-1 property", target("property", "callback"), 3 * DAY),
        ("FBK-5 building-materials", target("building-materials", "fine"), DAY),
        ("ALL-3 chain", [level.role for level in POLICIES["enterprise"].ladder][1:3], ["supervisor", "centre"]),
        ("ALL-3 warnings", POLICIES["enterprise"].stages["confirm"].warn_at, (0.5, 0.8)),
        ("DSP-12 enterprise", set(POLICIES["enterprise"].calendars["duty"].week), {"08:00-22:00"}),
        ("DSP-12 agri", set(POLICIES["agri-machinery"].calendars["duty"].week), {"00:00-24:00"}),
        ("ALL-10", POLICIES["appliance"].stages["dispatch"].promise(2, ["rush"]).calendar, "rush"),
    ],
    ids=lambda given: given if isinstance(given, str) and "-" in given else "",
)
def test_a_promise_is_as_the_rulebook_says(rule: str, found: Any, expected: Any) -> None:
    assert found == expected, rule


def penalties(name: str) -> dict[str, Any]:
    return {penalty.code: penalty for penalty in POLICIES[name].penalties}


def test_fbk_1_callbacks_come_when_the_rulebook_says() -> None:
    cadence = {name: policy.callbacks.cadence for name, policy in POLICIES.items() if policy.callbacks}
    e_bike = POLICIES["e-bike"].callbacks
    medical = POLICIES["medical-equipment"]

    assert {policy.callbacks.share for policy in load_presets() if policy.callbacks} == {1.0}
    assert len(cadence) == len(NAMES)
    assert cadence["appliance"] == {"A": "week", "B": "month", "C": "half_year"}
    assert cadence["e-commerce"] == {"VIP": "month"}
    assert e_bike
    assert [(call.after, call.due and call.due.days, call.script) for call in e_bike.calls] == [
        (3 * HOUR, None, "quality"),
        (None, 1, "satisfaction"),
        (None, 3, "riding"),
    ]
    assert (medical.quotas["callbacks"].count, medical.quotas["callbacks"].every) == (10, "day")
    assert medical.callbacks
    assert (medical.callbacks.lead_to, medical.callbacks.reviewed_every) == ("service_manager", "week")


def test_fbk_2_a_public_rating_under_4_8_is_followed_up_and_each_survey_has_its_four_marks() -> None:
    marked = {
        name: [question.code for question in policy.survey.questions if question.answer == "mark"]
        for name, policy in POLICIES.items()
        if policy.survey
    }

    assert {name: policy.survey.public_mark for name, policy in POLICIES.items() if policy.survey} == {
        name: 4.8 if name == "e-commerce" else None for name in NAMES
    }
    assert set(map(tuple, marked.values())) == {("attitude", "skill", "punctuality", "result")}


def test_fbk_4_returns_and_goodwill_of_the_shop() -> None:
    shop = POLICIES["e-commerce"]

    assert shop.returns
    assert (shop.returns.no_reason, shop.returns.quality) == (7 * DAY, 3 * DAY)
    assert shop.returns.needs == ("unused", "photos")
    assert [(limit.role, limit.up_to) for limit in shop.goodwill] == [("callback_clerk", yuan(5)), ("supervisor", None)]
    assert shop.charges
    assert (shop.charges.carriage["defect"], shop.charges.carriage["change_of_mind"]) == ("seller", "customer")
    assert POLICIES["appliance"].returns
    assert POLICIES["appliance"].returns.alternatives == ("compensation", "longer_warranty")


def test_fbk_5_the_tables_of_fines_and_rewards() -> None:
    company, farm, shop = penalties("enterprise"), penalties("agri-machinery"), penalties("e-commerce")
    amounts = {code: penalty.amount for code, penalty in company.items() if penalty.amount}
    demerits = {code for code, penalty in company.items() if penalty.measures == ("demerit",)}

    assert amounts == {
        "late": yuan(50),
        "report_incomplete": yuan(20),
        "left_unreported": yuan(50),
        "disobedience": yuan(100),
        "unreachable": yuan(10),
    }
    assert demerits == {"quarrel", "extortion", "own_delay", "own_repeat"}
    assert (farm["complaint_upheld"].amount, farm["complaint_upheld"].at_most) == (yuan(100), yuan(1000))
    assert (farm["complaint_grave"].amount, farm["complaint_grave"].measures) == (yuan(3000), ("dismissal",))
    assert {farm[code].amount for code in ("idle_by_day", "phone_off", "phone_card_misused")} == {yuan(100)}
    assert {farm[code].amount for code in ("extortion", "slacking")} == {yuan(500)}
    assert (farm["harm_to_company"].at_most, farm["harm_to_company"].measures) == (yuan(1000), ("amends",))
    assert [(one.amount, one.grades) for one in POLICIES["agri-machinery"].rewards] == [(yuan(500), 3), (yuan(300), 3)]
    assert (shop["late"].amount, shop["late"].at_most) == (yuan(5), yuan(10))
    assert (shop["private_browsing"].measures, shop["private_browsing"].again) == (("warning",), ("talk", "dismissal"))
    assert all(penalties(name)["late"].needs_cause for name in ("enterprise", "e-commerce", "appliance"))


def test_int_6_who_pays_parts_and_labour() -> None:
    def pays(name: str, warranty: str, cause: str, line: str = "any") -> tuple[str, str, bool]:
        row = decide_cover(POLICIES[name].coverage, warranty, cause, "repair", line)
        assert row
        return row.parts, row.labour, row.price_list_first or row.quotation_first

    assert pays("agri-machinery", "in", "material") == ("free", "free", False)
    assert pays("agri-machinery", "in", "misuse") == ("cost", "free", False)
    assert pays("agri-machinery", "out", "material") == ("cost", "free", True)
    assert pays("e-bike", "in", "manufacturing") == ("free", "free", False)
    assert pays("e-bike", "out", "manufacturing")[:2] == ("list", "list")
    assert pays("enterprise", "in", "assembly") == ("free", "free", False)
    assert pays("enterprise", "out", "assembly") == ("quote", "quote", True)
    assert pays("appliance", "out", "misuse", "refrigerator") == ("free", "free", False)
    assert pays("appliance", "out", "misuse", "water-heater")[0] == "list"
    assert {policy.warranty.term("any").months for policy in load_presets()} == {12}


def test_int_9_where_repairs_are_guaranteed_a_repeat_opens_a_claim() -> None:
    claims = {name for name, policy in POLICIES.items() if policy.repeat_repair and policy.repeat_repair.opens_claim}

    assert claims == {"appliance"}


def test_int_14_an_electric_bicycle_comes_with_a_running_in_service() -> None:
    (running_in,) = POLICIES["e-bike"].entitlements

    assert (running_in.count, running_in.remind_within) == (1, 21 * DAY)


def test_dsp_1_14_15_16_and_18_licences_reports_maintenance_expenses_and_ticks() -> None:
    mall, company, farm = (POLICIES[name] for name in ("building-materials", "enterprise", "agri-machinery"))

    assert mall.licence
    assert (mall.licence.badge, mall.licence.photos, mall.licence.deposit) == (yuan(20), 2, None)
    assert mall.licence.suspended_by_unpaid_fine
    assert (company.routines["monthly_report"].day, company.routines["improvement_report"].day) == (4, 5)
    assert farm.expenses
    assert (farm.expenses.travel_day, farm.expenses.forfeits_bonus) == (10 * HOUR, True)
    assert farm.maintenance
    assert farm.maintenance.inspect_before_season == 1.0
    assert all(tick.required for tick in mall.checklists["visit"])
    assert len(farm.checklists["conduct"]) == len(POLICIES["e-bike"].checklists["conduct"]) == 7


def test_inv_5_6_and_10_stocktakes_tags_and_the_requisition() -> None:
    stocks = [policy.stock for policy in load_presets() if policy.stock]

    assert len(stocks) == len(NAMES)
    assert {(stock.yellow_after_months, stock.red_after_months, stock.stocktake_every) for stock in stocks} == {
        (1, 3, "month")
    }
    assert POLICIES["medical-equipment"].stock
    assert POLICIES["medical-equipment"].stock.requisition_day == 30


def test_fbk_8_what_the_property_promises_itself() -> None:
    kpis = POLICIES["property"].kpis

    assert (kpis["handled_in_time"], kpis["pass_rate"], kpis["callback_coverage"]) == (0.95, 0.9, 1.0)
