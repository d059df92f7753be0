"""Composition root of intake."""

from aftersales.common.events.intake import PRODUCES
from aftersales.common.service import Service, run

from . import api, store
from .consumers import consumers
from .domain.contract import Contract
from .domain.file import CustomerFile
from .handlers.partners import tell_refusal
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
        clocked=(Contract,),
        produces=PRODUCES,
        refused=tell_refusal,
        uploads={r"/customers/[^/]+/files": settings.max_file},
        files=CustomerFile,
    )


def main() -> None:
    run(service())
