"""Composition root of dispatch."""

from fastapi import APIRouter

from aftersales.common.catalogues import CatalogueCopy
from aftersales.common.events.dispatch import PRODUCES
from aftersales.common.policies import PolicyList
from aftersales.common.privacy.erasure import PRIVACY_INDEXES
from aftersales.common.sign_in.accounts import ACCOUNT_INDEXES, Account
from aftersales.engine import BranchHours, HeartbeatState, PolicyCatalogue, PublishedPolicy, Service, run_service

from .changes import api as changes_api
from .consumers import build_consumers
from .field import api as field_api
from .jobs import build_timers
from .orders import api as orders_api
from .orders import store as orders
from .orders.domain.order import WorkOrder
from .privacy.domain import PERSONAL
from .settings import Settings
from .technicians import api as technicians_api
from .technicians import store as technicians
from .visits import api as visits_api

APIS = (technicians_api, field_api, orders_api, visits_api, changes_api)
ENGINE = (BranchHours, CatalogueCopy, HeartbeatState, PolicyList, PublishedPolicy)
"""Documents of no capability: copies of what intake publishes, and the heartbeat."""


def build_service(settings: Settings | None = None) -> Service:
    settings, catalogue = settings or Settings(), PolicyCatalogue()
    rules = orders.Rules(catalogue, settings.figures)
    return Service(
        name="dispatch",
        settings=settings,
        indexes={
            **dict.fromkeys(ENGINE, ()),
            Account: ACCOUNT_INDEXES,
            **PRIVACY_INDEXES,
            **technicians.INDEXES,
            **orders.INDEXES,
        },
        retained=orders.RETAINED,
        router=APIRouter(routes=[route for api in APIS for route in api.router.routes]),
        consumers=build_consumers(rules),
        timers=build_timers(rules),
        produces=PRODUCES,
        personal=PERSONAL,
        clocked=(WorkOrder,),
        catalogue=catalogue,
    )


def main() -> None:
    run_service(build_service)
