"""Write the demo's CSVs into deploy/demo/data: `python -m deploy.demo.make_data`; the same seed, the same bytes.

All but contacts.csv are what `aftersales import` takes. contacts.csv has the columns of its `requests`, and what the
play needs besides: when on that day it comes (`at`), and what is special about it (`scene`, `extra_part`).
"""

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from random import Random
from typing import NamedTuple

from deploy.demo.catalogue import LINES, PARTS
from deploy.demo.places import PLACES, District, Place
from faker import Faker

DATA = Path(__file__).parent / "data"
SEED = 20261123
Row = dict[str, str]
Sheet = list[Row]

SKILLS = {
    "sh-01": (
        "refrigerator;air-conditioner",
        "refrigerator;washing-machine",
        "air-conditioner;water-heater",
        "washing-machine;water-heater",
        "refrigerator;range-hood",
        "air-conditioner;range-hood",
    ),
    "cd-01": (
        "refrigerator;air-conditioner",
        "refrigerator;washing-machine",
        "air-conditioner;water-heater",
        "washing-machine;water-heater",
        "refrigerator;washing-machine",
        "range-hood",
    ),
}
"""Of each branch's six technicians. The one who knows range hoods in Chengdu has let the licence run out."""
PRODUCTS = {
    "sh-01": {"refrigerator": 18, "air-conditioner": 14, "washing-machine": 12, "water-heater": 10, "range-hood": 6},
    "cd-01": {"refrigerator": 16, "air-conditioner": 17, "washing-machine": 14, "water-heater": 12, "range-hood": 1},
}
"""How many of each line a branch's thirty customers own, two each."""
SCARCE = {("sh-01", "refrigerator"): ("no-cooling", 5), ("cd-01", "air-conditioner"): ("error-e1", 3)}
"""Which fault comes how often in this branch: more often than there are parts for it."""
OPENING = {("sh-01", "R-01"): 2, ("cd-01", "A-01"): 1}
"""How many of these are there in the morning; of all others plenty, and of C-03 none."""
NEXT_DAY = {"A-01"}
"""What the supplier brings tomorrow; all else comes with the afternoon's van."""
SCENES = {"late": 2, "declined": 2, "cancelled": 3, "dissatisfied": 2, "partner": 7, "partner_twice": 1}
EXTRA_PARTS = ("C-01", "C-02", "C-03")
CHANNELS = ("phone", "phone", "phone", "web", "web", "message", "message", "chat", "walk_in", "email", "social")


class Home(NamedTuple):
    """A customer and where they live."""

    row: Row
    district: District


class Maker:
    def __init__(self, seed: int) -> None:
        self._dice = Random(seed)
        self._fake = Faker("zh_CN")
        self._fake.seed_instance(seed)
        self._serials = count(self._dice.randrange(100_000, 400_000), 137)

    def sheets(self) -> dict[str, Sheet]:
        """Make every file's rows, by the file's name."""
        customers: Sheet = []
        contacts: Sheet = []
        for place in PLACES:
            homes = [self._home(place) for _ in range(30)]
            owned = self._products(place)
            for number, product in enumerate(owned):
                home = homes[number // 2]
                customers.append(home.row | product)
                contacts.append(self._contact(home, product))
        self._rare(contacts)
        self._scenes(contacts)
        return {
            "branches": list(self._branches()),
            "technicians": list(self._technicians()),
            "parts": list(self._parts()),
            "stock": list(self._stock()),
            "customers": customers,
            "contacts": self._timetable(contacts),
        }

    def _branches(self) -> Iterator[Row]:
        for place in PLACES:
            where = {"lat": f"{place.lat:.4f}", "lon": f"{place.lon:.4f}"}
            yield {"code": place.branch, "name": place.name, "zone": "Asia/Shanghai", **where}

    def _technicians(self) -> Iterator[Row]:
        """On duty round the clock, for a demo is played at any hour."""
        for branch, each in SKILLS.items():
            for number, skills in enumerate(each, 1):
                expired = (branch, skills) == ("cd-01", "range-hood")
                yield {
                    "code": f"T-{branch[:2].upper()}-{number:02}",
                    "name": self._fake.name(),
                    "branch": branch,
                    "skills": skills,
                    "licence_until": "2025-06-30" if expired else "2035-12-31",
                }

    def _parts(self) -> Iterator[Row]:
        for line, parts in PARTS.items():
            for part in parts:
                yield {
                    "code": part.code,
                    "name": part.name,
                    "specification": part.specification,
                    "lines": line or ";".join(LINES),
                    "faults": part.faults,
                    "quantity_per_job": str(part.quantity),
                    "price": part.price,
                    "delivery": "next_day" if part.code in NEXT_DAY else "same_day",
                }

    def _stock(self) -> Iterator[Row]:
        shelves = count()
        for place in PLACES:
            for part in (part for parts in PARTS.values() for part in parts if part.code != "C-03"):
                total = OPENING.get((place.branch, part.code), 24 * part.quantity)
                older = total // 3
                for lot, quantity in ((1, older), (2, total - older)):
                    if quantity:
                        shelf = next(shelves)
                        yield {
                            "branch": place.branch,
                            "part": part.code,
                            "lot": f"L25{lot * 3:02}-{part.code}",
                            "bin": f"{'ABCD'[shelf % 4]}-{shelf // 4 % 12 + 1:02}-{shelf // 48 + 1:02}",
                            "quantity": str(quantity),
                            "received_at": f"2025-{lot * 3:02}-15 09:00",
                        }

    def _home(self, place: Place) -> Home:
        district = self._dice.choice(place.districts)
        house, flat = self._dice.randrange(1, 900), self._dice.randrange(1, 29) * 100 + self._dice.randrange(1, 5)
        row = {
            "branch": place.branch,
            "name": self._fake.name(),
            "phone": self._fake.unique.phone_number(),
            "address": f"{place.city}{district.name}{self._dice.choice(district.roads)}{house}号{flat}室",
            "class": self._dice.choice("ABBCCC"),
        }
        return Home(row, district)

    def _products(self, place: Place) -> list[Row]:
        lines = [line for line, number in PRODUCTS[place.branch].items() for _ in range(number)]
        self._dice.shuffle(lines)
        return [self._product(line) for line in lines]

    def _product(self, line: str) -> Row:
        model = self._dice.choice(LINES[line].models)
        bought = f"{self._dice.randrange(2021, 2026)}-{self._dice.randrange(1, 10):02}-{self._dice.randrange(1, 29):02}"
        return {"serial": f"{model}-{next(self._serials)}", "model": model, "line": line, "purchased_on": bought}

    def _contact(self, home: Home, product: Row) -> Row:
        line, branch = product["line"], home.row["branch"]
        rare = SCARCE.get((branch, line), ("", 0))[0]
        person = {name: home.row[name] for name in ("branch", "name", "phone", "address")}
        return person | {
            **product,
            "channel": self._dice.choice(CHANNELS),
            "kind": self._dice.choice(["repair"] * 9 + ["maintenance"]),
            "fault": self._dice.choice([fault for fault in LINES[line].faults if fault != rare]),
            "urgency": self._dice.choice("1223"),
            "lat": f"{home.district.lat + self._dice.uniform(-0.008, 0.008):.5f}",
            "lon": f"{home.district.lon + self._dice.uniform(-0.008, 0.008):.5f}",
            "scene": "",
            "extra_part": "",
        }

    def _rare(self, contacts: Sheet) -> None:
        """Let the faults that there are too few parts for come as often as the story wants."""
        for (branch, line), (fault, times) in SCARCE.items():
            fitting = [row for row in contacts if (row["branch"], row["line"]) == (branch, line)]
            for row in self._dice.sample(fitting, times):
                row |= {"fault": fault, "scene": "scarce", "kind": "repair", "channel": "phone"}

    def _scenes(self, contacts: Sheet) -> None:
        """Cast the other roles among the ordinary contacts."""
        for row in contacts:
            if (row["branch"], row["line"]) == ("cd-01", "range-hood"):
                row["scene"] = "unlicensed"
        roles = [scene for scene, times in SCENES.items() for _ in range(times)]
        ordinary = [row for row in contacts if not row["scene"]]
        chosen = self._dice.sample(ordinary, len(roles) + len(EXTRA_PARTS))
        for row, role in zip(chosen, roles, strict=False):
            row["scene"] = role
            if role.startswith("partner"):
                row["channel"] = "partner"
        for row, part in zip(chosen[len(roles) :], EXTRA_PARTS, strict=True):
            row |= {"scene": "extra_part", "extra_part": part}

    def _timetable(self, contacts: Sheet) -> Sheet:
        """Spread the contacts over the day, 08:00 to 18:00; what is special comes before 13:00, so that it can end."""
        for row in contacts:
            minute = self._dice.randrange(5, 295 if row["scene"] else 595)
            row["at"] = f"{8 + minute // 60:02}:{minute % 60:02}"
            row["description"] = self._dice.choice(LINES[row["line"]].faults[row["fault"]])
        return sorted(contacts, key=lambda row: (row["at"], row["serial"]))


def as_csv(rows: Sequence[Row]) -> str:
    """Write rows as a sheet that people and `aftersales import` read."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def main() -> None:
    DATA.mkdir(exist_ok=True)
    for name, rows in Maker(SEED).sheets().items():
        (DATA / f"{name}.csv").write_text(as_csv(rows), encoding="utf-8")
        print(f"{name}.csv: {len(rows)} rows")


if __name__ == "__main__":
    main()
