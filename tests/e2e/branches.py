"""Two branches behind the gate: SH01 with a whole case, and people of BJ01 who must not see any of it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from common.issuer import Issuer

from aftersales.common.clock import Clock
from aftersales.testing import eventually
from aftersales.testing.system import RunningSystem
from aftersales.values import sibling_number

OPENAPI = Path(__file__).parents[2] / "contracts" / "openapi"
SERVICES = ("intake", "dispatch", "inventory", "feedback")
EVERY_ROLE = [
    "information_clerk",
    "dispatcher",
    "technician",
    "store_keeper",
    "inspector",
    "supervisor",
    "service_manager",
]
PLACES = {"SH01": {"lat": 31.23, "lon": 121.45}, "BJ01": {"lat": 39.9, "lon": 116.4}}
COMPLAINT = "冰箱不制冷 孩子的药在里面"
CANARIES = {
    "name": "金丝雀小红",
    "phone": "13799990011",
    "serial": "CANARY-7788",
    "address": "上海市黄浦区金丝雀弄 77 号",
}


class TwoBranches:
    """Calls as headquarters (`hq`), as somebody with every role of SH01 (`sh`), and as the same in BJ01 (`bj`)."""

    def __init__(self, system: RunningSystem, issuer: Issuer, clock: Clock) -> None:
        self.system, self.clock = system, clock
        self.tokens = {
            "hq": issuer.token(clock.now(), sub="s-hq", roles=["headquarters"]),
            "sh": issuer.token(clock.now(), sub="s-sh"),
            "bj": issuer.token(clock.now(), sub="s-bj"),
        }

    async def ask(self, who: str, service: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        bearer = {"authorization": f"Bearer {self.tokens[who]}"} | headers
        return await getattr(self.system, service).http.request(method, path, json=body, headers=bearer)

    async def call(self, who: str, service: str, method: str, path: str, body: Any = None) -> Any:
        answer = await self.ask(who, service, method, path, body)
        assert answer.status_code < 300, f"{who} {method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def open(self) -> None:
        """Open both branches; somebody in each has every role of a branch."""
        for code, place in PLACES.items():
            branch = {"name": code, "zone": "Asia/Shanghai", "location": place}
            await self.call("hq", "intake", "PUT", f"/branches/{code}", branch)
            who = code[:2].lower()
            person = {"name": f"人{who}", "branch": code, "roles": EVERY_ROLE, "subject": f"s-{who}"}
            await self.call("hq", "intake", "PUT", f"/people/p-{who}", person)
        part = {"name": "压缩机", "faults": ["no-cooling"], "lines": ["refrigerator"]}
        await self.call("hq", "inventory", "PUT", "/parts/P-100", part)
        await self.system.quiet()

    async def play(self, who: str, branch: str, person: dict[str, str]) -> str:
        """Play a whole case of this customer in this branch, and leave another open; return its request."""
        technician = {"name": f"师傅{who}", "branch": branch, "skills": ["refrigerator"]}
        technician |= {"licence_until": "2030-01-01T00:00:00Z"}
        await self.call(who, "dispatch", "PUT", f"/technicians/t-{who}", technician)
        lot = {"branch": branch, "part": "P-100", "lot": f"L-{who}", "bin": "A-1", "quantity": 5}
        await self.call(who, "inventory", "POST", "/receipts", lot)
        form = {
            "branch": branch,
            "channel": "phone",
            "customer": {name: person[name] for name in ("name", "phone", "address")},
            "product": {
                "serial": person["serial"],
                "model": "BCD-1",
                "line": "refrigerator",
                "purchased_on": "2026-03-01",
            },
            "kind": "repair",
            "fault": "no-cooling",
            "description": COMPLAINT,
        }
        request: str = (await self.call(who, "intake", "POST", "/requests", form))["id"]
        await self._repair(who, f"/orders/{sibling_number(request, 'WO')}", person["name"])
        await self._leave_papers(who, branch, request, form | {"kind": "complaint"})
        return request

    async def _repair(self, who: str, order: str, signed_by: str) -> None:
        async def offered() -> bool:
            found = await self.ask(who, "dispatch", "GET", order)
            return found.status_code == 200 and found.json()["state"] == "offered"

        await eventually(offered)
        await self.system.quiet()
        report = {
            "cause": "磨损",
            "solution": "更换",
            "tested": True,
            "customer_remarks": "好",
            "signed_by": signed_by,
        }
        report |= {"parts_used": [{"part": "P-100", "quantity": 1}]}
        steps = {"accept": {}, "depart": {}, "arrive": {}, "diagnose": {"cause": "磨损"}, "complete": report}
        for step, body in steps.items():
            await self.call(who, "dispatch", "POST", f"{order}/{step}", body)
        await self.system.quiet()

    async def _leave_papers(self, who: str, branch: str, request: str, complaint: dict[str, Any]) -> None:
        await self.call(who, "intake", "POST", f"/requests/{request}/form", {})
        entry = {
            "branch": branch,
            "channel": "letter",
            "direction": "in",
            "request": request,
            "subject": complaint["description"],
            "text": complaint["description"],
        }
        await self.call(who, "intake", "POST", "/correspondence", entry)
        await self.call(who, "intake", "POST", "/requests", complaint)
        await self.call(who, "intake", "POST", "/handovers", {"branch": branch, "shift": "早班"} | self._shift(who))
        await self.system.quiet()

    def _shift(self, who: str) -> dict[str, str]:
        return {"ends_at": self.clock.now().isoformat(), "from_person": f"p-{who}", "to_role": "supervisor"}

    async def ids(self, branch: str) -> dict[str, dict[str, str]]:
        """Return the newest id of each collection of each service that belongs to this branch alone."""
        found: dict[str, dict[str, str]] = {}
        for name in SERVICES:
            runtime = getattr(self.system, name).runtime
            for kind in runtime.service.indexes:
                rows = await runtime.mongo.rows(kind, {"branch": branch}, sort=("-_id",), limit=1, only=("_id",))
                if rows and not kind.NETWORK_WIDE:
                    found.setdefault(name, {})[kind.COLLECTION] = str(rows[0]["_id"])
        return found


def operations(service: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield method, path and description of each operation of a service."""
    document = json.loads((OPENAPI / f"{service}.json").read_text())
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            if isinstance(said, dict) and "operationId" in said and path != "/live":  # tests/common/test_live_scope.py
                yield method.upper(), path, said


def example_of(said: dict[str, Any]) -> Any:
    """Return the example of the operation's body, if it has one."""
    return said.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")


def first_parameter(path: str) -> tuple[str, str] | None:
    """Return what stands before the first parameter of a path, and its name."""
    found = re.match(r"(/[^{]*)\{(\w+)\}", path)
    return (found[1], found[2]) if found else None
