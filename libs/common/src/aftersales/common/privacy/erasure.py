"""Use cases of an erasure in one service (ALL-6)."""

from collections.abc import Mapping, Sequence

from aftersales.common.aggregate import Aggregate
from aftersales.common.dead_letters import StoredDeadLetter
from aftersales.common.events import ErasedCollection, PersonalDataErased
from aftersales.common.events.intake import CustomerErased
from aftersales.common.mongo import Index
from aftersales.common.privacy.holdings import DataSubject, Holding
from aftersales.common.privacy.record import (
    Erasure,
    PersonalDataExported,
    ServiceErasure,
    complete_erasure,
    count_erased,
)
from aftersales.common.scope import EVERYWHERE
from aftersales.common.work import UnitOfWork, use_case
from aftersales.values import uuid7

PRIVACY_INDEXES: Mapping[type[Aggregate], Sequence[Index]] = {
    Erasure: (Index("whole", partial={"whole": True}), Index("at", "_id")),
    PersonalDataExported: (Index("customer", "-at"),),
}


@use_case(preload=lambda event: ((Erasure, event.customer),))
async def begin_erasure(work: UnitOfWork, event: CustomerErased) -> None:
    """Begin to erase what this service has of a customer."""
    if await work.get(Erasure, event.customer) is None:
        subject = DataSubject.model_validate(event.model_dump(include=set(DataSubject.model_fields)))
        work.put(Erasure(id=event.customer, branch=event.branch, subject=subject, at=event.at))


@use_case()
async def note_export(work: UnitOfWork, customer: str, collections: Mapping[str, int]) -> PersonalDataExported:
    """Record who has got what is stored here about a customer."""
    record = PersonalDataExported(
        id=uuid7(), branch=EVERYWHERE, customer=customer, by=work.actor, at=work.now, collections=dict(collections)
    )
    return work.put(record)


async def look_again(work: UnitOfWork, holdings: Sequence[Holding], state: Aggregate) -> None:
    """Have a document that was restored from an archive erased, if its customer was erased meanwhile."""
    for holding in holdings:
        if not isinstance(state, holding.kind):
            continue
        for name, keys in holding.found_by.items():
            value = getattr(state, "id" if name == "_id" else name, None)
            for erasure in await work.find(Erasure, **{f"subject.{keys}": value}) if value else ():
                work.put(erasure.but(whole=True))


async def erase_states(work: UnitOfWork, erasure: Erasure, holding: Holding, states: Sequence[Aggregate]) -> Erasure:
    """Erase the personal data of these documents, and count it."""
    documents = fields = 0
    for state in states:
        after, blanked = (None, 1) if holding.removed else holding.blank(state, erasure.subject)
        if blanked:
            work.erase(state, after)
            documents, fields = documents + 1, fields + blanked
    return count_erased(erasure, holding.collection, documents, fields)


@use_case(preload=lambda id, holding, ids: ((Erasure, id), *((holding.kind, one) for one in ids)))
async def erase_documents(work: UnitOfWork, id: str, holding: Holding, ids: Sequence[str]) -> list[str]:
    """Erase the personal data of the documents with these ids, and return the ids of those that had some."""
    erasure = await work.require(Erasure, id)
    states = [state for one in ids if (state := await work.get(holding.kind, one))]
    after = await erase_states(work, erasure, holding, states)
    if after != erasure:
        work.put(after.but(whole=True))  # their earlier values are erased next
    return [one.id for one in states if (one.COLLECTION, one.id) in work.erased]


@use_case(preload=lambda id, letters: ((Erasure, id), *((StoredDeadLetter, one) for one in letters)))
async def erase_dead_letters(work: UnitOfWork, id: str, letters: Sequence[str]) -> None:
    """Delete dead letters about the customer; the customer's cases have ended, so nobody needs their effect."""
    erasure = await work.require(Erasure, id)
    states = [state for one in letters if (state := await work.get(StoredDeadLetter, one))]
    for state in states:
        work.erase(state, None)
    if states:
        work.put(count_erased(erasure, StoredDeadLetter.COLLECTION, len(states), len(states)))


@use_case(preload=lambda id: ((Erasure, id),))
async def finish_look(
    work: UnitOfWork, id: str, more: Sequence[ErasedCollection], announce: type[PersonalDataErased] | None
) -> None:
    """Record that everything was gone through, and tell intake if something was erased or it is the first time."""
    erasure = await work.require(Erasure, id)
    for one in more:
        erasure = count_erased(erasure, one.collection, one.documents, one.fields)
    done = erasure.but(whole=False, erased_at=erasure.erased_at or work.now)
    if announce is None:
        work.put(complete_erasure(done, work.now))
        return
    done = done.but(completed_at=done.erased_at)
    work.put(done, announce(customer=id, branch=erasure.branch, collections=done.erased, at=work.now))


@use_case(preload=lambda event: ((Erasure, event.customer),))
async def confirm_erasure(work: UnitOfWork, event: PersonalDataErased) -> None:
    """Record what another service has erased; the newest report holds."""
    erasure = await work.get(Erasure, event.customer)
    if erasure is None:
        return
    service = event.TYPE.partition(".")[0]
    known = {one.service: one for one in erasure.confirmed}
    if service in known and known[service].at >= event.at:
        return
    known[service] = ServiceErasure(service=service, at=event.at, collections=event.collections)
    work.put(complete_erasure(erasure.but(confirmed=tuple(known[name] for name in sorted(known))), work.now))
