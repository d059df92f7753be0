"""Composition root of inventory."""

from fastapi import APIRouter

from aftersales.common.catalogues import CatalogueCopy
from aftersales.common.events.inventory import PRODUCES
from aftersales.common.policies import PolicyList
from aftersales.common.privacy.erasure import PRIVACY_INDEXES
from aftersales.common.sign_in.accounts import ACCOUNT_INDEXES, Account
from aftersales.engine import HeartbeatState, PolicyCatalogue, PublishedPolicy, Service, run_service

from .consumers import build_consumers
from .jobs import build_timers
from .parts import api as parts_api
from .parts import store as parts
from .privacy.domain import PERSONAL
from .receipts import api as receipts_api
from .settings import Settings
from .slips import api as slips_api
from .slips import store as slips
from .stock import api as stock_api
from .stock import store as stock

APIS = (parts_api, receipts_api, stock_api, slips_api)
ENGINE = (CatalogueCopy, HeartbeatState, PolicyList, PublishedPolicy)
"""Documents of no capability: copies of what intake publishes, and the heartbeat."""


def build_service(settings: Settings | None = None) -> Service:
    catalogue = PolicyCatalogue()
    return Service(
        name="inventory",
        settings=settings or Settings(),
        indexes={
            **dict.fromkeys(ENGINE, ()),
            Account: ACCOUNT_INDEXES,
            **PRIVACY_INDEXES,
            **parts.INDEXES,
            **stock.INDEXES,
            **slips.INDEXES,
        },
        retained=(*stock.RETAINED, *slips.RETAINED),
        router=APIRouter(routes=[route for api in APIS for route in api.router.routes]),
        consumers=build_consumers(),
        timers=build_timers(catalogue),
        catalogue=catalogue,
        seeds=parts.SEEDS,
        produces=PRODUCES,
        personal=PERSONAL,
    )


def main() -> None:
    run_service(build_service)
