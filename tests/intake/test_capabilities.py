"""Intake's composition root collects the layers of every capability."""

from collections.abc import Iterator
from pathlib import Path

from aftersales.common.aggregate import Aggregate
from aftersales.intake import main

FOLDER = Path(main.__file__).parent


def _kinds(above: type[Aggregate]) -> Iterator[type[Aggregate]]:
    for kind in above.__subclasses__():
        yield from (kind, *_kinds(kind))


def test_main_collects_the_http_of_every_capability() -> None:
    collected = {api.__name__.split(".")[-2] for api in main.APIS}

    assert collected == {service.parent.name for service in FOLDER.glob("*/api*")}


def test_every_document_of_intake_has_its_indexes_declared() -> None:
    ours = {
        kind
        for kind in _kinds(Aggregate)
        if kind.__module__.startswith("aftersales.intake.") and "COLLECTION" in vars(kind)
    }

    assert ours
    assert ours <= main.INDEXES.keys()
