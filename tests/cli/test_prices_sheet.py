"""Prices from sheets, as headquarters and a store bring them in: everybody reads them (INV-15, INT-11)."""

from cli.system import open_system, saved

from aftersales.testing import ManualClock, eventually

PRICES = """收费编码,产品线,工作类型,收费项目,英文名称,单价,币种,生效日期
TRAVEL,,上门费,上门费,Call-out,30.00,,2026-01-01
RF-1,冰箱,维修,冰箱维修,Refrigerator repair,110,,2025-01-01
RF-1,冰箱,维修,冰箱维修,Refrigerator repair,120,CNY,2026-01-01
RF-1,冰箱,维修,冰箱维修,Refrigerator repair,125,CNY,2026-01-01
X-1,宇宙飞船,维修,飞船维修,,1,,2026-01-01
X-2,冰箱,维修,冰箱维修,,-1,,2026-01-01
X-3,冰箱,维修,冰箱维修,,1,XYZ,2026-01-01
X-4,冰箱,维修,,,1,,2026-01-01
"""
PARTS = "code;name;lines;faults;price\nP-100;变频压缩机;refrigerator;no-cooling;1,280.50\n"


async def test_inv_15_prices_of_sheets_are_on_the_public_page_and_wrong_rows_are_refused(urls, tmp_path):
    async with open_system(urls, ManualClock()) as aftersales:
        await _bring_in(aftersales, tmp_path)


async def _bring_in(aftersales, tmp_path):
    sheet = saved(tmp_path, "prices.csv", PRICES, "gb18030")
    done = await aftersales("import", "prices", sheet, "--json")
    assert (done.json["imported"], done.json["refused"]) == (3, 5), done.out
    refused = (tmp_path / "prices.csv.errors.csv").read_text("utf-8-sig")
    assert [line.split(",")[0] for line in refused.splitlines()[1:]] == ["5", "6", "7", "8", "9"], refused
    assert (await aftersales("import", "parts", saved(tmp_path, "parts.csv", PARTS))).code == 0
    http = aftersales.system.intake.http

    async def listed():
        rows = (await http.get("/public/prices", params={"line": "fridge"})).json()["items"]
        return [(row["code"], row["price_words"]) for row in rows] if len(rows) == 3 else None

    assert await eventually(listed) == [("RF-1", "CNY 120.00"), ("TRAVEL", "CNY 30.00"), ("P-100", "CNY 1,280.50")]
    page = (await http.get("/public/", params={"lang": "zh-Hans"})).text
    assert all(words in page for words in ("冰箱维修", "120.00 元", "变频压缩机", "1,280.50 元"))
