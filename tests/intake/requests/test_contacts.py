"""A second call about the same case, notes and flags, and requests that were registered twice (ALL-4)."""

from typing import Any

import pytest
from intake import staff

from aftersales.common.events.intake import RequestCancelled, RequestContacted
from aftersales.testing.system import RunningService

FORM: dict[str, Any] = {
    "branch": "BJ01",
    "channel": "phone",
    "customer": {"name": "王芳", "phone": "13900000051", "address": "长安街 1 号"},
    "product": {"serial": "TV-51", "model": "TV-1", "line": "e-commerce"},
    "fault": "noisy",
    "description": "电视响",
}
CALL: dict[str, Any] = {"channel": "phone", "said": "怎么还没有人来？", "caller": "王芳的丈夫", "phone": "13900000052"}  # noqa: RUF001


async def register(intake: RunningService, **form: Any) -> Any:
    return await staff.say(intake, "POST", "/requests", status=201, **FORM | form)


async def post(intake: RunningService, number: str, path: str, *, status: int = 201, **body: Any) -> Any:
    return await staff.say(intake, "POST", f"/requests/{number}/{path}", status=status, by="desk-8", **body)


def running(request: Any) -> list[tuple[str, str]]:
    return [(clock["key"], clock["deadline"]) for clock in request["clocks"] if clock["outcome"] == "open"]


async def test_a_second_call_is_kept_with_time_and_author_and_stops_no_clock(
    intake: RunningService, clock: Any, heard: Any
) -> None:
    """ALL-4: until now it could only be recorded as our answer, which met the promise of a reply."""
    request = await register(intake)
    assert any(key.startswith("review") for key, _ in running(request))
    clock.advance(minutes=2)
    called = await post(intake, request["id"], "contacts", **CALL)
    (contact,) = called["contacts"]
    at = {"at": clock.now().isoformat().replace("+00:00", "Z"), "by": "desk-8", "answered": False, "from_request": None}
    assert contact == CALL | at | {"phone": "+8613900000052"}
    assert (running(called), called["state"], called["answers"]) == (running(request), request["state"], [])
    answered = await post(intake, request["id"], "contacts", channel="chat", said="谢谢", answered=True)
    assert running(answered) == running(request), "even an answered call is no reply that ends a promise"
    assert answered["contacts"][1]["caller"] == "王芳"
    shown = (await intake.http.get(f"/requests/{request['id']}")).json()
    assert [one["said"] for one in shown["contacts"]] == [CALL["said"], "谢谢"]
    events = await heard(RequestContacted)
    assert [(event.number, event.answered) for event in events] == [(1, False), (2, True)]
    assert "怎么还没" not in events[0].model_dump_json()


async def test_notes_and_flags_say_by_whom_and_when_and_lists_find_the_flag(intake: RunningService) -> None:
    """S2:3: remarks with coloured flags."""
    numbers = [(await register(intake, product={"serial": f"TV-6{n}"} | {"line": "tv"}))["id"] for n in range(3)]
    await post(intake, numbers[0], "contacts", **CALL, note="很急", flag="red")
    await post(intake, numbers[1], "notes", text="等配件", flag="blue")
    kept = await post(intake, numbers[1], "notes", text="配件到了")
    assert [(note["text"], note["flag"], note["by"]) for note in kept["notes"]] == [
        ("等配件", "blue", "desk-8"),
        ("配件到了", None, "desk-8"),
    ]
    assert kept["flag"] == "blue", "a remark without a flag leaves it"
    for flag, found in (("red", [numbers[0]]), ("blue", [numbers[1]]), ("green", [])):
        for order in ("newest", "due"):
            page = await staff.ask(intake, "/requests", flag=flag, sort=order)
            assert [one["id"] for one in page["items"]] == found
    assert (await post(intake, numbers[1], "notes", text="完成", flag=None))["flag"] is None
    assert not (await staff.ask(intake, "/requests", flag="blue"))["items"]
    assert (await intake.http.get("/requests", params={"flag": "pink"})).status_code == 422


async def test_the_check_names_the_place_for_a_second_call(intake: RunningService) -> None:
    """ALL-4: a duplicate was shown, and nothing offered."""
    request = await register(intake)
    seen = await staff.say(intake, "POST", "/requests/check", **FORM)
    (duplicate,) = seen["duplicates"]
    assert duplicate["contacts"] == f"/requests/{request['id']}/contacts"
    await staff.say(intake, "POST", duplicate["contacts"], status=201, **CALL)


async def test_a_request_that_was_registered_twice_ends_and_what_was_said_goes_on(
    intake: RunningService, clock: Any, heard: Any
) -> None:
    """ALL-4."""
    original = await register(intake)
    clock.advance(minutes=1)
    twice = await register(intake, channel="web", description="还在响", customer=FORM["customer"] | {"name": "王先生"})
    await post(intake, twice["id"], "contacts", **CALL, note="生气", flag="yellow")
    ended = await post(intake, twice["id"], "duplicate-of", status=200, of=original["id"], reason="同一件事")
    assert (ended["state"], ended["duplicate_of"], ended["history"][-1]["why"]) == (
        "cancelled",
        original["id"],
        "同一件事",
    )
    assert {one["outcome"] for one in ended["clocks"]} == {"waived"}
    kept = (await intake.http.get(f"/requests/{original['id']}")).json()
    assert [(one["said"], one["caller"], one["channel"], one["from_request"]) for one in kept["contacts"]] == [
        ("还在响", "王先生", "web", twice["id"]),
        (CALL["said"], CALL["caller"], "phone", twice["id"]),
    ]
    assert ([note["text"] for note in kept["notes"]], kept["flag"], kept["state"]) == (["生气"], "yellow", "registered")
    assert running(kept) == running(original)
    (event,) = await heard(RequestCancelled)
    assert (event.request, event.duplicate_of, event.on_site) == (twice["id"], original["id"], True)
    assert await post(intake, twice["id"], "contacts", status=409, **CALL) == "request.is_duplicate"


@pytest.mark.parametrize(
    ("of", "code"),
    [("itself", "request.duplicate_of_itself"), ("cancelled", "request.duplicate_of_cancelled")],
)
async def test_what_cannot_go_on_is_refused(intake: RunningService, of: str, code: str) -> None:
    request, other = await register(intake), await register(intake)
    await post(intake, other["id"], "cancel", status=200, reason="x")
    number = request["id"] if of == "itself" else other["id"]
    command = {"of": number, "reason": "x"}
    assert await post(intake, request["id"], "duplicate-of", status=409, **command) == code
    unknown = await post(intake, request["id"], "duplicate-of", status=404, of="SR-261122-0000", reason="x")
    assert unknown == "requests.unknown"
    ended = await post(intake, other["id"], "duplicate-of", status=409, of=request["id"], reason="x")
    assert ended == "request.already_cancelled"
