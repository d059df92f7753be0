"""Catalogues reach dispatch and inventory: a skill 冰箱 is sent, and a part for 不制冷 reserved (ALL-1)."""

from e2e.story import BRANCH, call, furnish, order_in, receive, register

from aftersales.testing import eventually
from aftersales.values import sibling_number

PERSON = {"name": "李师傅", "branch": BRANCH, "licence_until": "2030-01-01T00:00:00Z"}


async def test_words_that_a_desk_may_use_are_understood_by_dispatch_and_inventory(aftersales, clock):
    await aftersales.quiet()
    clock.advance(seconds=10)
    await furnish(aftersales, technicians=0, stock=0)
    await call(aftersales.dispatch, "PUT", "/technicians/T-9", PERSON | {"skills": ["電冰箱"]})
    part = {"name": "压缩机", "faults": ["no_cooling"], "lines": ["冰箱"]}
    assert (await call(aftersales.inventory, "PUT", "/parts/P-100", part))["unclear"] == []
    await receive(aftersales, 1)
    request = await register(aftersales)
    assert (await order_in(aftersales, request, "offered"))["technician"] == "T-9"

    async def reserved():
        answer = await aftersales.inventory.http.get(f"/slips/{sibling_number(request, 'IS')}-1")
        return answer.status_code == 200 and answer.json()["state"] == "reserved"

    await eventually(reserved)


async def test_a_word_that_headquarters_adds_later_corrects_the_technician(aftersales, clock):
    """A technician with a word that no catalogue had was never chosen, and nobody saw it."""
    await aftersales.quiet()
    await furnish(aftersales, technicians=0, stock=0)
    someone = await call(aftersales.dispatch, "PUT", "/technicians/T-9", PERSON | {"skills": ["双门柜"]})
    assert [one["word"] for one in someone["unclear"]] == ["双门柜"]
    request = await register(aftersales)
    lines = await call(aftersales.intake, "GET", "/catalogues/lines")
    (entry,) = (one for one in lines["entries"] if one["code"] == "refrigerator")
    form = {name: entry[name] for name in ("names", "lines")} | {"synonyms": [*entry["synonyms"], "双门柜"]}
    await call(aftersales.intake, "PUT", "/catalogues/lines/refrigerator", form)
    await aftersales.quiet()
    clock.advance(seconds=10)
    assert (await order_in(aftersales, request, "offered"))["technician"] == "T-9"
