"""Promises that are changed while they run (ALL-3, INT-5): another target, calendar or moment, and new hours."""

from policy.promised import DAY, HOUR, LADDER, MONDAY, OFFICE, SHUT, begun, only, retargeted, told

from aftersales.policy import sla
from aftersales.policy.calendars import SpecialDay
from aftersales.policy.sla import BREACH, ChangeNote, Terms


def test_a_new_target_keeps_what_was_paused():
    """glpi #6902, #15605: a change of priority dropped the pause already earned."""
    clocks = sla.pause_clocks(begun(), "waiting_part", "inventory", MONDAY + HOUR)
    clocks = sla.resume_clocks(clocks, "waiting_part", MONDAY + 3 * HOUR)
    clocks = retargeted(clocks, 4 * HOUR, ChangeNote(MONDAY + 3 * HOUR, "desk-7", "priority"))
    assert only(clocks).deadline == MONDAY + 6 * HOUR
    assert only(clocks).retargets == (sla.Retarget(at=MONDAY + 3 * HOUR, target=8 * HOUR, why="priority", by="desk-7"),)


def test_a_priority_that_changes_while_it_is_paused_counts_from_where_it_stood():
    clocks = sla.pause_clocks(begun(), "waiting_part", "inventory", MONDAY + HOUR)
    clocks = retargeted(clocks, 2 * HOUR, ChangeNote(MONDAY + 5 * HOUR, "desk-7", "priority"))
    assert only(clocks).deadline is None
    clocks = sla.resume_clocks(clocks, "waiting_part", MONDAY + 10 * HOUR)
    assert only(clocks).deadline == MONDAY + 11 * HOUR


def test_a_shorter_target_that_is_already_used_up_breaches_once_at_the_next_look():
    clocks = sla.tick_clocks(begun(), MONDAY + 4 * HOUR)
    shorter = retargeted(clocks, 2 * HOUR, ChangeNote(MONDAY + 4 * HOUR, "desk-7", "emergency"))
    assert told(clocks, sla.tick_clocks(shorter, MONDAY + 4 * HOUR)) == [("warned", "80%"), ("breached", BREACH)]


def test_a_shorter_target_that_was_used_up_before_a_pause_was_broken_when_it_was_used_up():
    """Not at the end of the pause: the event and the key figures carry the moment."""
    clocks = sla.tick_clocks(begun(warn_at=(0.5,)), MONDAY + HOUR)
    clocks = sla.pause_clocks(clocks, "waiting_part", "inventory", MONDAY + 2 * HOUR)
    clocks = sla.resume_clocks(clocks, "waiting_part", MONDAY + 4 * HOUR)
    shorter = retargeted(clocks, HOUR, ChangeNote(MONDAY + 4 * HOUR, "desk-7", "emergency"))
    assert only(shorter).deadline == MONDAY + HOUR
    broken = only(sla.tick_clocks(shorter, MONDAY + 4 * HOUR))
    assert [fired.at for fired in broken.fired if fired.mark == BREACH] == [MONDAY + HOUR]
    assert sla.explain_clock(broken, MONDAY + 4 * HOUR).lines[-1].used == HOUR


def test_time_before_another_calendar_counts_by_the_one_of_that_time():
    """Two hours of an office's Monday afternoon, then round the clock; read aloud with both."""
    clocks = begun(calendar=OFFICE)
    at = MONDAY + 4 * HOUR  # 13:00, with three hours used
    danger = only(clocks).terms.model_copy(update={"target": 5 * HOUR, "calendar": None})
    clocks = sla.retarget_clock(clocks, "repair-1", danger, ChangeNote(at, "desk-7", "danger"))
    assert only(clocks).deadline == at + 2 * HOUR
    change = only(clocks).retargets[0]
    assert (change.target, change.calendar) == (8 * HOUR, OFFICE)

    office = danger.model_copy(update={"target": 8 * HOUR, "calendar": OFFICE})
    back = sla.retarget_clock(clocks, "repair-1", office, ChangeNote(at + HOUR, "desk-7", "no danger"))
    assert only(back).deadline == MONDAY + 9 * HOUR, "18:00: four hours of the afternoon are left, after four used"
    sum_ = sla.explain_clock(only(back), at)
    assert [(line.kind, line.start - MONDAY, line.end - MONDAY, line.used) for line in sum_.lines] == [
        ("counted", 0 * HOUR, 3 * HOUR, 3 * HOUR),
        ("closed", 3 * HOUR, 4 * HOUR, 3 * HOUR),
        ("counted", 4 * HOUR, 9 * HOUR, 8 * HOUR),
    ]


def test_the_calendar_of_the_past_keeps_its_special_days_of_that_time_alone():
    many = tuple(SpecialDay(day=f"20{year}-05-04", why="开放日") for year in range(10, 60))
    clocks = begun(calendar=SHUT.model_copy(update={"days": (*SHUT.days, *many)}))
    clocks = sla.retarget_clock(clocks, "repair-1", Terms(target=HOUR), ChangeNote(MONDAY + DAY, "desk-7", "danger"))
    assert only(clocks).retargets[0].calendar == SHUT


def test_a_closure_moves_what_is_to_come_and_takes_back_no_mark():
    clocks = sla.tick_clocks(begun(target=10 * HOUR, calendar=OFFICE, ladder=LADDER), MONDAY + 8 * HOUR)
    shut = only(clocks).terms.model_copy(update={"calendar": SHUT})
    moved = sla.retarget_clock(clocks, "repair-1", shut, ChangeNote(MONDAY + 8 * HOUR, "boston", "hours"))
    assert only(moved).fired == only(clocks).fired != ()
    assert (only(clocks).deadline, only(moved).deadline) == (MONDAY + DAY + 2 * HOUR, MONDAY + 2 * DAY + 2 * HOUR)
    assert only(moved).warn_at == only(clocks).warn_at, "that is still today"

    broken = sla.tick_clocks(clocks, MONDAY + DAY + 2 * HOUR)
    late = sla.retarget_clock(broken, "repair-1", shut, ChangeNote(MONDAY + DAY + 2 * HOUR, "boston", "hours"))
    assert (only(late).outcome, only(late).deadline) == ("breached", only(broken).deadline)
    assert sla.next_wake(late) == MONDAY + 2 * DAY + HOUR, "the centre hears of it when the branch is open again"


def test_a_moment_that_is_due_is_moved_by_what_was_paused_and_one_that_is_agreed_stands():
    clocks = sla.pause_clocks(begun(), "waiting_part", "inventory", MONDAY + HOUR)
    clocks = sla.resume_clocks(clocks, "waiting_part", MONDAY + 3 * HOUR)
    said = ChangeNote(MONDAY + 4 * HOUR, "desk-7", "rush")
    due = Terms(target=6 * HOUR, until=MONDAY + 6 * HOUR, pauses=("waiting_part",))
    assert only(sla.retarget_clock(clocks, "repair-1", due, said)).deadline == MONDAY + 8 * HOUR
    past = due.model_copy(update={"until": MONDAY + 1.5 * HOUR})
    assert only(sla.retarget_clock(clocks, "repair-1", past, said)).deadline == MONDAY + 3.5 * HOUR
    assert only(sla.retarget_clock(clocks, "repair-1", MONDAY + 6 * HOUR, said)).deadline == MONDAY + 6 * HOUR


def test_a_mark_that_comes_again_after_a_longer_target_fires_again_and_no_other():
    clocks = sla.tick_clocks(begun(), MONDAY + 7 * HOUR)
    longer = sla.retarget_clock(
        clocks, "repair-1", MONDAY + 10 * HOUR, ChangeNote(MONDAY + 7 * HOUR, "desk-7", "agreed")
    )
    assert [fired.mark for fired in only(longer).fired] == ["50%"]
    assert told(longer, sla.tick_clocks(longer, MONDAY + 8 * HOUR)) == [("warned", "80%")]


def test_a_breach_stays_whatever_is_agreed_afterwards():
    clocks = sla.tick_clocks(begun(), MONDAY + 9 * HOUR)
    assert (
        sla.retarget_clock(clocks, "repair-1", MONDAY + DAY, ChangeNote(MONDAY + 9 * HOUR, "desk-7", "late")) == clocks
    )
    done = only(sla.stop_clock(clocks, "repair-1", MONDAY + 10 * HOUR))
    assert (done.outcome, done.ended_at) == ("breached", MONDAY + 10 * HOUR)
