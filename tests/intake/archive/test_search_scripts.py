"""Searches across simplified and traditional characters, and the upgrade of an older archive (INT-3)."""

from typing import Any

import pytest
from intake import staff
from intake.searched import PLAIN, customer, finds

from aftersales.intake.archive.domain.search import SEARCH_RULES, likeness_tokens
from aftersales.testing import eventually
from aftersales.testing.system import RunningSystem


@pytest.mark.parametrize(
    ("text", "query"), [("新北市板橋區中正路 8 號", "板桥 中正路"), ("新北市板桥区中正路8号", "板橋區 中正路")]
)
def test_an_address_is_found_in_simplified_and_traditional_characters(text: str, query: str) -> None:
    """INT-3, S2-10."""
    assert finds(customer(addresses=[{"text": text}]), query)


@pytest.mark.parametrize(
    ("name", "queries"),
    [
        ("Jürgen Müller", ("muller", "mueller", "müller", "MÜLLER", "mu\u0308ller", "juergen mul", "jur")),
        ("Muller", ("müller",)),
        ("Björn Weiß", ("weiss", "WEISS", "bjoern", "bjorn weiß")),
        ("Anna Blümel", ("blumel", "bluemel", "blümel")),
        ("吕绿", ("lvlv", "lülü", "lv", "lü", "ll", "吕")),
        ("女王", ("nvwang", "nüwang")),
    ],
)
def test_a_name_with_umlauts_is_found_as_people_type_it_and_pinyin_keeps_its_v(
    name: str, queries: tuple[str, ...]
) -> None:
    """INT-3: Müller was found as `mvller` only."""
    for query in queries:
        assert finds(customer(name), query), query


def test_umlauts_of_an_address_may_be_left_out_and_another_name_is_not_found() -> None:
    """INT-3."""
    there = customer("Jürgen Müller", addresses=[{"text": "Königstraße 5", "district": "Köln"}])
    for query in ("konigstrasse", "koenigstrasse muller", "Königstraße", "koln"):
        assert finds(there, query), query
    for query in ("mvller", "moller", "konigstrase", "mullerin"):
        assert not finds(there, query), query


def test_the_same_person_in_both_scripts_at_one_address_is_a_likely_duplicate() -> None:
    """INT-3, S2-10: 陈美玲 and 陳美玲 were two worlds."""
    one, other = (
        likeness_tokens(customer(name, address=address))
        for name, address in (("陈美玲", "中山路8号"), ("陳　美玲", "中山路 8 號"))
    )
    assert one & other


async def test_tokens_of_older_rules_are_written_again_after_an_upgrade(built: RunningSystem, clock: Any) -> None:
    """INT-3, S2-10: an archive from before is found by the new rules, without anybody touching its customers."""
    intake = built.intake
    await intake.http.put("/branches/BJ01", json=staff.PLACE)
    said = PLAIN | {"name": "歐陽娜娜"}
    id = (await intake.http.post("/customers", json=said)).json()["id"]
    entries, upgrades = (intake.runtime.mongo._db[name] for name in ("search_entries", "search_upgrades"))
    await entries.update_one({"_id": id}, {"$set": {"tokens": ["歐陽"]}})
    assert (await intake.http.get("/customers", params={"q": "欧阳"})).json()["items"] == []
    await upgrades.update_one({"_id": SEARCH_RULES}, {"$set": {"wake_at": clock.now(), "after": ""}})
    clock.advance(minutes=1)

    async def found() -> bool:
        return bool((await intake.http.get("/customers", params={"q": "欧阳"})).json()["items"])

    assert await eventually(found)
