"""Composition root of dispatch."""

from aftersales.common.events.dispatch import PRODUCES
from aftersales.common.service import Service, run
from aftersales.dispatch import api, store
from aftersales.dispatch.consumers import consumers
from aftersales.dispatch.domain.order import WorkOrder
from aftersales.dispatch.jobs import timers
from aftersales.dispatch.settings import Settings


def service(settings: Settings | None = None) -> Service:
    settings = settings or Settings()
    return Service(
        name="dispatch",
        settings=settings,
        indexes=store.INDEXES,
        router=api.router,
        consumers=consumers(settings),
        timers=timers(settings),
        produces=PRODUCES,
        clocked=(WorkOrder,),
    )


def main() -> None:
    run(service())
