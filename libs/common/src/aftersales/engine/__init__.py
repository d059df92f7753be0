"""The front of the engine: what a service's handlers, stores and endpoints use most, from one place.

A domain room never imports it (law 3): `aftersales.values`, `aftersales.policy`, `aftersales.common.aggregate` and the
events are pure. What is needed in one or two places only stands in the modules of `aftersales.common`.
"""

from aftersales.common.aggregate import Aggregate
from aftersales.common.branch_hours import BranchHours
from aftersales.common.events import Event
from aftersales.common.heartbeat import Heartbeat
from aftersales.common.http.app import run
from aftersales.common.http.desk import Cursor, Desk, Limit
from aftersales.common.http.paging import Page
from aftersales.common.http.problem import PROBLEMS
from aftersales.common.mongo import Document, Index, Mongo
from aftersales.common.policies import Library, PublishedPolicy
from aftersales.common.retained import Retained
from aftersales.common.service import Consumer, Service, on
from aftersales.common.settings import Port, ServiceSettings
from aftersales.common.timers import Timer, wakes
from aftersales.common.work import Call, Need, Needs, Work, prepare_call, use_case
from aftersales.values.errors import DomainError, Malformed, NotFound, NotYet

__all__ = [
    "PROBLEMS",
    "Aggregate",
    "BranchHours",
    "Call",
    "Consumer",
    "Cursor",
    "Desk",
    "Document",
    "DomainError",
    "Event",
    "Heartbeat",
    "Index",
    "Library",
    "Limit",
    "Malformed",
    "Mongo",
    "Need",
    "Needs",
    "NotFound",
    "NotYet",
    "Page",
    "Port",
    "PublishedPolicy",
    "Retained",
    "Service",
    "ServiceSettings",
    "Timer",
    "Work",
    "on",
    "prepare_call",
    "run",
    "use_case",
    "wakes",
]
