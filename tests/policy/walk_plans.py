"""The items that walk through the presets: what is done to each and when, and what must come of it."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from policy.calendars import calendar, local
from policy.walk_figures import CASES, FIGURES, PAUSES, REASONS, START, Figure, ladder, milestones, pauses
from policy.walker import POLICIES, Item, Step

from aftersales.policy.presets import load_presets

LATER = {"technician_assigned": local("2026-10-12 11:30"), "technician_arrived": local("2026-10-14 11:30")}
"""What starts a stage and stops another is said when the other one's ladder is at its end."""
END = local("2026-10-16 11:30")
PAUSED_AT, RESUMED_AT = START + timedelta(minutes=1), START + timedelta(days=1, minutes=1)
Marks = list[tuple[str, datetime]]
Moments = Mapping[str, datetime]


class Walk(NamedTuple):
    item: Item
    steps: list[tuple[datetime, Step]]
    heard: dict[str, Marks]
    """By stage: the marks, and when each must be said."""
    ends: dict[str, tuple[str, datetime]]
    """By stage: the outcome, and the deadline."""


POLICIES |= {policy.name: policy for policy in load_presets()}


def variant(name: str, of: str, stage: str, **changes: Any) -> None:
    """A policy of our own, one stage of which is different."""
    policy = POLICIES[of]
    stages = policy.stages | {stage: policy.stages[stage].model_copy(update=changes)}
    POLICIES[name] = policy.model_copy(update={"name": name, "stages": stages})


variant("ranked", "enterprise", "resolve", by_priority={"1": timedelta(hours=4)})
variant("wrong", "property", "dispatch", target=timedelta(minutes=16))


def walks() -> dict[str, Walk]:
    """Every way by its name."""
    return {
        way: walk._replace(item=walk.item.but(id=f"WK-260930-{number:04}"))
        for number, (way, walk) in enumerate(_named())
    }


def _named() -> Iterator[tuple[str, Walk]]:
    for name, figures in FIGURES.items():
        yield f"{name} late", _walk(name, figures, _late(name))
        yield f"{name} met", _walk(name, figures, _met(name))
        for stage in figures.keys() & PAUSES.keys():
            for reason in REASONS:
                yield f"{name} {stage} {reason}", _paused(name, stage, reason)
    for (name, stage, case), figure in CASES.items():
        yield f"{name} {stage} {case}", _walk(name, {stage: figure}, _only(name, stage), cases=(case,))
    for priority, minutes in ((1, 4 * 60), (2, 24 * 60)):
        figures = {"resolve": Figure("INT-5", minutes)}
        yield (
            f"ranked {priority}",
            _walk("enterprise", figures, _only("enterprise", "resolve"), policy="ranked", priority=priority),
        )
    yield "wrong", _walk("property", FIGURES["property"], _late("property"), policy="wrong")


def _walk(name: str, figures: Mapping[str, Figure], moments: Moments, **given: Any) -> Walk:
    heard, ends = {}, {}
    for stage, figure in figures.items():
        starts_on, stops_on = milestones(name, stage)
        start, stop = moments[starts_on], moments.get(stops_on, END)
        heard[stage] = [(mark, at) for mark, at in figure.marks(start, ladder(name, stage)) if at < stop]
        ends[stage] = ("met" if stop <= figure.deadline(start) else "breached", figure.deadline(start))
    given = {"policy": name, "calendar": calendar(holidays="CN"), "stages": tuple(figures)} | given
    item = Item(id="-", branch="sh-01", **given)
    return Walk(item, [(at, Step(do="say", what=what)) for what, at in moments.items()], heard, ends)


def _only(name: str, stage: str) -> Moments:
    return {milestones(name, stage)[0]: START}


def _late(name: str) -> Moments:
    """Nothing is done before the ladder has come to its end."""
    ends = {milestones(name, stage)[1]: END for stage in FIGURES[name]}
    return ends | _starts(name) | {what: at for what, at in LATER.items() if what in ends}


def _starts(name: str) -> dict[str, datetime]:
    """What is said at the beginning: all that stops no other stage."""
    both = [milestones(name, stage) for stage in FIGURES[name]]
    stops = {stop for _, stop in both}
    return {start: START for start, _ in both if start not in stops}


def _met(name: str) -> Moments:
    """Everything is done at the last moment: when the deadline is that very moment."""
    moments = _starts(name)
    left = dict(FIGURES[name])
    while left:
        known = {stage: figure for stage, figure in left.items() if milestones(name, stage)[0] in moments}
        assert known, f"nothing starts {sorted(left)}"
        for stage, figure in known.items():
            start, stop = milestones(name, stage)
            deadline = figure.deadline(moments[start])
            moments[stop] = min(moments.get(stop, deadline), deadline)
            del left[stage]
    return moments


def _paused(name: str, stage: str, reason: str) -> Walk:
    """A day's pause, a minute after the start: it counts where the stage allows the reason."""
    figure = FIGURES[name][stage]
    walk = _walk(name, {stage: figure}, _only(name, stage))
    longer = RESUMED_AT - PAUSED_AT if reason in pauses(name, stage) else timedelta()
    marks, (outcome, deadline) = walk.heard[stage], walk.ends[stage]
    walk.steps.append((PAUSED_AT, Step(do="pause", what=reason)))
    walk.steps.append((RESUMED_AT, Step(do="resume", what=reason)))
    shifted = [(mark, at + longer) for mark, at in marks]
    return walk._replace(heard={stage: shifted}, ends={stage: (outcome, deadline + longer)})
