"""The warranty card: term, scope, liability, extension and who pays (INT-6, INT-17)."""

import re
from collections.abc import Callable
from typing import Any

from intake.printed import FORM, read_paper

from aftersales.testing.system import RunningService


async def test_int_6_the_warranty_card_states_term_scope_liability_extension_and_who_pays(
    intake: RunningService, desk: Callable[..., Any]
) -> None:
    await desk("/requests", FORM)
    card = await desk("/products/RF-0001/warranty-card", {"language": "zh-Hans"})
    assert card["id"].startswith("WC-")
    assert card["request"] is None
    said = await read_paper(intake, card)
    for words in ("保修卡", "自购买之日起12个月", "2027-01-30", "正常使用中因制造、装配、材料质量造成的故障"):
        assert words in said
    for words in ("违章操作和人为损坏不在保修范围内", "保修期内", "保修期后", "免费"):
        assert words in said

    extended = {"until": "2028-01-30", "claim": "CL-1", "approved_by": "boss", "why": "三次维修"}
    await desk("/products/RF-0001/extension", extended)
    second = await desk("/products/RF-0001/warranty-card", {"language": "en"})
    said = await read_paper(intake, second)
    for words in ("WarrantyCard", "12monthsfromthedayofpurchase", "Until2028-01-30,byclaimCL-1", "三次维修"):
        assert words in said


async def test_int_6_the_costs_on_the_card_differ_by_cause_where_the_policy_does(
    intake: RunningService, desk: Callable[..., Any]
) -> None:
    product = {"serial": "TR-1", "model": "T-1", "line": "tractor", "purchased_on": "2026-06-01"}
    await desk("/requests", FORM | {"product": product, "fault": "no-start"})
    said = await read_paper(intake, await desk("/products/TR-1/warranty-card"))

    for words in ("Inwarranty:Manufacturing,Assembly,Material", "Inwarranty:Misuse,Damagebypeople", "Atcostprice"):
        assert words in said


async def test_int_17_a_product_without_serial_number_and_day_of_purchase_says_so(
    intake: RunningService, desk: Callable[..., Any]
) -> None:
    request = await desk("/requests", FORM | {"product": {"line": "飞行汽车"}})
    serial = request["product"]["serial"]
    said = await read_paper(intake, await desk(f"/requests/{request['id']}/form"))
    for words in (f"Notknown(ournumber{serial})", "Productline飞行汽车", "ModelNotknown", "DayofpurchaseNotknown"):
        assert words in said
    said = await read_paper(intake, await desk(f"/products/{serial}/warranty-card", {"language": "zh-Hans"}))
    assert re.search(f"未知.本公司编号{serial}", said)
    assert re.search("未知.保修期自购买之日起算.请出示购买凭证", said)


async def test_int_17_a_scrapped_product_gets_no_warranty_card(
    intake: RunningService, desk: Callable[..., Any]
) -> None:
    await desk("/requests", FORM)
    await desk("/products/RF-0001/status", {"status": "scrapped", "why": "报废"})
    refused = await intake.http.post("/products/RF-0001/warranty-card")
    assert refused.json()["code"] == "document.product_gone"
