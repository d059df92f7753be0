"""What the benches load is what intake would have stored."""

import random
from datetime import UTC, datetime

from bench import past
from bench.people import as_intake_does, documents, people

from aftersales.common.mongo import from_document
from aftersales.intake.requests.domain.request import ServiceRequest


def test_the_benchs_documents_are_those_that_intake_stores() -> None:
    crowd = list(people(7, 500))
    assert len({person.phone for person in crowd}) == len(crowd)
    assert all(documents(person) == as_intake_does(person) for person in crowd)
    assert documents(crowd[0]) != documents(crowd[1])


def test_the_benchs_requests_are_those_that_intake_stores() -> None:
    now, chance = datetime(2026, 11, 23, 1, tzinfo=UTC), random.Random(100)
    stored = [one["requests"] for one in past.documents(now, 1000, 100, 500)]
    past.fields(chance, 1, 1000, now)  # the model's
    assert stored == [past.as_intake_does(past.fields(chance, 100 + n, 1000, now)) for n in range(500)]
    assert [row["_id"] for row in stored] == [past.number_of(100 + n, 1000, now) for n in range(500)]
    for row in stored:
        derived = from_document(ServiceRequest, row).derived()
        assert (row["open"], row["tail"]) == (derived["open"], derived["tail"])
        assert row["open"] or derived.items() <= row.items(), "the open ones have deadlines, and no clocks"
