"""The demo: `python -m deploy.demo.play` starts the system, plays a day of 120 requests on it, and checks what is left.

It leaves everything running. A second run adds another day. Exit code 0 when every check holds, 1 when one does not.
"""

import argparse
import asyncio
import csv
import os
import sys
import time
from collections.abc import Iterator

from deploy.demo import agreements, clerks, customers, desk, headquarters, imports, store, summary, technicians, told
from deploy.demo.books import Books, open_books
from deploy.demo.checks import Check, audit_check, house_checks
from deploy.demo.day import SECONDS, Contact, Day, Row, WrongSettingsError
from deploy.demo.imports import ImportFailedError
from deploy.demo.make_data import DATA
from deploy.demo.offices import Offices, RefusedError
from deploy.demo.partners import partner
from deploy.demo.stage import Stage
from deploy.demo.story import story_checks
from deploy.demo.system import NoSystemError, System, attach, start
from deploy.demo.told import Told
from deploy.local import screen

PATIENCE = 120
"""Seconds that the evening may take after the last contact has come."""
SETTLING = 20
"""Seconds until the last event has reached the last service."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--speed", type=positive, default=1.0, help="2 plays the day twice as fast")
    parser.add_argument("--seed", type=int, default=1, help="another one: other marks, other delays")
    parser.add_argument("--attach", action="store_true", help="play on a system that runs already (AFTERSALES_*_URL)")
    chosen = parser.parse_args(arguments)
    began = time.monotonic()
    try:
        system = attach(os.environ) if chosen.attach else start()
        good = asyncio.run(play(system, chosen.speed, chosen.seed))
    except (NoSystemError, ImportFailedError) as error:
        screen.say(str(error))
        return 1
    except ExceptionGroup as failures:
        expected, bugs = failures.split((WrongSettingsError, RefusedError))
        if bugs or not expected:
            raise
        screen.say(str(next(leaves(expected))))
        return 1
    except KeyboardInterrupt:
        screen.say("Broken off. The next run goes on with what is open; `make down` stops the system.")
        return 130
    system.show()
    screen.say(
        f"The demo took {time.monotonic() - began:.0f} s. Everything runs on; the same command plays another day."
    )
    return 0 if good else 1


async def play(system: System, speed: float, seed: int) -> bool:
    """Import, play the day, check; tell whether every check holds."""
    await imports.bring_in(await system.environment())
    contacts = [Contact(row) for row in sheet("contacts")]
    async with Offices(system.urls, system.tokens) as offices:
        await headquarters.set_up(offices)
        with Stage(len(contacts)) as stage:
            day = Day(
                contacts={contact.serial: contact for contact in contacts},
                technicians={row["code"]: row for row in sheet("technicians")},
                next_day_parts=frozenset(row["code"] for row in sheet("parts") if row["delivery"] == "next_day"),
                offices=offices,
                stage=stage,
                speed=speed,
                seed=seed,
            )
            ended = await live_through(day, system.amqp_url)
        found, said, books = await settle(day, system.mongo_url)
    summary.show(day, said, books)
    summary.show_checks(found)
    return ended and all(check.holds for check in found)


async def live_through(day: Day, amqp_url: str) -> bool:
    """Let everybody do their part until all is done; tell whether it was done in time."""
    try:
        async with (
            asyncio.timeout(SECONDS / day.speed + PATIENCE),
            partner(amqp_url) as shop,
            asyncio.TaskGroup() as all,
        ):
            await agreements.sign(day)
            await store.morning(day, sheet("stock"))
            day.open()
            all.create_task(customers.come(day, shop))
            all.create_task(technicians.work(day))
            all.create_task(desk.watch(day))
            all.create_task(store.van(day))
            all.create_task(clerks.call_back(day))
            all.create_task(clerks.answer_results(day))
    except TimeoutError:
        waiting = [contact.row["serial"] for contact in day.contacts.values() if contact.serial not in day.ended]
        screen.say(f"Not at an end in time: {', '.join(waiting)}")
        return False
    return True


async def settle(day: Day, mongo_url: str) -> tuple[list[Check], Told, Books]:
    """Look until every check holds; what still does not after a while is wrong."""
    deadline = time.monotonic() + SETTLING
    while True:
        said = await told.ask(day.offices, day.began)
        books = await asyncio.to_thread(open_books, mongo_url)
        found = [*house_checks(said, books), *story_checks(day, books)]
        if all(check.holds for check in found) or time.monotonic() > deadline:
            return [*found, await audit_check(mongo_url)], said, books
        await asyncio.sleep(0.5)


def positive(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a speed; 2 is twice as fast as 1")
    return number


def leaves(group: BaseExceptionGroup[Exception]) -> Iterator[Exception]:
    """Yield what a tree of failures is made of."""
    for failure in group.exceptions:
        if isinstance(failure, BaseExceptionGroup):
            yield from leaves(failure)
        else:
            yield failure


def sheet(name: str) -> list[Row]:
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
