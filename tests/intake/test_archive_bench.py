"""What the bench of the archive loads is what intake would have stored."""

from bench.people import as_intake_does, documents, people


def test_the_benchs_documents_are_those_that_intake_stores() -> None:
    crowd = list(people(7, 500))
    assert len({person.phone for person in crowd}) == len(crowd)
    assert all(documents(person) == as_intake_does(person) for person in crowd)
    assert documents(crowd[0]) != documents(crowd[1])
