"""One small consumer, written once for our writer and used by every variant that runs our code."""

from typing import ClassVar

from fastapi import APIRouter

from aftersales.common.aggregate import Aggregate
from aftersales.common.events import Event
from aftersales.common.service import Service, consume_event
from aftersales.common.settings import ServiceSettings
from aftersales.common.timers import wake_with
from aftersales.common.work import UnitOfWork, use_case

SUBJECTS = 1500
PAYLOAD = "y" * 400


class Posted(Event):
    TYPE = "elsewhere.posted.v1"
    account: str
    text: str


class Booked(Event):
    TYPE = "ledger.booked.v1"
    account: str
    count: int
    text: str


class Account(Aggregate):
    COLLECTION: ClassVar[str] = "accounts"
    branch: str = "b-1"
    count: int = 0
    text: str = ""


@use_case(preload=lambda event: ((Account, event.account),))
async def book(work: UnitOfWork, event: Posted) -> None:
    account = await work.get(Account, event.account) or Account(id=event.account)
    count = account.count + 1
    work.put(account.but(count=count, text=event.text), Booked(account=account.id, count=count, text=event.text))


async def doze(work: UnitOfWork, id: str) -> None:
    """Wake once."""
    account = await work.require(Account, id)
    work.put(account.but(count=account.count + 1, wake_at=None))


def service(settings: ServiceSettings) -> Service:
    return Service(
        name="ledger",
        settings=settings,
        indexes={Account: ()},
        router=APIRouter(),
        produces=(Booked,),
        consumers=(consume_event(Posted, book),),
        timers=(wake_with(Account, doze),),
    )
