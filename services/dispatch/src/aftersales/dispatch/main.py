"""Composition root of dispatch."""

from aftersales.common.events.dispatch import PRODUCES
from aftersales.common.policies import Library
from aftersales.common.service import Service, run
from aftersales.dispatch import api, store
from aftersales.dispatch.consumers import consumers
from aftersales.dispatch.domain.order import WorkOrder
from aftersales.dispatch.handlers import Rules
from aftersales.dispatch.jobs import timers
from aftersales.dispatch.settings import Settings


def service(settings: Settings | None = None) -> Service:
    settings, library = settings or Settings(), Library()
    rules = Rules(library, settings.figures)
    return Service(
        name="dispatch",
        settings=settings,
        indexes=store.INDEXES,
        retained=store.RETAINED,
        router=api.router,
        consumers=consumers(rules),
        timers=timers(rules),
        produces=PRODUCES,
        clocked=(WorkOrder,),
        library=library,
    )


def main() -> None:
    run(service)
