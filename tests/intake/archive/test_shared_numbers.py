"""Who uses a number in which way: families, shops, caretakers, and strangers who share one (INT-3)."""

from typing import Any

import pytest
from intake import staff

from aftersales.intake.archive.domain.customer import Customer
from aftersales.testing.system import RunningService

FATHER: dict[str, Any] = {"branch": "BJ01", "name": "王伟", "phone": "13900000091", "address": "长安街 2 号"}
REQUEST: dict[str, Any] = {"branch": "BJ01", "channel": "phone", "kind": "consultation", "description": "几点开门"}


async def archive(intake: RunningService, **said: Any) -> Any:
    return await staff.say(intake, "POST", "/customers", status=201, **said)


async def call(intake: RunningService, **caller: Any) -> Any:
    return await staff.say(intake, "POST", "/requests", status=201, **REQUEST | {"customer": caller})


async def found(intake: RunningService, q: str) -> dict[str, Any]:
    return {one["customer"]["id"]: one["customer"] for one in (await staff.ask(intake, "/lookup", q=q))["items"]}


async def test_who_uses_a_number_in_which_way_is_said_in_the_call_and_shown(intake: RunningService) -> None:
    """INT-3: by the number or by the customer's id; the last word about the same person counts."""
    father = await archive(intake, **FATHER)
    await call(intake, name="李梅", phone=FATHER["phone"], role="妻子")
    await call(intake, id=father["id"], name="Tom Baker", relation="shared", role="caretaker")
    await call(intake, name="李 梅", phone=FATHER["phone"], role="妻子 (周末接听)", relation="household")
    await call(intake, name="王伟", phone=FATHER["phone"], role="本人")
    (shown,) = (await found(intake, "0091")).values()
    assert [(one["name"], one["relation"], one["role"]) for one in shown["users"]] == [
        ("Tom Baker", "shared", "caretaker"),
        ("李 梅", "household", "妻子 (周末接听)"),
    ]
    assert len(await intake.find(Customer)) == 1
    assert father["id"] in await found(intake, "Tom Baker")


async def test_two_of_one_household_with_one_name_and_one_number_stay_two(intake: RunningService) -> None:
    """INT-3: the son is archived with the number that he shares, and the number finds both."""
    father = await archive(intake, **FATHER)
    shared = {"number": "139 0000 0091", "relation": "household", "role": "儿子"}
    son = await archive(intake, **FATHER | {"phone": "", "shared_phones": [shared]})
    assert (son["id"] != father["id"], son["phone"], son["shared_phones"][0]["number"]) == (True, "", "+8613900000091")
    both = await found(intake, FATHER["phone"])
    assert {id: [one["role"] for one in who["shared_phones"]] for id, who in both.items()} == {
        father["id"]: [],
        son["id"]: ["儿子"],
    }
    assert (await call(intake, id=son["id"]))["customer"] == son["id"]
    assert (await call(intake, name="王伟", phone=FATHER["phone"]))["customer"] == father["id"]
    merge = await staff.say(intake, "POST", f"/customers/{father['id']}/merge", other=son["id"], why="同一人")
    assert len((await staff.ask(intake, f"/customers/{father['id']}"))["shared_phones"]) == 1
    await staff.say(intake, "POST", f"/merges/{merge['id']}/undo", why="是父子")
    assert (await staff.ask(intake, f"/customers/{father['id']}"))["shared_phones"] == []
    assert set(await found(intake, "0091")) == {father["id"], son["id"]}


async def test_a_shop_phone_and_a_caretaker_are_corrected_like_other_data(intake: RunningService) -> None:
    """INT-3: a list replaces the stored one; a number that nobody can have is refused."""
    shop = await archive(intake, **FATHER | {"kind": "organisation", "name": "街角小店"})
    users = [{"name": "店员", "relation": "company", "role": "店里电话", "number": "13900000091"}, {"name": "门卫"}]
    changed = await staff.say(intake, "PATCH", f"/customers/{shop['id']}", users=users)
    assert [(one["name"], one["number"]) for one in changed["users"]] == [("店员", "+8613900000091"), ("门卫", None)]
    assert shop["id"] in await found(intake, "门卫")
    wrong = [{"name": "门卫", "number": "00000000"}]
    assert await staff.say(intake, "PATCH", f"/customers/{shop['id']}", status=422, users=wrong) == "input.malformed"
    assert (await staff.say(intake, "PATCH", f"/customers/{shop['id']}", users=[]))["users"] == []


@pytest.mark.parametrize("blank", [{"role": " "}, {"relation": "", "role": ""}])
async def test_a_caller_of_whom_nothing_is_said_stays_an_alias(intake: RunningService, blank: dict[str, str]) -> None:
    """INT-3: nobody is guessed to be family."""
    father = await archive(intake, **FATHER)
    await call(intake, name="李梅", phone=FATHER["phone"], **blank)
    shown = (await found(intake, "李梅"))[father["id"]]
    assert (shown["users"], shown["aliases"]) == ([], ["李梅"])
