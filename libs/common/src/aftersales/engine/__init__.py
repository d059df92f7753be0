"""The front of the engine: what handlers, stores and endpoints of a service use most, in one place.

A domain layer never imports it (law 3): `aftersales.values`, `aftersales.policy`, `aftersales.common.aggregate` and the
events are pure. Names that only one or two places need are in the modules of `aftersales.common`.
"""

from aftersales.common.aggregate import Aggregate
from aftersales.common.branch_hours import BranchHours
from aftersales.common.events import Event
from aftersales.common.heartbeat import HeartbeatState
from aftersales.common.http.app import run_service
from aftersales.common.http.paging import Page
from aftersales.common.http.problem import PROBLEMS
from aftersales.common.http.request_context import Cursor, Limit, RequestContext
from aftersales.common.mongo import Document, Index, Mongo, Reads
from aftersales.common.policies import PolicyCatalogue, PublishedPolicy
from aftersales.common.retained import Retained
from aftersales.common.service import Consumer, Service, consume_event
from aftersales.common.settings import Port, ServiceSettings
from aftersales.common.timers import Timer, wake_with
from aftersales.common.work import Call, DocumentRef, DocumentRefs, UnitOfWork, prepare_call, use_case
from aftersales.values.errors import DomainError, Malformed, NotFound, NotYet

__all__ = [
    "PROBLEMS",
    "Aggregate",
    "BranchHours",
    "Call",
    "Consumer",
    "Cursor",
    "Document",
    "DocumentRef",
    "DocumentRefs",
    "DomainError",
    "Event",
    "HeartbeatState",
    "Index",
    "Limit",
    "Malformed",
    "Mongo",
    "NotFound",
    "NotYet",
    "Page",
    "PolicyCatalogue",
    "Port",
    "PublishedPolicy",
    "Reads",
    "RequestContext",
    "Retained",
    "Service",
    "ServiceSettings",
    "Timer",
    "UnitOfWork",
    "consume_event",
    "prepare_call",
    "run_service",
    "use_case",
    "wake_with",
]
