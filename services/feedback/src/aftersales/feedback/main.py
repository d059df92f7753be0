"""Composition root of feedback."""

from aftersales.common.events.feedback import PRODUCES
from aftersales.common.service import Service, run

from . import api, store
from .consumers import consumers
from .domain.followup import FollowUp
from .jobs import timers
from .settings import Settings


def service(settings: Settings | None = None) -> Service:
    settings = settings or Settings()
    return Service(
        name="feedback",
        settings=settings,
        indexes=store.INDEXES,
        router=api.router,
        consumers=consumers(settings),
        timers=timers(settings),
        clocked=(FollowUp,),
        produces=PRODUCES,
    )


def main() -> None:
    run(service())
