"""Composition root of feedback."""

from fastapi import APIRouter

from aftersales.common.events.feedback import PRODUCES
from aftersales.common.policies import PolicyList
from aftersales.common.privacy.erasure import PRIVACY_INDEXES
from aftersales.common.sign_in.accounts import ACCOUNT_INDEXES, Account
from aftersales.engine import BranchHours, HeartbeatState, PolicyCatalogue, PublishedPolicy, Service, run_service

from .claims import api as claims_api
from .claims import store as claims
from .consumers import build_consumers
from .followups import api as followups_api
from .followups import store as followups
from .followups.domain import FollowUp
from .jobs import build_timers
from .kpis import api as kpis_api
from .kpis import store as kpis
from .privacy.domain import PERSONAL
from .results import api as results_api
from .results import store as results
from .results.domain import DepartmentResult
from .settings import Settings
from .surveys import api as surveys_api
from .surveys import store as surveys
from .timelines import api as timelines_api
from .timelines import store as timelines

APIS = (followups_api, surveys_api, claims_api, timelines_api, kpis_api, results_api)
STORES = (followups, surveys, claims, timelines, results, kpis)
ENGINE = (BranchHours, HeartbeatState, PolicyList, PublishedPolicy)
"""Documents of no capability: copies of what intake publishes, and the heartbeat."""


def build_service(settings: Settings | None = None) -> Service:
    settings, catalogue = settings or Settings(), PolicyCatalogue()
    return Service(
        name="feedback",
        settings=settings,
        indexes={
            **dict.fromkeys(ENGINE, ()),
            Account: ACCOUNT_INDEXES,
            **PRIVACY_INDEXES,
            **{kind: indexes for store in STORES for kind, indexes in store.INDEXES.items()},
        },
        retained=(*followups.RETAINED, *surveys.RETAINED, *timelines.RETAINED, *results.RETAINED),
        router=APIRouter(routes=[route for api in APIS for route in api.router.routes]),
        consumers=build_consumers(catalogue, settings.usual),
        timers=build_timers(catalogue, settings.retention.get("timelines")),
        clocked=(FollowUp, DepartmentResult),
        catalogue=catalogue,
        produces=PRODUCES,
        personal=PERSONAL,
    )


def main() -> None:
    run_service(build_service)
