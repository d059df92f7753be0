"""The day that is played: its contacts, its clock, and what has happened so far; the actors share it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from deploy.demo.offices import Document, Offices
from deploy.demo.stage import Stage

OPENS, CLOSES = 8 * 60, 18 * 60
SECONDS = 40.0
"""How long the ten hours take at speed 1."""
OPEN_WORK = timedelta(hours=3)
"""How long before the play the branches closed, on paper: by then all visits of the day were over."""
ON_PAPER = {"", "scarce", "extra_part", "declined"}
"""Scenes whose contact and visit are entered later; the others happen while the audience looks on."""
_ROUND = 0.25
_DEMO_WINDOW = timedelta(minutes=5)
_WRONG = (
    "{} was promised between {} and {}, so hours are hours here. Start this system with the demo's settings:\n"
    "docker compose -f docker-compose.yml -f docker-compose.demo.yml up -d"
)

Row = Mapping[str, str]


class WrongSettingsError(Exception):
    """The services were not started with the demo's settings: the play would take hours."""


@dataclass(frozen=True)
class Contact:
    """A row of contacts.csv: a customer who calls, and what is special about it."""

    row: Row

    @property
    def serial(self) -> str:
        return self.row["serial"]

    @property
    def scene(self) -> str:
        return self.row["scene"]

    @property
    def at(self) -> int:
        """Minutes since midnight."""
        hours, minutes = self.row["at"].split(":")
        return int(hours) * 60 + int(minutes)


@dataclass
class Day:
    """`tag` names this day: whatever is made today carries it, so that another day is another one."""

    contacts: Mapping[str, Contact]
    """By the product's serial number: each product breaks once a day."""
    technicians: Mapping[str, Row]
    next_day_parts: frozenset[str]
    """What comes only with the next morning's delivery."""
    offices: Offices
    stage: Stage
    speed: float
    seed: int
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    opened: datetime | None = None
    """When the branches opened and the play's clock began to run."""
    requests: dict[str, Contact] = field(default_factory=dict)
    """Today's requests, by number."""
    ended: set[str] = field(default_factory=set)
    """Serial numbers of the contacts that have come to their end."""
    busy: int = 0
    """How many visits, calls and errands are under way."""

    @property
    def tag(self) -> str:
        return f"{self.began:%y%m%d-%H%M%S}"

    @property
    def over(self) -> bool:
        return len(self.ended) == len(self.contacts) and not self.busy

    def dice(self, *about: object) -> Random:
        """Chance that is the same for the same thing, whatever else happens around it."""
        return Random(f"{self.seed}/{'/'.join(map(str, about))}")

    def open(self) -> None:
        self.opened = datetime.now(UTC)

    def minute(self) -> float:
        """Tell the play's time, in minutes since midnight."""
        since = datetime.now(UTC) - self.opened if self.opened else timedelta()
        return OPENS + since.total_seconds() * self._pace

    def paper_time(self, minute: float) -> datetime:
        """Return when a minute of the play was on paper: the day ended before the play began, with the last entry."""
        return self.began - OPEN_WORK - timedelta(minutes=CLOSES - minute)

    async def until(self, minute: float) -> None:
        await asyncio.sleep(max(0.0, (minute - self.minute()) / self._pace))

    async def spend(self, minutes: float) -> None:
        await asyncio.sleep(minutes / self._pace)

    def say(self, who: str, text: str) -> None:
        minute = int(self.minute())
        self.stage.say(f"{minute // 60 % 24:02}:{minute % 60:02}", who, text)

    def meet(self, order: Document) -> Contact | None:
        """Tell which of today's contacts an order is about; none when it was left over from an earlier day.

        Raises `WrongSettingsError` when the order shows that hours are not seconds here.
        """
        contact = self.contacts.get(order["product"]["serial"])
        if contact is None or entered(order) < self.began:
            return None
        start, end = order["appointment_start"], order["appointment_end"]
        if end and moment(end) - moment(start) > _DEMO_WINDOW:
            raise WrongSettingsError(_WRONG.format(order["id"], start, end))
        self.requests[order["request"]] = contact
        return contact

    def end(self, contact: Contact | None) -> None:
        """Note that nothing more is to happen to this contact's request today."""
        if contact:
            self.ended.add(contact.serial)
            self.stage.ended(len(self.ended))

    def name(self, technician: str) -> str:
        row = self.technicians.get(technician)
        return row["name"] if row else technician

    @property
    def _pace(self) -> float:
        return (CLOSES - OPENS) / SECONDS * self.speed


async def look_after(
    day: Day, find: Callable[[], Awaitable[list[Document]]], deal: Callable[[Day, Document], Awaitable[None]]
) -> None:
    """Until the day is over, deal with whatever `find` lists: one task for each, and never two for the same."""
    in_hand: set[str] = set()

    async def one(document: Document) -> None:
        try:
            await deal(day, document)
        finally:
            in_hand.discard(document["id"])
            day.busy -= 1

    async with asyncio.TaskGroup() as group:
        while not day.over:
            for document in await find():
                if document["id"] not in in_hand:
                    in_hand.add(document["id"])
                    day.busy += 1
                    group.create_task(one(document))
            await asyncio.sleep(_ROUND)


def entered(document: Document) -> datetime:
    """Tell when a request was entered: at once, or later than the contact that it is about."""
    return moment(document["entered_at"] or document["registered_at"])


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
