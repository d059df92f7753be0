"""Composition root of intake."""

from aftersales.common.events.intake import PRODUCES
from aftersales.common.service import Service, run

from . import api, store
from .consumers import consumers
from .domain.handover import ShiftHandover
from .jobs import SEEDS, timers
from .settings import Settings


def service(settings: Settings | None = None) -> Service:
    settings = settings or Settings()
    return Service(
        name="intake",
        settings=settings,
        indexes=store.INDEXES,
        router=api.router,
        consumers=consumers(settings),
        timers=timers(settings),
        seeds=SEEDS,
        produces=PRODUCES,
        clocked=(ShiftHandover,),
    )


def main() -> None:
    run(service())
