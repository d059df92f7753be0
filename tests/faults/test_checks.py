"""Every invariant is seen to fail: the evidence of a sound day is doctored, one thing at a time."""

import asyncio
from copy import deepcopy

import pymongo
import pytest
from faults import doctors
from faults.checks import INVARIANTS, check
from faults.evidence import verify

ORDER = "each accepted request has exactly one work order"
COMMAND = "each accepted command has its effect once"
EVENT = "each event was applied once or is parked with a reason"
HANDLED = "what was handled is not parked"
REPEAT = "delivered once more, no event changes anything"
PUBLISHED = "what was committed was published, and nothing else"
STOCK = "stock on hand + reserved + used = received, never negative"
RESERVATION = "each reservation ends once"
DEADLINE = "each deadline is met, breached, waived or open exactly once"
PROMETHEUS = "Prometheus equals the database"
CHAIN = "the audit chain verifies"
AUDIT = "the audit tells every change of every document"
PROBES = "a probe is red while the line stands still, and green soon after"
AGREE = "the services agree on what happened"

FALSE = [
    (doctors.lose_an_order, ORDER, "lost"),
    (doctors.open_a_second_order, ORDER, "double"),
    (doctors.lose_an_accepted_request, ORDER, "lost"),
    (doctors.register_a_request_twice, ORDER, "double"),
    (doctors.do_a_command_twice, COMMAND, "double"),
    (doctors.forget_an_answer, COMMAND, "lost"),
    (doctors.do_what_was_refused, COMMAND, "wrong"),
    (doctors.forget_an_event, EVENT, "lost"),
    (doctors.apply_an_event_twice, EVENT, "double"),
    (doctors.park_without_a_reason, EVENT, "wrong"),
    (doctors.drop_what_was_unreadable, EVENT, "lost"),
    (doctors.leave_a_message_in_a_queue, EVENT, "wrong"),
    (doctors.handle_what_is_parked, HANDLED, "wrong"),
    (doctors.change_something_by_a_repeat, REPEAT, "double"),
    (doctors.publish_one_event_less, PUBLISHED, "lost"),
    (doctors.publish_one_event_more, PUBLISHED, "wrong"),
    (doctors.leave_an_event_in_the_outbox, PUBLISHED, "lost"),
    (doctors.take_more_than_there_is, STOCK, "wrong"),
    (doctors.lose_a_piece, STOCK, "wrong"),
    (doctors.lose_a_line_of_the_ledger, STOCK, "wrong"),
    (doctors.use_on_a_slip_what_the_stock_still_has, STOCK, "wrong"),
    (doctors.take_a_receipt_in_twice, STOCK, "double"),
    (doctors.lose_a_receipt, STOCK, "lost"),
    (doctors.release_a_reservation_again, RESERVATION, "double"),
    (doctors.never_end_a_reservation, RESERVATION, "lost"),
    (doctors.end_a_slip_that_holds_something, RESERVATION, "lost"),
    (doctors.say_twice_that_parts_were_used, RESERVATION, "double"),
    (doctors.carry_a_clock_twice, DEADLINE, "double"),
    (doctors.call_met_what_was_late, DEADLINE, "wrong"),
    (doctors.end_a_clock_and_leave_it_open, DEADLINE, "wrong"),
    (doctors.tell_a_breach_twice, DEADLINE, "double"),
    (doctors.tell_no_breach, DEADLINE, "wrong"),
    (doctors.count_a_deadline_twice, PROMETHEUS, "wrong"),
    (doctors.count_no_dead_letter, PROMETHEUS, "wrong"),
    (doctors.break_a_chain, CHAIN, "wrong"),
    (doctors.change_a_document_past_the_audit, AUDIT, "wrong"),
    (doctors.lose_an_audit_entry, AUDIT, "wrong"),
    (doctors.write_by_a_second_writer, AUDIT, "wrong"),
    (doctors.show_red_too_late, PROBES, "wrong"),
    (doctors.show_no_red_at_all, PROBES, "wrong"),
    (doctors.stay_red_too_long, PROBES, "wrong"),
    (doctors.give_a_technician_an_order_too_many, AGREE, "wrong"),
    (doctors.leave_a_request_open_whose_order_is_done, AGREE, "wrong"),
    (doctors.lose_a_slip, AGREE, "lost"),
    (doctors.lose_a_callback, AGREE, "lost"),
    (doctors.lose_a_milestone, AGREE, "wrong"),
    (doctors.write_a_repair_twice_on_the_card, AGREE, "double"),
]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("doctor", "invariant", "kind"), FALSE, ids=[doctor.__name__ for doctor, _, _ in FALSE])
async def test_what_is_false_is_found(sound, doctor, invariant, kind):
    evidence = deepcopy(sound.evidence)

    doctor(evidence)

    found = check(evidence)[invariant]
    assert kind in {finding.kind for finding in found}, found


def test_every_invariant_is_seen_to_fail():
    assert {invariant for _, invariant, _ in FALSE} == set(INVARIANTS)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "change", [{"$set": {"changes.0.who": "somebody else"}}, {"$set": {"changes.0.why": "another reason"}}]
)
async def test_a_falsified_audit_entry_breaks_the_chain_in_the_database(killable, sound, change):
    """ALL-5: the sound day's own database is tampered with, and put right again."""
    assert not sound.findings[CHAIN]
    with pymongo.MongoClient(killable.mongo_url) as client:
        audit = client["s-sound_dispatch"]["audit"]
        entry = await asyncio.to_thread(audit.find_one, {"seq": 3})
        await asyncio.to_thread(audit.update_one, {"_id": entry["_id"]}, change)

        broken = await verify(killable.mongo_url, "s-sound_dispatch")

        await asyncio.to_thread(audit.replace_one, {"_id": entry["_id"]}, entry)
        assert broken == {entry["writer"]: 3}
        assert await verify(killable.mongo_url, "s-sound_dispatch") == {}
