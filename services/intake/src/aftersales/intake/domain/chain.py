"""The chain that a matter climbs: owner → supervisor → centre → headquarters → leadership (ALL-3, INT-10)."""

from collections.abc import Mapping
from datetime import date
from typing import Literal, NamedTuple, get_args

from aftersales.common.values import Value

from .people import Person

Level = Literal["supervisor", "centre", "headquarters", "leadership"]
LEVELS: tuple[Level, ...] = get_args(Level)
"""Also the codes of the roles that stand on these levels."""
OF_BRANCH: tuple[Level, ...] = ("supervisor", "centre")
"""Levels whose people answer for their own branch alone."""


class Rung(Value):
    """Somebody in the chain."""

    level: Literal["owner"] | Level
    person: str


class Start(NamedTuple):
    """Where the climb begins: who owns the matter, known or not, in which branch, on which day."""

    owner: str
    branch: str
    today: date


def chain(people: Mapping[str, Person], start: Start) -> tuple[Rung, ...]:
    """Climb from the owner upwards; nobody comes twice.

    A person's own supervisor is next. Where that one is missing, has left, was passed already (a circle) or stands
    lower, whoever has the next level's role is: of the branch up to the centre, of any branch above it. A level
    without anybody is left out.
    """
    rungs = [Rung(level="owner", person=start.owner)]
    at = people.get(start.owner)
    height = _height(at)
    while True:
        rest = {code: person for code, person in people.items() if code not in {rung.person for rung in rungs}}
        step = _own_supervisor(rest, at, height, start.today) or _holder_above(rest, height, start)
        if step is None:
            return tuple(rungs)
        at, height = step
        rungs.append(Rung(level=LEVELS[height - 1], person=at.id))


def _own_supervisor(
    people: Mapping[str, Person], at: Person | None, height: int, today: date
) -> tuple[Person, int] | None:
    named = people.get(at.supervisor) if at and at.supervisor else None
    if named is None or not named.serves(today) or max(_height(named), 1) < height:
        return None
    return named, max(_height(named), 1)


def _holder_above(people: Mapping[str, Person], height: int, start: Start) -> tuple[Person, int] | None:
    """Whoever has the role of the lowest level above; of several the first by code."""
    for level in LEVELS[height:]:
        for code in sorted(people):
            person = people[code]
            near = level not in OF_BRANCH or person.branch == start.branch
            if level in person.roles and near and person.serves(start.today):
                return person, LEVELS.index(level) + 1
    return None


def _height(person: Person | None) -> int:
    """How high their roles put them: 0 for whoever stands on no level, 4 for leadership."""
    held = [LEVELS.index(level) + 1 for level in LEVELS if person and level in person.roles]
    return max(held, default=0)
