"""Who takes the contact owns it to the end (INT-7); what the owner cannot answer goes up, and the customer is told."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from intake.staff import data, overheard, register, say, staff

from aftersales.common.events import Event
from aftersales.common.events.intake import RequestEscalated, RequestHandedOver
from aftersales.intake.network.domain import Rung
from aftersales.intake.requests.domain.form import CancelRequest
from aftersales.intake.requests.domain.ownership import (
    DeclineHandover,
    Escalate,
    OfferHandover,
    accept_handover,
    decline_handover,
    escalate_request,
    offer_handover,
    take_over_request,
    withdraw_handover,
)
from aftersales.intake.requests.domain.progress import cancel_request
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.testing import eventually
from aftersales.testing.system import RunningService
from aftersales.values.errors import DomainError

NOW = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
CHAIN = tuple(
    Rung.model_validate({"level": level, "person": person})
    for level, person in (("owner", "desk-7"), ("supervisor", "s"), ("headquarters", "h"), ("leadership", "b"))
)
OFFER = OfferHandover(to="desk-8", reason="language", note="客户说粤语")


def _ask(reason: str, **more: Any) -> Escalate:
    return Escalate(reason=reason, proposal="换同型号", **more)


@pytest.fixture
def offered(registered: ServiceRequest) -> ServiceRequest:
    return offer_handover(registered, OFFER, "desk-7", NOW)


def test_until_it_is_accepted_the_old_owner_owns_it(offered: ServiceRequest) -> None:
    """INT-7."""
    assert (offered.owner, offered.offer and offered.offer.to) == ("desk-7", "desk-8")
    accepted, (event,) = accept_handover(offered, "desk-8", NOW + timedelta(minutes=5))
    assert (accepted.owner, accepted.offer) == ("desk-8", None)
    assert event == RequestHandedOver(
        request=offered.id,
        branch="BJ01",
        from_owner="desk-7",
        to_owner="desk-8",
        reason="language",
        accepted_at=NOW + timedelta(minutes=5),
    )
    assert "粤语" not in event.model_dump_json()
    assert [(step.what, step.by) for step in accepted.custody] == [("offered", "desk-7"), ("accepted", "desk-8")]


def test_an_offer_is_declined_by_whom_it_was_made_to_and_withdrawn_by_whom_it_was_made_by(
    offered: ServiceRequest,
) -> None:
    """INT-7."""
    declined = decline_handover(offered, DeclineHandover(reason="今天请假"), "desk-8", NOW)
    assert (declined.owner, declined.offer, declined.custody[-1].note) == ("desk-7", None, "今天请假")
    withdrawn = withdraw_handover(offered, "desk-7", NOW)
    assert (withdrawn.owner, withdrawn.offer, withdrawn.custody[-1].what) == ("desk-7", None, "withdrawn")
    for refused in (
        lambda: accept_handover(offered, "desk-9", NOW),
        lambda: decline_handover(offered, DeclineHandover(reason="-"), "desk-7", NOW),
        lambda: withdraw_handover(offered, "desk-8", NOW),
    ):
        with pytest.raises(DomainError, match=r"offer\.(for|of)_somebody_else"):
            refused()


def test_there_is_one_offer_at_a_time_and_only_to_somebody_else(
    registered: ServiceRequest, offered: ServiceRequest
) -> None:
    with pytest.raises(DomainError, match=r"offer\.pending"):
        offer_handover(offered, OFFER, "desk-7", NOW)
    with pytest.raises(DomainError, match=r"offer\.owned_already"):
        offer_handover(registered, OFFER.model_copy(update={"to": "desk-7"}), "desk-7", NOW)
    with pytest.raises(DomainError, match=r"offer\.none"):
        accept_handover(registered, "desk-8", NOW)


def test_nobody_has_to_answer_for_a_request_that_has_ended(offered: ServiceRequest) -> None:
    ended, _ = cancel_request(offered, CancelRequest(reason="不修了"), "desk-7", NOW)
    steps: tuple[Callable[[], Any], ...] = (
        lambda: offer_handover(ended, OFFER, "desk-7", NOW),
        lambda: accept_handover(ended, "desk-8", NOW),
        lambda: take_over_request(ended, "desk-8", NOW),
        lambda: escalate_request(ended, _ask("?"), CHAIN, "desk-7", NOW),
    )
    for step in steps:
        with pytest.raises(DomainError, match=r"request\.ended"):
            step()
    assert withdraw_handover(ended, "desk-7", NOW).offer is None


def test_who_takes_a_line_of_a_shift_owns_the_request_and_an_offer_is_void(offered: ServiceRequest) -> None:
    """ALL-7, INT-7."""
    taken, (event,) = take_over_request(offered, "desk-9", NOW)
    assert (taken.owner, taken.offer) == ("desk-9", None)
    assert isinstance(event, RequestHandedOver)
    assert (event.from_owner, event.to_owner, event.reason) == ("desk-7", "desk-9", "shift_handover")
    assert take_over_request(taken, "desk-9", NOW) == (taken, ())


Offering = Callable[[ServiceRequest, OfferHandover, str, datetime], ServiceRequest]


def _try(tries: list[tuple[str, str]], make_offer: Offering) -> None:
    """Each change of owner must be told, from the owner that was, to whoever said yes."""
    request = ServiceRequest.model_validate(_REQUEST)
    for step, by in tries:
        before = request
        events: tuple[Event, ...] = ()
        try:
            match step:
                case "o":
                    request = make_offer(request, OFFER, by, NOW)
                case "a":
                    request, events = accept_handover(request, by, NOW)
                case "d":
                    request = decline_handover(request, DeclineHandover(reason="-"), by, NOW)
                case "w":
                    request = withdraw_handover(request, by, NOW)
                case _:
                    request, events = take_over_request(request, by, NOW)
        except DomainError:
            assert request == before
        assert (request.owner != before.owner) == bool(events)
        for event in events:
            assert isinstance(event, RequestHandedOver)
            assert (event.from_owner, event.to_owner) == (before.owner, request.owner) == (before.owner, by)


@given(st.lists(st.tuples(st.sampled_from("oadwt"), st.sampled_from(["desk-7", "desk-8", "desk-9"]))))
def test_the_owner_changes_only_with_a_yes_whatever_is_tried(tries: list[tuple[str, str]]) -> None:
    """INT-7."""
    _try(tries, offer_handover)


def _hasty(request: ServiceRequest, command: OfferHandover, by: str, now: datetime) -> ServiceRequest:
    """Broken on purpose: does not wait for the yes."""
    return offer_handover(request, command, by, now).but(owner=command.to)


def test_an_owner_who_changes_without_a_yes_is_noticed() -> None:
    with pytest.raises(AssertionError):
        _try([("o", "desk-7")], _hasty)


_REQUEST: dict[str, Any] = {
    "id": "SR-261122-7K3F",
    "branch": "BJ01",
    "channel": "phone",
    "customer": "c-1",
    "address": "朝阳区",
    "product": {"serial": "RF-0001", "model": "BCD-258", "line": "refrigerator"},
    "kind": "repair",
    "fault": "no-cooling",
    "description": "",
    "urgency": 2,
    "priority": 3,
    "owner": "desk-7",
    "registered_at": NOW,
}


def test_what_the_owner_cannot_answer_goes_up_a_level_at_a_time(registered: ServiceRequest) -> None:
    """INT-10: a level without anybody is passed over; the owner stays the owner."""
    request, asked = registered, []
    for _ in range(3):
        request, (event,) = escalate_request(request, _ask("能否换机"), CHAIN, "desk-7", NOW)
        assert isinstance(event, RequestEscalated)
        asked.append((event.level, event.to))
        assert "换机" not in event.model_dump_json()
    assert asked == [("supervisor", "s"), ("headquarters", "h"), ("leadership", "b")]
    assert (request.owner, len(request.escalations)) == ("desk-7", 3)
    with pytest.raises(DomainError, match=r"request\.nobody_above"):
        escalate_request(request, _ask("?"), CHAIN, "desk-7", NOW)


def test_a_level_can_be_named_but_never_one_that_was_passed(registered: ServiceRequest) -> None:
    """INT-10."""
    request, _ = escalate_request(registered, _ask("?", to_role="centre"), CHAIN, "desk-7", NOW)
    assert request.escalations[-1].to == "h"
    again, _ = escalate_request(request, _ask("?", to_role="supervisor"), CHAIN, "desk-7", NOW)
    assert again.escalations[-1].to == "b"


async def test_int_7_only_the_owner_and_the_owners_superiors_offer_a_request(intake: RunningService) -> None:
    """F21: a clerk offered another clerk's request to himself, and accepted it."""
    await staff(intake)
    path = f"/requests/{await register(intake)}/handover"
    for stranger in ("desk-8", "hq-2", "anonymous"):
        refused = await say(intake, "POST", path, by=stranger, status=409, to="desk-8", reason="leave")
        assert refused == "offer.not_yours"
    for allowed in ("desk-7", "sup-1", "centre-1", "hq-1"):
        await say(intake, "POST", path, by=allowed, to="desk-8", reason="leave")
        await say(intake, "POST", f"{path}/withdraw", by=allowed)


async def test_a_request_is_offered_declined_withdrawn_and_accepted(intake: RunningService) -> None:
    """INT-7."""
    await staff(intake)
    async with overheard(intake) as heard:
        number = await register(intake)
        path = f"/requests/{number}/handover"
        form: dict[str, Any] = {"to": "desk-8", "reason": "language"}
        assert await say(intake, "POST", path, status=409, **form | {"to": "nobody"}) == "person.unknown"
        assert (await say(intake, "POST", path, **form))["offer"]["to"] == "desk-8"
        assert await say(intake, "POST", f"{path}/accept", by="desk-7", status=409) == "offer.for_somebody_else"
        await say(intake, "POST", f"{path}/decline", by="desk-8", reason="今天请假")
        await say(intake, "POST", path, **form)
        assert (await say(intake, "POST", f"{path}/withdraw", by="desk-7"))["offer"] is None
        await say(intake, "POST", path, **form)
        assert (await say(intake, "POST", f"{path}/accept", by="desk-8"))["owner"] == "desk-8"
        await eventually(lambda: _told(heard, "request_handed_over"))
    (told,) = data(heard, "request_handed_over")
    assert (told["request"], told["from_owner"], told["to_owner"]) == (number, "desk-7", "desk-8")


async def _told(heard: list[dict[str, Any]], kind: str) -> bool:
    return bool(data(heard, kind))


async def test_int_10_an_escalation_asks_above_until_nobody_is_above(intake: RunningService) -> None:
    await staff(intake)
    async with overheard(intake) as heard:
        number = await register(intake)
        request = await say(intake, "POST", f"/requests/{number}/escalate", reason="能否换机", proposal="换新")
        assert [(one["level"], one["to"]) for one in request["escalations"]] == [("supervisor", "sup-1")]
        await eventually(lambda: _told(heard, "request_escalated"))
    assert "换机" not in str(heard)
    await say(
        intake, "POST", f"/requests/{number}/escalate", reason="能否换机", proposal="换新", to_role="headquarters"
    )
    assert (
        await say(intake, "POST", f"/requests/{number}/escalate", reason="?", proposal="换", status=409)
        == "request.nobody_above"
    )
