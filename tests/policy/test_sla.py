"""SLA clocks (ALL-3): a ledger that explains itself. Each peer's bug that is avoided stands in a docstring."""

from datetime import UTC, datetime, timedelta

import pytest
from common.counter import Counter
from hypothesis import given
from hypothesis import strategies as st
from policy.promised import DAY, HOUR, LADDER, MONDAY, OFFICE, SHUT, begun, only, retargeted, told

from aftersales.common.mongo import from_document, to_document
from aftersales.policy import sla
from aftersales.policy.calendars import Calendar, SpecialDay
from aftersales.policy.sla import BREACH, ChangeNote, Terms
from aftersales.values import to_millis


def test_thresholds_fire_once_each_and_each_level_of_the_ladder_is_its_own_record():
    """ALL-3. glpi #1996, #2408, #5319: escalation mails repeated for ever, or only the first level ran."""
    clocks = begun(ladder=LADDER)
    heard = []
    for hour in range(24):
        before, clocks = clocks, sla.tick_clocks(clocks, MONDAY + hour * HOUR)
        assert sla.tick_clocks(clocks, MONDAY + hour * HOUR) == clocks
        heard += [(hour, *events) for events in told(before, clocks)]
    assert heard == [
        (4, "warned", "50%"),
        (7, "warned", "80%"),
        (8, "breached", BREACH),
        (8, "escalated", "supervisor"),
        (9, "escalated", "centre"),
        (11, "escalated", "headquarters"),
    ]
    assert [fired.mark for fired in only(clocks).fired] == [
        "50%",
        "80%",
        BREACH,
        "supervisor",
        "centre",
        "headquarters",
    ]
    assert sla.next_wake(clocks) is None


def test_nothing_fires_at_the_start_with_a_calendar_of_ones_own():
    """glpi #15429: escalations fired at creation."""
    night = datetime(2026, 11, 21, 20, tzinfo=UTC)  # Sunday, 04:00 in Shanghai
    clocks = sla.start_clock((), "answer", "answer-1", night, Terms(target=HOUR, calendar=OFFICE, warn_at=(0.5,)))
    assert told((), sla.tick_clocks(clocks, night)) == []
    assert only(clocks).deadline == MONDAY + HOUR
    assert sla.next_wake(clocks) == MONDAY + HOUR / 2


def test_a_pause_for_a_part_ends_when_the_part_is_reserved_and_moves_everything_that_is_to_come():
    """osTicket #3034: waiting for parts must not be overdue. helpdesk #1554: the pause did not stop the clock."""
    clocks = sla.pause_clocks(begun(), "waiting_part", "inventory", MONDAY + HOUR)
    held = only(clocks)
    assert (held.paused, held.deadline, held.wake_at, held.warn_at) == (True, None, None, None)
    assert sla.tick_clocks(clocks, MONDAY + 9 * DAY) == clocks, "while it is paused nothing is late"
    assert sla.resume_clocks(clocks, "waiting_customer", MONDAY + DAY) == clocks, "another reason ends another pause"

    clocks = sla.resume_clocks(clocks, "waiting_part", MONDAY + DAY)

    assert only(clocks).deadline == MONDAY + DAY + 7 * HOUR
    assert sla.next_wake(clocks) == MONDAY + DAY + 3 * HOUR
    assert only(sla.stop_clock(clocks, "repair-1", MONDAY + DAY + 7 * HOUR)).outcome == "met"


def test_a_warning_that_is_passed_just_before_a_pause_tells_the_deadline_until_then():
    """ALL-3: the timer had not run yet, and the pause was refused with an internal error."""
    running = begun()
    held = sla.pause_clocks(running, "waiting_part", "inventory", MONDAY + 5 * HOUR)
    (warned,) = sla.thresholds_passed(running, held)
    assert (warned.mark, warned.clock.deadline) == ("50%", only(running).deadline)


def test_a_pause_that_lasts_until_the_end_does_not_count():
    """frappe/helpdesk #3776: from Paused straight to Resolved, the whole hold counted."""
    clocks = sla.pause_clocks(begun(), "waiting_customer", "customer", MONDAY + HOUR)
    clock = only(sla.stop_clock(clocks, "repair-1", MONDAY + 30 * DAY))
    assert (clock.outcome, clock.deadline, clock.wake_at) == ("met", MONDAY + 30 * DAY + 7 * HOUR, None)
    assert clock.pauses[0].until == clock.ended_at
    assert sla.used_by(clock, clock.ended_at) == HOUR


def test_two_pauses_both_count_and_two_at_once_count_once():
    """frappe/erpnext #47029: only the last hold was added."""
    clocks = begun()
    for start, end in ((1, 2), (4, 7)):
        clocks = sla.pause_clocks(clocks, "waiting_part", "inventory", MONDAY + start * HOUR)
        clocks = sla.resume_clocks(clocks, "waiting_part", MONDAY + end * HOUR)
    assert only(clocks).deadline == MONDAY + 12 * HOUR

    clocks = sla.pause_clocks(clocks, "waiting_part", "inventory", MONDAY + 8 * HOUR)
    clocks = sla.pause_clocks(clocks, "waiting_customer", "customer", MONDAY + 9 * HOUR)
    clocks = sla.resume_clocks(clocks, "waiting_part", MONDAY + 10 * HOUR)
    assert only(clocks).paused, "the customer is still waited for"
    clocks = sla.resume_clocks(clocks, "waiting_customer", MONDAY + 11 * HOUR)
    assert only(clocks).deadline == MONDAY + 15 * HOUR


def test_work_in_time_that_is_reported_after_the_breach_takes_the_breach_and_what_followed_it_back():
    """ADR 18: the deed counts, not its report; who was told of the breach is told that it was none."""
    late = sla.tick_clocks(begun(ladder=LADDER), MONDAY + 9 * HOUR)
    done = sla.stop_clock(late, "repair-1", MONDAY + 7 * HOUR)
    clock = only(done)
    assert (clock.outcome, clock.ended_at, clock.deadline) == ("met", MONDAY + 7 * HOUR, MONDAY + 8 * HOUR)
    assert [fired.mark for fired in clock.fired] == ["50%", "80%"]
    assert [fired.mark for fired in clock.taken_back] == [BREACH, "supervisor", "centre"]
    assert told(late, done) == [("withdrawn", mark) for mark in (BREACH, "supervisor", "centre")]
    assert sla.stop_clock(done, "repair-1", MONDAY + 6 * HOUR) == done


def test_a_wait_that_began_in_time_and_is_reported_after_the_breach_takes_it_back():
    late = sla.tick_clocks(begun(), MONDAY + 9 * HOUR)
    held = sla.pause_clocks(late, "waiting_customer", "customer", MONDAY + 6 * HOUR)
    assert (only(held).outcome, only(held).deadline, told(late, held)) == ("open", None, [("withdrawn", BREACH)])
    going = sla.resume_clocks(held, "waiting_customer", MONDAY + 10 * HOUR)
    assert only(going).deadline == MONDAY + 12 * HOUR
    again = sla.tick_clocks(going, MONDAY + 12 * HOUR)
    assert told(going, again) == [("warned", "80%"), ("breached", BREACH)], "these lie ahead again"


@given(done=st.floats(0.01, 20), heard=st.floats(0, 20), calendar=st.sampled_from([None, OFFICE]), ladder=st.booleans())
def test_the_outcome_is_that_of_the_deed_however_late_it_is_reported(done, heard, calendar, ladder):
    terms = Terms(target=8 * HOUR, calendar=calendar, ladder=LADDER if ladder else ())
    clocks = sla.start_clock((), "repair", "repair-1", MONDAY, terms)
    at = to_millis(MONDAY + done * HOUR)
    prompt = only(sla.stop_clock(clocks, "repair-1", at))
    late = only(sla.stop_clock(sla.tick_clocks(clocks, at + heard * HOUR), "repair-1", at))
    assert late.model_copy(update={"taken_back": ()}) == prompt
    assert all(fired.at >= at for fired in late.taken_back)


def test_a_pause_over_a_holiday_counts_the_holiday_for_nobody():
    """Dynamics sla-timer-pause-state-changed: a held timer kept projecting over the holiday."""
    before = datetime(2026, 9, 30, 8, 0, tzinfo=UTC)  # 16:00, the day before the National Day holidays
    clocks = sla.start_clock(
        (), "repair", "r", before, Terms(target=4 * HOUR, calendar=OFFICE, pauses=("waiting_part",))
    )
    clocks = sla.pause_clocks(clocks, "waiting_part", "inventory", before + HOUR)
    clocks = sla.resume_clocks(clocks, "waiting_part", datetime(2026, 10, 5, 4, 0, tzinfo=UTC))
    clock = only(clocks)
    assert sla.used_by(clock, datetime(2026, 10, 7, 12, 0, tzinfo=UTC)) == HOUR
    assert clock.deadline == datetime(2026, 10, 8, 4, 0, tzinfo=UTC), "09:00-12:00 on the first day that is open"
    reasons = [(line.kind, line.why) for line in sla.explain_clock(clock, before).lines]
    assert ("paused", "waiting_part") in reasons
    assert ("closed", "holiday") in reasons


def test_a_policy_that_changes_under_way_does_not_touch_a_clock_that_runs():
    """frappe/helpdesk: both deadlines were recomputed with today's rules at every save."""
    clocks = begun(policy="e-bike@1")
    again = sla.start_clock(clocks, "repair", "repair-1", MONDAY + HOUR, Terms(target=HOUR, policy="e-bike@2"))
    assert again == clocks
    assert only(again).terms.policy == "e-bike@1"


def test_two_machines_clocks_that_differ_make_no_negative_time():
    """A pause that ends, and work that is done, before they began by another machine's clock."""
    clocks = sla.pause_clocks(begun(), "waiting_part", "inventory", MONDAY + HOUR)
    clocks = sla.resume_clocks(clocks, "waiting_part", MONDAY + HOUR - timedelta(seconds=2))
    assert only(clocks).deadline == MONDAY + 8 * HOUR
    early = only(sla.stop_clock(begun(), "repair-1", MONDAY - timedelta(seconds=2)))
    assert (early.outcome, sla.used_by(early, early.ended_at)) == ("met", timedelta(0))
    assert sla.explain_clock(early, MONDAY).used == timedelta(0)


def test_a_reason_that_the_policy_does_not_pause_for_pauses_nothing():
    clocks = begun(pauses=("waiting_part",))
    assert sla.pause_clocks(clocks, "meal_break", "technician", MONDAY + HOUR) == clocks


def test_a_breach_that_no_timer_has_told_yet_is_told_by_the_pause():
    clocks = begun()
    paused = sla.pause_clocks(clocks, "waiting_part", "inventory", MONDAY + 9 * HOUR)
    assert ("breached", BREACH) in told(clocks, paused)
    assert only(paused).deadline == MONDAY + 8 * HOUR


def test_waived_says_who_and_why_and_a_breach_stays_a_breach():
    clocks = sla.start_clock(begun(), "answer", "answer-1", MONDAY, Terms(target=HOUR))
    clocks = sla.waive_clocks(
        sla.tick_clocks(clocks, MONDAY + 2 * HOUR), ChangeNote(MONDAY + 2 * HOUR, "desk-7", "customer withdrew")
    )
    assert [(clock.outcome, clock.waived_by, clock.waived_for) for clock in clocks] == [
        ("waived", "desk-7", "customer withdrew"),
        ("breached", "desk-7", "customer withdrew"),
    ]
    assert sla.next_wake(clocks) is None


def test_independent_clocks_of_one_item_do_not_touch_each_other():
    """zammad #5177: the update clock overrode the first response."""
    clocks = sla.start_clock(begun(), "answer", "answer-1", MONDAY, Terms(target=2 * HOUR))
    stopped = sla.stop_clock(clocks, "answer-1", MONDAY + HOUR)
    assert sla.find_clock(stopped, "repair-1") == sla.find_clock(clocks, "repair-1")


def test_the_sum_is_read_aloud_line_by_line():
    """zammad #390: show which days were skipped, and why."""
    friday = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)  # 17:00
    shut = OFFICE.model_copy(update={"days": (SpecialDay(day="2026-11-30", why="搬家"),)})
    clocks = sla.start_clock((), "repair", "r", friday, Terms(target=2 * HOUR, calendar=shut, pauses=("waiting_part",)))
    clocks = sla.pause_clocks(clocks, "waiting_part", "inventory", friday + HOUR / 2)
    clocks = sla.resume_clocks(clocks, "waiting_part", friday + 3 * HOUR / 4)
    sum_ = sla.explain_clock(only(clocks), friday)
    assert [(line.kind, line.why, line.detail, line.used) for line in sum_.lines if line.why != "closed"] == [
        ("counted", "", "", HOUR / 2),
        ("paused", "waiting_part", "inventory", HOUR / 2),
        ("counted", "", "", 3 * HOUR / 4),
        ("closed", "special", "搬家", 3 * HOUR / 4),
        ("counted", "", "", 2 * HOUR),
    ]
    assert sum_.lines[-1].end == only(clocks).deadline == datetime(2026, 12, 1, 2, 15, tzinfo=UTC)


def recalendared(clocks, at, span):
    """The same terms on another calendar, which one depends on `span`."""
    terms = only(clocks).terms
    calendar = (None, OFFICE, SHUT)[int(span / timedelta(minutes=1)) % 3]
    return sla.retarget_clock(
        clocks, "r", terms.model_copy(update={"calendar": calendar, "until": None}), ChangeNote(at, "a", "b")
    )


MOVES = {
    "pause": lambda clocks, at, _: sla.pause_clocks(clocks, "a", "x", at),
    "pause too": lambda clocks, at, _: sla.pause_clocks(clocks, "b", "y", at),
    "resume": lambda clocks, at, _: sla.resume_clocks(clocks, "a", at),
    "resume too": lambda clocks, at, _: sla.resume_clocks(clocks, "b", at),
    "retarget": lambda clocks, at, span: retargeted(clocks, span, ChangeNote(at, "desk-7", "because")),
    "until": lambda clocks, at, span: sla.retarget_clock(clocks, "r", at + span, ChangeNote(at, "desk-7", "because")),
    "other hours": recalendared,
    "tick": lambda clocks, at, _: sla.tick_clocks(clocks, at),
}
lives = st.lists(st.tuples(st.sampled_from(sorted(MOVES)), st.integers(0, 900)), max_size=14)
calendars = st.sampled_from([None, OFFICE, Calendar(zone="Europe/Berlin", week=("22:00-06:00",) * 7, holidays="DE")])


def lived(calendar, moves):
    """Give a clock after a random life, and when that was."""
    terms = Terms(target=8 * HOUR, calendar=calendar, pauses=("a", "b"))
    clocks, at = sla.start_clock((), "repair", "r", MONDAY, terms), MONDAY
    for move, minutes in moves:
        span = timedelta(minutes=minutes)
        at += span
        clocks = MOVES[move](clocks, at, span)
    return only(clocks), at


@given(calendar=calendars, moves=lives)
def test_the_explanation_of_any_clock_ends_at_its_deadline_with_its_target_used(calendar, moves):
    clock, at = lived(calendar, moves)
    sum_ = sla.explain_clock(clock, at)
    for line, following in zip(sum_.lines, sum_.lines[1:], strict=False):
        assert line.end == following.start
    if clock.deadline is None or clock.outcome != "open":
        return
    counted = sum((line.end - line.start for line in sum_.lines if line.kind == "counted"), timedelta(0))
    assert sum_.until == clock.deadline
    assert abs(counted - clock.terms.target) < timedelta(milliseconds=2)
    assert not sum_.lines or sum_.lines[-1].used == counted


@given(calendar=calendars, moves=lives)
def test_a_clock_survives_the_database_whatever_happened_to_it(calendar, moves):
    clock, _ = lived(calendar, moves)
    counter = Counter(id="c", clocks=(clock,))
    assert from_document(Counter, to_document(counter)) == counter


@pytest.mark.parametrize("hours", [1, 7.9, 8, 8.1, 100])
def test_it_does_not_matter_whether_the_work_or_the_timer_is_heard_first(hours):
    at = MONDAY + hours * HOUR
    direct = only(sla.stop_clock(begun(), "repair-1", at))
    ticked = only(sla.stop_clock(sla.tick_clocks(begun(), at - timedelta(milliseconds=1)), "repair-1", at))
    assert direct == ticked
    assert direct.outcome == ("met" if hours <= 8 else "breached")
