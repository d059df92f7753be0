"""Check calendars, stages and the chain of roles that are told of a breach."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import pairwise

from aftersales.policy.calendars import Hours
from aftersales.policy.findings import Finding, Path, error_finding, warning_finding
from aftersales.policy.model import Policy
from aftersales.policy.model.stages import MILESTONES, Level, Stage
from aftersales.policy.model.starts import find_runner

OWN = ("always", "branch")
"""Calendars that every policy has."""


def lint_stages(policy: Policy) -> Iterator[Finding]:
    yield from _calendars(policy)
    if not policy.ladder:
        yield warning_finding("policy.ladder_empty", "ladder")
    yield from _ladder(policy.ladder, ("ladder",))
    if not policy.stages:
        yield warning_finding("policy.no_stages", "stages")
    for name, stage in policy.stages.items():
        path = ("stages", name)
        yield from _milestones(stage, path)
        if find_runner(name, stage, policy.callbacks) is None:
            yield warning_finding("policy.stage_never_starts", *path, stage=name, milestone=stage.starts_on)
        yield from _deadline(stage, path)
        yield from _targets(stage, path)
        yield from _priorities(stage, path)
        yield from _warnings(stage, path)
        yield from _ladder(stage.ladder or (), (*path, "ladder"))
        for place, calendar in _calendars_of(stage, path):
            if calendar not in OWN and calendar not in policy.calendars:
                yield error_finding("policy.calendar_unknown", *place, name=calendar)


def _calendars(policy: Policy) -> Iterator[Finding]:
    used = {name for stage in policy.stages.values() for _, name in _calendars_of(stage, ())}
    for name, hours in policy.calendars.items():
        path = ("calendars", name)
        if name in OWN:
            yield error_finding("policy.calendar_reserved", *path, name=name)
        elif name not in used:
            yield warning_finding("policy.calendar_unused", *path, name=name)
        if _never_opens(hours):
            yield error_finding("policy.calendar_closed", *path, name=name)


def _never_opens(hours: Hours) -> bool:
    return not any(hours.week)


def _calendars_of(stage: Stage, path: Path) -> Iterator[tuple[Path, str]]:
    yield (*path, "calendar"), stage.calendar
    for case, terms in stage.cases.items():
        if terms.calendar:
            yield (*path, "cases", case, "calendar"), terms.calendar


def _milestones(stage: Stage, path: Path) -> Iterator[Finding]:
    if stage.starts_on == stage.stops_on:
        yield error_finding("policy.stage_instant", *path, "stops_on", milestone=stage.stops_on)
    for field, milestone in (("starts_on", stage.starts_on), ("stops_on", stage.stops_on)):
        if milestone not in MILESTONES:
            yield warning_finding("policy.milestone_unknown", *path, field, milestone=milestone)


def _deadline(stage: Stage, path: Path) -> Iterator[Finding]:
    given = sum(way is not None for way in (stage.target, stage.due, stage.agreed_in))
    by_case = any(terms.target is not None or terms.due for terms in stage.cases.values())
    if given == 0 and not by_case:
        yield error_finding("policy.deadline_missing", *path)
    if given > 1:
        yield error_finding("policy.deadline_twice", *path)
    if stage.by_priority and stage.target is None:
        yield error_finding("policy.priorities_without_target", *path, "by_priority")
    if stage.at_least is not None and stage.target is not None and stage.at_least > stage.target:
        yield error_finding("policy.at_least_longer", *path, "at_least")
    if stage.due and stage.due.working and stage.calendar == "always":
        yield warning_finding("policy.working_always", *path, "due")


def _targets(stage: Stage, path: Path) -> Iterator[Finding]:
    targets = [((*path, "target"), stage.target)]
    targets += [((*path, "by_priority", rank), target) for rank, target in stage.by_priority.items()]
    targets += [((*path, "cases", case, "target"), terms.target) for case, terms in stage.cases.items()]
    for place, target in targets:
        if target == timedelta():
            yield error_finding("policy.target_zero", *place)
    for case, terms in stage.cases.items():
        if terms.target is not None and terms.due:
            yield error_finding("policy.deadline_twice", *path, "cases", case)
        if terms.target is None and not terms.due and not terms.calendar:
            yield error_finding("policy.case_empty", *path, "cases", case)


def _priorities(stage: Stage, path: Path) -> Iterator[Finding]:
    if stage.target is None:
        return
    by_rank = [stage.by_priority.get(rank, stage.target) for rank in ("1", "2", "3", "4")]
    for rank, (target, next_target) in enumerate(pairwise(by_rank), 1):
        if target > next_target:
            yield error_finding("policy.priority_slower", *path, "by_priority", higher=rank, lower=rank + 1)


def _warnings(stage: Stage, path: Path) -> Iterator[Finding]:
    for index, mark in enumerate(stage.warn_at):
        if not 0 < mark < 1:
            yield error_finding("policy.warning_out_of_range", *path, "warn_at", index, mark=mark)
    if not _ascending(stage.warn_at):
        yield error_finding("policy.warnings_not_ascending", *path, "warn_at")


def _ladder(ladder: tuple[Level, ...], path: Path) -> Iterator[Finding]:
    if not _ascending([level.after.total_seconds() for level in ladder]):
        yield error_finding("policy.ladder_not_ascending", *path)


def _ascending(numbers: Iterable[float]) -> bool:
    return all(one < other for one, other in pairwise(numbers))
