"""Notices: published, acknowledged, and reminded of (ALL-9)."""

from collections.abc import Iterable, Sequence

from aftersales.common.work import Work
from aftersales.intake.domain import notice as notices
from aftersales.intake.domain.notice import Acknowledgement, Notice, NoticeForm, Publication, ReaderChunk, Reading
from aftersales.intake.domain.people import Person

from .branches import known_branch
from .people import known_person, known_roles


async def publish_notice(work: Work, form: NoticeForm, of_roles: Sequence[str]) -> Notice:
    """Publish to the named people and to `of_roles`, who have the addressed roles in the addressed branches."""
    await known_roles(work, form.roles)
    for branch in form.branches:
        await known_branch(work, branch)
    for person in form.people:
        await known_person(work, person)
    readers = sorted({*form.people, *of_roles})
    number = await work.number("NT")
    notice, chunks, news = notices.publish(number, form, Publication(work.actor, work.now, readers))
    for chunk in chunks:
        work.put(chunk)
    return work.put(notice, *news)


async def acknowledge_notice(work: Work, number: str, reader: str) -> Acknowledgement:
    """Once; saying it again gives the same answer."""
    notice = await work.need(Notice, number)
    if known := await work.get(Acknowledgement, f"{number}|{reader}"):
        return known
    chunk = await work.get(ReaderChunk, f"{number}|{notices.chunk_of(notice, reader)}")
    person = await work.get(Person, reader)
    return work.put(notices.acknowledge(notice, chunk, reader, person, work.now))


async def wake_notice(work: Work, number: str) -> None:
    notice = await work.get(Notice, number)
    if notice is None or notice.wake_at is None or notice.wake_at > work.now:
        return
    chunks = await work.find(ReaderChunk, notice=number)
    acknowledgements = await work.find(Acknowledgement, notice=number)
    reminded, news = notices.remind(notice, reading(chunks, acknowledgements), work.now)
    work.put(reminded, *news)


def reading(chunks: Iterable[ReaderChunk], acknowledgements: Iterable[Acknowledgement]) -> Reading:
    """Put together who must acknowledge and who has; those who need not are left out."""
    readers = frozenset(reader for chunk in chunks for reader in chunk.readers)
    return Reading(readers, frozenset(read.reader for read in acknowledgements if read.counted))
