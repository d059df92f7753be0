"""Composition root of intake."""

from aftersales.common.events.intake import PRODUCES
from aftersales.common.policies import Library
from aftersales.common.service import Service, run

from . import api, store
from .consumers import consumers
from .domain.contract import Contract
from .domain.file import CustomerFile
from .domain.handover import ShiftHandover
from .domain.request import ServiceRequest
from .handlers.partners import tell_refusal
from .jobs import SEEDS, timers
from .settings import Settings


def service(settings: Settings | None = None) -> Service:
    settings, library = settings or Settings(), Library()
    return Service(
        name="intake",
        settings=settings,
        indexes=store.INDEXES,
        retained=store.RETAINED,
        router=api.router,
        consumers=consumers(library),
        timers=timers(settings, library),
        seeds=SEEDS,
        produces=PRODUCES,
        clocked=(ServiceRequest, ShiftHandover, Contract),
        library=library,
        refused=tell_refusal,
        partners=settings.partners,
        uploads={r"/customers/[^/]+/files": settings.max_file},
        files=CustomerFile,
    )


def main() -> None:
    run(service)
