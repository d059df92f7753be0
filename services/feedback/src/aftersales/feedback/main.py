"""Composition root of feedback."""

from fastapi import APIRouter

from aftersales.common.events.feedback import PRODUCES
from aftersales.common.policies import PolicyList
from aftersales.engine import BranchHours, Heartbeat, Library, PublishedPolicy, Service, run

from .consumers import consumers
from .followups import api as followups_api
from .followups import store as followups
from .followups.domain import FollowUp
from .jobs import timers
from .kpis import api as kpis_api
from .settings import Settings
from .surveys import api as surveys_api
from .surveys import store as surveys
from .timelines import api as timelines_api
from .timelines import store as timelines

APIS = (followups_api, surveys_api, timelines_api, kpis_api)
ENGINE = (BranchHours, Heartbeat, PolicyList, PublishedPolicy)
"""Documents of no capability: copies of what intake publishes, and the heartbeat."""


def service(settings: Settings | None = None) -> Service:
    settings, library = settings or Settings(), Library()
    return Service(
        name="feedback",
        settings=settings,
        indexes={**dict.fromkeys(ENGINE, ()), **followups.INDEXES, **surveys.INDEXES, **timelines.INDEXES},
        retained=(*followups.RETAINED, *surveys.RETAINED, *timelines.RETAINED),
        router=APIRouter(routes=[route for api in APIS for route in api.router.routes]),
        consumers=consumers(library, settings.usual),
        timers=timers(library),
        clocked=(FollowUp,),
        library=library,
        produces=PRODUCES,
    )


def main() -> None:
    run(service)
