"""Composition root of intake."""

from collections.abc import Mapping, Sequence

from fastapi import APIRouter

from aftersales.common.events.intake import PRODUCES
from aftersales.engine import Aggregate, HeartbeatState, Index, PolicyCatalogue, Service, run_service

from .agreements import api as agreements_api
from .agreements import store as agreements_store
from .agreements.domain.contract import Contract
from .archive import api as archive_api
from .archive import store as archive_store
from .archive.domain.file import CustomerFile
from .catalogues import api as catalogues_api
from .catalogues import store as catalogues_store
from .classification import api as classification_api
from .classification import store as classification_store
from .consumers import build_consumers
from .correspondence import api as correspondence_api
from .correspondence import store as correspondence_store
from .documents import api as documents_api
from .documents import store as documents_store
from .files import api as files_api
from .identity import api as identity_api
from .identity import store as identity_store
from .jobs import SEEDS, build_timers
from .messages import api as messages_api
from .messages import store as messages_store
from .messages.handlers.gateways import build_gateways
from .messages.handlers.sender import Sender
from .network import api as network_api
from .network import store as network_store
from .office import api as office_api
from .office import store as office_store
from .office.domain.handover import ShiftHandover
from .partners import api as partners_api
from .partners import store as partners_store
from .partners.handlers import tell_refusal
from .policies import api as policies_api
from .policies import store as policies_store
from .prices import api as prices_api
from .prices import store as prices_store
from .privacy import api as privacy_api
from .privacy import store as privacy_store
from .privacy.domain.holdings import PERSONAL
from .public import api as public_api
from .public import store as public_store
from .public.domain.complaint import PublicComplaint
from .recalls import api as recalls_api
from .recalls import store as recalls_store
from .requests import api as requests_api
from .requests import store as requests_store
from .requests.domain.request import ServiceRequest
from .sales import api as sales_api
from .sales import store as sales_store
from .settings import Settings

APIS = (
    network_api,
    identity_api,
    catalogues_api,
    archive_api,
    recalls_api,
    agreements_api,
    classification_api,
    policies_api,
    prices_api,
    sales_api,
    requests_api,
    files_api,
    documents_api,
    partners_api,
    office_api,
    messages_api,
    public_api,
    correspondence_api,
    privacy_api,
)
STORES = (
    network_store,
    identity_store,
    catalogues_store,
    archive_store,
    recalls_store,
    agreements_store,
    classification_store,
    policies_store,
    prices_store,
    sales_store,
    requests_store,
    documents_store,
    partners_store,
    office_store,
    messages_store,
    public_store,
    correspondence_store,
    privacy_store,
)
INDEXES: Mapping[type[Aggregate], Sequence[Index]] = {
    HeartbeatState: (),
    **{kind: indexes for store in STORES for kind, indexes in store.INDEXES.items()},
}
router = APIRouter()
for api in APIS:
    router.routes.extend(api.router.routes)


def build_service(settings: Settings | None = None) -> Service:
    settings, catalogue = settings or Settings(), PolicyCatalogue()
    gateways = build_gateways(settings)
    return Service(
        name="intake",
        settings=settings,
        indexes=INDEXES,
        retained=requests_store.RETAINED,
        router=router,
        consumers=build_consumers(settings, catalogue),
        timers=build_timers(settings, catalogue),
        background={"messages": Sender(gateways, settings).run} if gateways else {},
        seeds=SEEDS,
        produces=PRODUCES,
        clocked=(ServiceRequest, ShiftHandover, Contract, PublicComplaint),
        catalogue=catalogue,
        refused=tell_refusal,
        partners=settings.partners,
        uploads={r"/customers/[^/]+/files": settings.max_file},
        files=CustomerFile,
        personal=PERSONAL,
    )


def main() -> None:
    run_service(build_service)
