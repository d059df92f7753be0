"""A whole case of each trade, from the call to its end, by the shipped policies (told in docs/desk.md).

It is Monday, 23 November 2026, nine in the morning in Shanghai, unless a case says otherwise. Times are Shanghai's.
"""
# ruff: noqa: RUF001 (full width is meant)

from typing import Any

from e2e.desk import (
    called_back,
    clocks,
    look_up,
    move_to,
    open_branch,
    order_of,
    promises,
    refuses_to_complete,
    register,
    say,
    visit,
    visit_clocks,
    who_pays,
)
from e2e.story import BRANCH, call, step

from aftersales.testing.system import RunningSystem

ON_SITE = ("accept", "depart", "arrive")
WEEKDAYS = {"week": [*["08:30-17:30"] * 5, "", ""], "holidays": "CN"}


async def test_a_refrigerator_of_a_known_caller_takes_two_calls_and_costs_nothing(
    aftersales: RunningSystem, clock: Any
) -> None:
    """Appliance. INT-3, INT-6, DSP-2, DSP-5, FBK-1."""
    await open_branch(aftersales, "refrigerator")
    wang = {"name": "王小明", "phone": "13812340001", "address": "上海市静安区南京西路 1 号"}
    fridge = {"serial": "RF-2020", "model": "BCD-470", "line": "冰箱", "purchased_on": "2020-05-01"}
    await say(aftersales, "POST", "/customers", branch=BRANCH, **wang, products=[fridge])

    item = await look_up(aftersales, "0001")
    (known,) = item["products"]
    assert (known["warranty"], known["parts"], known["why"]) == ("out", "free", "冰箱免费维修承诺")
    caller = {"id": item["customer"]["id"]}
    request = await register(aftersales, caller, product={"serial": known["serial"]}, fault="不制冷")

    assert (request["policy"], request["fault"], request["address"]) == ("appliance@0", "no-cooling", wang["address"])
    assert who_pays(request) == ("free", "free", "free", "冰箱免费维修承诺"), "six years old, free all the same"
    assert await promises(aftersales, "0001") == {"到场": "11-23 10:20", "当日审阅": "11-23 23:59"}
    clock.advance(hours=1)
    await visit(aftersales, request, *ON_SITE, "diagnose", "complete")
    assert await visit_clocks(aftersales, request) == {
        "dispatch": ("met", "11-23 09:15"),
        "arrival": ("met", "11-23 10:20"),
    }
    assert await called_back(aftersales, request) == ("callback", "11-23 14:00", "11-23 15:00"), "after the noon rest"
    (case,) = (await look_up(aftersales, "0001"))["last_cases"]
    assert (case["kind_words"], case["state_words"]) == ("维修", "已处理")


async def test_a_baler_far_out_at_night_is_reached_within_the_hour(aftersales: RunningSystem, clock: Any) -> None:
    """Agri-machinery. DSP-3, DSP-8, INT-6, FBK-1."""
    await open_branch(aftersales, "baler", far_districts=["崇明"])
    clock.advance(hours=14)
    baler = {"serial": "BL-1", "model": "9YFQ", "line": "打捆机", "purchased_on": "2026-05-01"}
    farmer = {"name": "赵大地", "phone": "13812340002", "address": "上海市崇明区陈家镇 3 组"}
    request = await register(aftersales, farmer, product=baler, fault="不打结")

    assert (request["policy"], request["fault"], request["cases"]) == ("agri-machinery@0", "knotter", ["far"])
    assert who_pays(request) == ("free", "free", "free", "保修期内免费服务")
    assert await promises(aftersales, "0002") == {"当日审阅": "11-23 23:59", "到场": "11-24 00:00"}
    clock.advance(minutes=50)
    await visit(aftersales, request, *ON_SITE)
    assert (await visit_clocks(aftersales, request))["repair"] == ("open", "11-24 00:20"), "half an hour for it"
    await visit(aftersales, request, "diagnose", major=True)
    decided = await say(aftersales, "POST", f"/requests/{request['id']}/coverage", cause="人为")
    assert who_pays(decided) == ("cost", "free", "free", "保修期内，但属使用不当或人为损坏")
    clock.advance(minutes=100)
    await visit(aftersales, request, "complete")
    assert await visit_clocks(aftersales, request) == {
        "dispatch": ("met", "11-23 23:05"),
        "arrival": ("met", "11-24 00:00"),
        "repair": ("met", "11-24 01:50"),
    }, "a major fault may take two hours"


async def test_an_old_e_bike_is_repaired_by_the_price_list_and_nobody_calls_at_noon(
    aftersales: RunningSystem, clock: Any
) -> None:
    """E-bike. INT-6, DSP-3, FBK-1."""
    await open_branch(aftersales, "e-bike")
    bike = {"serial": "EB-1", "model": "E1", "line": "电瓶车", "purchased_on": "2024-05-01"}
    rider = {"name": "钱多多", "phone": "13812340003", "address": "上海市静安区北京西路 3 号"}
    request = await register(aftersales, rider, product=bike, fault="充不进电")

    assert (request["policy"], request["fault"]) == ("e-bike@0", "not-charging")
    assert request["coverage"]["inputs"]["warranty"] == "lifetime", "serviced as long as it runs, but not for nothing"
    assert who_pays(request) == ("list", "list", "free", "已超过保修期")
    order = await order_of(aftersales, request)
    assert (order["price_list_first"], order["quotation"]) == (True, "none"), "the technician shows the price list"
    clock.advance(minutes=20)
    await visit(aftersales, request, *ON_SITE, "diagnose", "complete")
    assert (await visit_clocks(aftersales, request))["arrival"] == ("met", "11-23 10:20")
    assert await called_back(aftersales, request) == ("callback_quality", "11-23 14:00", "11-23 15:00")


async def test_an_x_ray_unit_waits_for_the_hospitals_yes_to_the_quotation(
    aftersales: RunningSystem, clock: Any
) -> None:
    """Medical equipment. INT-6, DSP-17, ALL-3, FBK-1: on a Friday."""
    await open_branch(aftersales, "x-ray", hours=WEEKDAYS)
    clock.advance(days=4)
    unit = {"serial": "XR-1", "model": "DR-9", "line": "DR机", "purchased_on": "2022-05-01"}
    hospital = {"name": "仁爱医院", "phone": "13812340004", "address": "上海市静安区北京西路 4 号"}
    request = await register(aftersales, hospital, product=unit, fault="不曝光")

    assert (request["policy"], request["fault"]) == ("medical-equipment@0", "no-exposure")
    assert who_pays(request) == ("quote", "quote", "quote", "已超过保修期")
    clock.advance(hours=1)
    await visit(aftersales, request, *ON_SITE, "diagnose")
    assert [wait["reason"] for wait in (await order_of(aftersales, request))["waits"]] == ["waiting_approval"]
    assert "还在等待顾客接受报价" in await refuses_to_complete(aftersales, request)
    said = {"amount": {"amount": 1280000, "currency": "CNY"}, "accepted_by": "设备科 周主任", "evidence": "盖章报价单"}
    await say(aftersales, "POST", f"/requests/{request['id']}/quotation/accept", **said)
    assert (await order_of(aftersales, request))["waits"] == []
    await visit(aftersales, request, "complete")
    assert await called_back(aftersales, request) == ("callback", "11-28 09:00", "11-30 18:00"), "by the working day"


async def test_a_lost_parcel_is_answered_in_five_minutes_and_found_in_two_days(
    aftersales: RunningSystem, clock: Any
) -> None:
    """E-commerce. INT-8, INT-15, FBK-4."""
    await open_branch(aftersales)
    buyer = {"name": "孙小猫", "phone": "13812340005"}
    order = {"platform": "taobao", "number": "3387 0012 9981", "account": "小猫爱吃鱼"}
    request = await register(
        aftersales, buyer, channel="chat", kind="parcel_problem", order=order, description="显示签收可是没收到货"
    )

    assert request["policy"] == "e-commerce@0"
    assert who_pays(request) == ("free", "free", "free", "受理本身不收费，处理结果另行决定")
    for word in ("3387 0012 9981", "小猫爱吃鱼"):
        (case,) = (await look_up(aftersales, word))["open_cases"]
        assert (case["request"], case["kind_words"]) == (request["id"], "物流异常"), word
    assert await promises(aftersales, "0005") == {
        "首次答复": "11-23 09:05",
        "物流问题首次答复": "11-23 09:05",
        "当日审阅": "11-23 23:59",
        "物流问题": "11-25 09:00",
    }
    clock.advance(minutes=4)
    await say(aftersales, "POST", f"/requests/{request['id']}/replies", channel="chat", text="正在联系快递，请稍候")
    await call(aftersales.intake, "POST", f"/requests/{request['id']}/review", {}, **{"X-Actor": "desk-9"})
    assert await promises(aftersales, "0005") == {"物流问题": "11-25 09:00"}
    clock.advance(hours=47)
    done = {"channel": "chat", "text": "包裹在驿站，已送到您家", "final": True}
    ended = await say(aftersales, "POST", f"/requests/{request['id']}/replies", **done)
    assert ended["state"] == "closed"
    assert await clocks(aftersales.intake, request["id"]) == {
        "review": ("met", "11-23 23:59"),
        "first_reply": ("met", "11-23 09:05"),
        "logistics_reply": ("met", "11-23 09:05"),
        "logistics": ("met", "11-25 09:00"),
    }


async def test_a_burst_pipe_needs_no_serial_number_and_waits_until_the_agreed_day(
    aftersales: RunningSystem, clock: Any
) -> None:
    """Property. INT-2, INT-5, DSP-3, DSP-5, DSP-8, DSP-17."""
    await open_branch(aftersales, "water-supply")
    li = {"name": "李阿姨", "phone": "13812340006", "address": "阳光花园 3 号楼 501"}
    request = await register(aftersales, li, product={"line": "水管"}, description="水管爆裂 厨房全是水")

    assert (request["policy"], request["product"]["serial"]) == ("property@0", f"PR-{request['id'][3:]}")
    assert (request["danger"], request["danger_words"], request["priority"]) == (True, ["水管爆裂"], 1)
    assert who_pays(request)[:3] == ("quote", "quote", "free")
    assert await promises(aftersales, "0006") == {
        "首次答复": "11-23 09:05",
        "到场": "11-23 09:20",
        "当日审阅": "11-23 23:59",
    }
    assert (await visit_clocks(aftersales, request))["repair"] == ("open", "11-23 11:00"), "two hours: an emergency"
    await move_to(aftersales, request, "2026-11-25T09:00:00+08:00", "总阀已关，周三在家")
    assert (await promises(aftersales, "0006"))["到场"] == "11-25 10:00"
    said = {"amount": {"amount": 18000, "currency": "CNY"}, "accepted_by": "李阿姨", "evidence": "微信"}
    await say(aftersales, "POST", f"/requests/{request['id']}/quotation/accept", **said)
    clock.advance(days=2, minutes=10)
    await visit(aftersales, request, *ON_SITE, "diagnose", "complete")
    assert await visit_clocks(aftersales, request) == {
        "dispatch": ("met", "11-23 09:05"),
        "arrival": ("met", "11-25 10:00"),
        "repair": ("met", "11-25 11:00"),
    }
    assert await called_back(aftersales, request) == ("callback", "11-25 09:10", "11-28 09:10"), "within three days"


async def test_a_lathe_under_contract_that_gives_shocks_is_answered_at_once(
    aftersales: RunningSystem, clock: Any
) -> None:
    """Enterprise. INT-5, INT-8, INT-13."""
    await open_branch(aftersales, "lathe")
    lathe = {"serial": "LT-1", "model": "CK-40", "line": "数控车床", "purchased_on": "2020-05-01"}
    firm = {"name": "申城机械厂", "phone": "13812340007", "address": "上海市嘉定区 7 号"}
    customer = (await say(aftersales, "POST", "/customers", branch=BRANCH, **firm, products=[lathe]))["id"]
    terms = {"customer": customer, "branch": BRANCH, "serials": ["LT-1"], "response": {"resolve": "PT8H"}}
    terms |= {"valid_from": "2026-01-01", "valid_until": "2027-12-31"}
    free = dict.fromkeys(("parts", "labour", "travel"), "free")
    await say(aftersales, "POST", "/contracts", **terms, covers=free)

    (known,) = (await look_up(aftersales, "0007"))["products"]
    assert (known["warranty"], known["parts"], known["why"]) == ("out", "free", "服务合同已包含")
    request = await register(aftersales, {"id": customer}, product={"serial": "LT-1"}, description="机床漏电打人")
    assert (request["policy"], request["cases"], request["priority"]) == ("enterprise@0", ["emergency"], 1)
    assert who_pays(request) == ("free", "free", "free", "服务合同已包含")
    assert await promises(aftersales, "0007") == {
        "首次答复": "11-23 09:05",
        "确认": "11-23 09:15",
        "到场": "11-23 10:20",
        "解决": "11-23 13:00",
        "当日审阅": "11-23 23:59",
    }, "an emergency is confirmed and handled sooner than the eight hours of the contract"
    clock.advance(minutes=3)
    await say(aftersales, "POST", f"/requests/{request['id']}/replies", channel="phone", text="请立即断电，不要碰机床")
    clock.advance(minutes=7)
    await visit(aftersales, request, *ON_SITE, "diagnose", "complete")
    ended = await clocks(aftersales.intake, request["id"])
    assert {stage: ended[stage] for stage in ("first_reply", "confirm", "resolve")} == {
        "first_reply": ("met", "11-23 09:05"),
        "confirm": ("met", "11-23 09:15"),
        "resolve": ("met", "11-23 13:00"),
    }


async def test_nobody_opens_for_the_floor_and_the_customer_is_called_again_the_next_day(
    aftersales: RunningSystem, clock: Any
) -> None:
    """Building materials. INT-1, INT-6, DSP-5, ALL-3."""
    await open_branch(aftersales, "flooring")
    zhou = {"name": "周新房", "phone": "13812340008", "address": "上海市宝山区 8 号"}
    floor = {"line": "木地板", "purchased_on": "2026-05-01"}
    request = await register(aftersales, zhou, product=floor, fault="起翘")

    assert (request["policy"], request["fault"]) == ("building-materials@0", "deformed")
    assert who_pays(request) == ("free", "free", "free", "保修期内免费服务")
    clock.advance(minutes=30)
    await visit(aftersales, request, "accept", "depart")
    await step(aftersales, request["id"], "not-reached", {"channel": "on_site", "why": "敲门无人"})
    assert await promises(aftersales, "0008") == {
        "当日审阅": "11-23 23:59",
        "再次联系客户": "11-24 23:59",
        "到场": None,
    }, "the arrival waits for the customer, and is not late"
    clock.advance(days=1)
    await say(
        aftersales, "POST", f"/requests/{request['id']}/steps", step="customer_contacted", note="今天下午三点在家"
    )
    await move_to(aftersales, request, "2026-11-24T15:00:00+08:00", "下午三点在家")
    assert (await clocks(aftersales.intake, request["id"]))["contact_again"] == ("met", "11-24 23:59")
    assert (await promises(aftersales, "0008"))["到场"] == "11-24 16:00"
    clock.advance(hours=5, minutes=45)
    await visit(aftersales, request, "arrive", "diagnose", "complete")
    assert (await visit_clocks(aftersales, request))["arrival"] == ("met", "11-24 16:00")
