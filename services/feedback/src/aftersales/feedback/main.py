"""Composition root of feedback."""

from aftersales.common.events.feedback import PRODUCES
from aftersales.common.policies import Library
from aftersales.common.service import Service, run

from . import api, store
from .consumers import consumers
from .domain.followup import FollowUp
from .jobs import timers
from .settings import Settings


def service(settings: Settings | None = None) -> Service:
    settings, library = settings or Settings(), Library()
    return Service(
        name="feedback",
        settings=settings,
        indexes=store.INDEXES,
        retained=store.RETAINED,
        router=api.router,
        consumers=consumers(library, settings.usual),
        timers=timers(library),
        clocked=(FollowUp,),
        library=library,
        produces=PRODUCES,
    )


def main() -> None:
    run(service)
