"""Check callbacks, surveys, amounts and routines."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from aftersales.policy.calendars import minutes_taken
from aftersales.policy.findings import Finding, Path, error_finding, warning_finding
from aftersales.policy.model import Policy
from aftersales.policy.model.aftercare import Call, Callbacks, Limit, Penalty, SurveySettings
from aftersales.policy.model.cover import Grant
from aftersales.values import Money

MINUTES_PER_DAY = 24 * 60


def lint_aftercare(policy: Policy) -> Iterator[Finding]:
    if policy.callbacks:
        yield from _callbacks(policy.callbacks)
        for index, call in enumerate(policy.callbacks.calls):
            yield from _call(policy, call, ("callbacks", "calls", index))
    used = {call.script for call in policy.callbacks.calls} if policy.callbacks else set()
    for name in policy.scripts.keys() - used:
        yield warning_finding("policy.script_unused", "scripts", name, script=name)
    if policy.survey:
        yield from _survey(policy.survey)
    for index, penalty in enumerate(policy.penalties):
        yield from _penalty(penalty, ("penalties", index))
    yield from _limits(policy.goodwill, ("goodwill",))
    for name, limits in policy.approvals.items():
        yield from _limits(limits, ("approvals", name))
    if policy.stock and policy.stock.yellow_after_months >= policy.stock.red_after_months:
        yield error_finding("policy.tags_not_ascending", "stock", "red_after_months")
    for name, routine in policy.routines.items():
        if routine.day and routine.every in ("day", "week"):
            yield error_finding("policy.day_of_no_month", "routines", name, "day", every=routine.every)
    yield from _entitlements(policy.entitlements)
    yield from _codes(policy)


def _callbacks(callbacks: Callbacks) -> Iterator[Finding]:
    quiet = minutes_taken(callbacks.quiet_hours)
    if callbacks.share and not callbacks.calls:
        yield warning_finding("policy.no_calls", "callbacks", "calls")
    if not quiet:
        yield warning_finding("policy.quiet_hours_missing", "callbacks")
    if len(quiet) == MINUTES_PER_DAY:
        yield error_finding("policy.quiet_hours_whole_day", "callbacks", "quiet_hours")
    for index, call in enumerate(callbacks.calls):
        if call.due and _minute(call.due.time) in quiet:
            yield warning_finding("policy.call_in_quiet_hours", "callbacks", "calls", index, "due", time=call.due.time)


def _entitlements(entitlements: Sequence[Grant]) -> Iterator[Finding]:
    for index, granted in enumerate(entitlements):
        if granted.expires_within < granted.remind_within:
            yield error_finding(
                "policy.entitlement_expired", "entitlements", index, "expires_within", code=granted.code
            )


def _call(policy: Policy, call: Call, path: Path) -> Iterator[Finding]:
    if (call.after is None) == (call.due is None):
        yield error_finding("policy.call_needs_one_time", *path, call=call.code)
    if call.script not in policy.scripts:
        yield error_finding("policy.script_unknown", *path, "script", script=call.script)
    if call.stage not in policy.stages:
        yield error_finding("policy.stage_unknown", *path, "stage", stage=call.stage)


def _minute(time: str) -> int:
    hours, _, rest = time.partition(":")
    return int(hours) * 60 + int(rest)


def _survey(survey: SurveySettings) -> Iterator[Finding]:
    if survey.lowest >= survey.highest:
        yield error_finding("policy.scale_reversed", "survey", "highest")
    for field in ("pass_mark", "public_mark"):
        mark = getattr(survey, field)
        if mark is not None and not survey.lowest <= mark <= survey.highest:
            yield error_finding("policy.mark_out_of_scale", "survey", field, mark=mark)
    if not any(question.answer == "mark" for question in survey.questions):
        yield error_finding("policy.survey_without_marks", "survey", "questions")


def _penalty(penalty: Penalty, path: Path) -> Iterator[Finding]:
    if penalty.amount is None and penalty.share is None and not penalty.measures:
        yield warning_finding("policy.amount_open", *path, code=penalty.code)
    if penalty.at_most and not (penalty.amount and _less(penalty.amount, penalty.at_most)):
        yield error_finding("policy.range_reversed", *path, "at_most", code=penalty.code)


def _limits(limits: Sequence[Limit], path: Path) -> Iterator[Finding]:
    """Check that limits ascend: the lower one is asked first, and after a role without a limit nobody is asked."""
    for index, (limit, following) in enumerate(pairwise(limits), 1):
        if limit.up_to is None or (following.up_to and not _less(limit.up_to, following.up_to)):
            yield error_finding("policy.limits_not_ascending", *path, index, role=following.role)


def _less(one: Money, other: Money) -> bool:
    return one.currency == other.currency and one.amount < other.amount


def _codes(policy: Policy) -> Iterator[Finding]:
    lists: list[tuple[Path, Sequence[str]]] = [
        (("penalties",), [penalty.code for penalty in policy.penalties]),
        (("rewards",), [reward.code for reward in policy.rewards]),
        (("entitlements",), [entitlement.code for entitlement in policy.entitlements]),
        (("survey", "questions"), [question.code for question in policy.survey.questions] if policy.survey else []),
        (("callbacks", "calls"), [call.code for call in policy.callbacks.calls] if policy.callbacks else []),
        *((("checklists", name), [tick.code for tick in ticks]) for name, ticks in policy.checklists.items()),
    ]
    for path, codes in lists:
        for code, count in Counter(codes).items():
            if count > 1:
                yield error_finding("policy.code_twice", *path, code=code)
