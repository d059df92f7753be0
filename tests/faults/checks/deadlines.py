"""Promises: each clock has one outcome, told once, and Prometheus counts what the documents say."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from faults.checks.finding import Finding
from faults.declared import clocked_in
from faults.evidence import Books, Document, Evidence


def one_outcome_each(evidence: Evidence) -> Iterator[Finding]:
    for service, books in evidence.books.items():
        for document in _clocked(service, books):
            keys = Counter(clock["key"] for clock in document["clocks"])
            if again := [key for key, times in keys.items() if times > 1]:
                yield Finding("double", f"{document['_id']} carries the clocks {', '.join(again)} twice")
            for clock in document["clocks"]:
                yield from _clock(document["_id"], clock, by_word=service == "intake")
        yield from _breaches(evidence, service, books)


def _clocked(service: str, books: Books) -> list[Document]:
    """The documents that carry clocks."""
    return [document for collection in clocked_in(service) for document in books.all(collection)]


def _clock(document: str, clock: Document, *, by_word: bool) -> Iterator[Finding]:
    """Hold the outcome against the times. `by_word`: another service's word ends it, and may come after the breach."""
    outcome, ended, deadline = clock["outcome"], clock["ended_at"], clock["deadline"]
    sound = {
        "open": ended is None,
        "met": ended is not None and ended <= deadline,
        "breached": by_word or ended is None or ended > deadline,
        "waived": ended is not None,
    }
    if not sound.get(outcome, False):
        yield Finding("wrong", f"{document}, clock {clock['key']}: {outcome}, due {deadline}, ended {ended}")


def _breaches(evidence: Evidence, service: str, books: Books) -> Iterator[Finding]:
    """Each breach in the documents was told once."""
    told = Counter(
        (event["data"]["subject"], event["data"]["stage"], _millis(event["data"]["deadline"]))
        for event in evidence.events.values()
        if event["type"] == f"{service}.sla_breached.v1"
    )
    noted = Counter(
        (document["_id"], clock["stage"], _millis(clock["deadline"]))
        for document in _clocked(service, books)
        for clock in document["clocks"]
        if clock["outcome"] == "breached"
    ) + Counter(
        (document["_id"], clock["stage"], _millis(at))
        for document in _clocked(service, books)
        for clock in document["clocks"]
        for at in _taken_back(clock)
    )
    for key in {*told, *noted}:
        if told[key] != noted[key]:
            twice = told[key] > max(noted[key], 1)
            yield Finding(
                "double" if twice else "wrong",
                f"{key[0]}, {key[1]}: breached {noted[key]} times, told {told[key]} times",
            )


def _taken_back(clock: Document) -> list[datetime]:
    """When breaches were due that were taken back, because the work was done in time and reported late."""
    return [fired["at"] for fired in clock.get("taken_back", ()) if fired["mark"] == "breach"]


def _millis(at: str | datetime) -> int:
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return int(moment.timestamp() * 1000)


def prometheus_equals_database(evidence: Evidence) -> Iterator[Finding]:
    for service, books in evidence.books.items():
        clocks = [(document["branch"], clock) for document in _clocked(service, books) for clock in document["clocks"]]
        yield from _compared("aftersales_sla_deadlines_total", books, _ended(clocks))
        yield from _compared("aftersales_stage_duration_seconds_count", books, _lasted(clocks))
        yield from _compared("aftersales_sla_open_items", books, _waiting(clocks), leaving="state")
        parked = Counter((("reason", row["reason"]),) for row in books.parked.values())
        yield from _compared("aftersales_dead_letters", books, parked)


Counts = Counter[Any]


def _ended(clocks: list[tuple[str, Document]]) -> Counts:
    """By branch, outcome and stage: what is no longer open, and breaches that were counted and taken back."""
    return Counter(
        (("branch", branch), ("outcome", outcome), ("stage", clock["stage"]))
        for branch, clock in clocks
        for outcome in (clock["outcome"], *("breached", "withdrawn") * len(_taken_back(clock)))
        if outcome != "open"
    )


def _lasted(clocks: list[tuple[str, Document]]) -> Counts:
    return Counter(
        (("stage", clock["stage"]),) for _, clock in clocks if clock["ended_at"] and clock["outcome"] != "waived"
    )


def _waiting(clocks: list[tuple[str, Document]]) -> Counts:
    return Counter(
        (("branch", branch), ("stage", clock["stage"])) for branch, clock in clocks if clock["ended_at"] is None
    )


def _compared(metric: str, books: Books, counted: Counts, leaving: str = "") -> Iterator[Finding]:
    """Compare a metric of each replica, summed over the label that is left out, with the count in the documents."""
    for replica, page in books.pages.items():
        shown: dict[Any, float] = defaultdict(float)
        for (name, labels), value in page.items():
            if name == metric:
                shown[tuple(pair for pair in labels if pair[0] != leaving)] += value
        for labels in {*shown, *counted}:
            if shown[labels] != counted[labels]:
                what = f"{replica}: {metric}{dict(labels)} is {shown[labels]:g}, the documents say {counted[labels]}"
                yield Finding("wrong", what)
