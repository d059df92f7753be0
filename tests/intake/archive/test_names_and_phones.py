"""Who is calling (INT-3): a number that nobody can have is refused, and no name that a caller gives is lost."""

from typing import Any

import pytest
from intake import staff
from pydantic import TypeAdapter, ValidationError

from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.testing.system import RunningService
from aftersales.values import Phone

PHONE: TypeAdapter[str] = TypeAdapter(Phone)
FORM: dict[str, Any] = {
    "branch": "BJ01",
    "channel": "phone",
    "product": {"serial": "RF-1", "model": "BCD-470", "line": "refrigerator"},
    "fault": "noisy",
}


@pytest.mark.parametrize(
    "said",
    ["00000000", "123456", "1380013800", "138001380001", "88888888", "1-(407)958-2939", "11111111111", "62345678"],
)
def test_a_number_that_nobody_can_have_is_refused(said: str) -> None:
    """INT-3: a placeholder made one customer of three strangers."""
    with pytest.raises(ValidationError, match=r"phone\.malformed"):
        PHONE.validate_python(said)


@pytest.mark.parametrize("said", ["138 0013 8000", "010-62345678", "4001234567", "+886 912 345 678", "+1 407 958 2939"])
def test_real_numbers_are_taken(said: str) -> None:
    """INT-3."""
    assert PHONE.validate_python(said).startswith("+")


async def call(intake: RunningService, name: str, path: str = "/requests", status: int = 201) -> Any:
    caller = {"name": name, "phone": "13900000021", "address": "长安街 1 号"}
    return await staff.say(intake, "POST", path, status=status, **FORM | {"customer": caller})


async def test_another_name_at_a_known_number_is_kept_and_shown(intake: RunningService) -> None:
    """INT-3: a family, a caretaker, a recycled number."""
    first = await call(intake, "王建国")
    seen = (await call(intake, "李梅", "/requests/check", 200))["customer"]
    assert (seen["name"], seen["differs"]) == ("王建国", ["name"])
    second = await call(intake, "李梅")
    await call(intake, "王 建国")
    customer = await intake.get(Customer, first["customer"])
    assert (second["customer"], customer.name, customer.aliases) == (customer.id, "王建国", ("李梅",))
    assert {one.caller for one in await intake.find(ServiceRequest)} == {"王建国", "李梅", "王 建国"}
    found = (await intake.http.get("/customers", params={"q": "李梅"})).json()
    assert [one["id"] for one in found["items"]] == [customer.id]


async def test_a_customer_archived_under_another_name_is_still_found_by_the_first(intake: RunningService) -> None:
    """INT-3."""
    form = {"branch": "BJ01", "phone": "13900000022", "address": "长安街 2 号"}
    for name in ("原名", "新名"):
        customer = await staff.say(intake, "POST", "/customers", status=201, **form | {"name": name})
    assert (customer["name"], customer["aliases"]) == ("新名", ["原名"])


async def test_the_address_of_a_customer_who_had_none_is_kept(intake: RunningService) -> None:
    """INT-3: first a question on the phone, then a visit."""
    caller = {"name": "甲", "phone": "13900000023"}
    asked = FORM | {"kind": "consultation", "description": "几点关门", "customer": caller}
    first = await staff.say(intake, "POST", "/requests", status=201, **asked)
    visit = FORM | {"customer": caller | {"address": "长安街 3 号"}}
    await staff.say(intake, "POST", "/requests", status=201, **visit)
    customer = await intake.get(Customer, first["customer"])
    assert (customer.address, [address.text for address in customer.addresses]) == ("长安街 3 号", ["长安街 3 号"])
    again = await staff.say(intake, "POST", "/requests", status=201, **FORM | {"customer": caller})
    assert again["address"] == "长安街 3 号"
