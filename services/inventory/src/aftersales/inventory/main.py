"""Composition root of inventory."""

from aftersales.common.events.inventory import PRODUCES
from aftersales.common.service import Service, run
from aftersales.inventory import api, store
from aftersales.inventory.consumers import consumers
from aftersales.inventory.jobs import timers
from aftersales.inventory.settings import Settings


def service(settings: Settings | None = None) -> Service:
    settings = settings or Settings()
    return Service(
        name="inventory",
        settings=settings,
        indexes=store.INDEXES,
        retained=store.RETAINED,
        router=api.router,
        consumers=consumers(),
        produces=PRODUCES,
        timers=timers(),
    )


def main() -> None:
    run(service)
