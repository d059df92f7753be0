"""One customer's way through the system, as chance has it: cancelled, left alone, repaired, asked, repaired again."""

import contextlib
import random
from typing import Any

from faults.servers import until
from faults.wire import Wire

from aftersales.values import sibling_number

FAULTS = {"no-cooling": ("P-100",), "leak": ("P-200", "P-201"), "noise": ()}
PARTS = ("P-100", "P-200", "P-201", "P-300")


class Journey:
    def __init__(self, wire: Wire, request: dict[str, Any], chance: random.Random) -> None:
        self._wire, self._chance = wire, chance
        self.request: str = request["id"]
        self._fault: str = request["fault"]

    async def go(self) -> None:
        fate = self._chance.random()
        if fate < 0.12:
            await self._cancel()
        elif fate < 0.85:
            await self._visit(1)

    async def _cancel(self) -> None:
        await self._wire.send("intake", "POST", f"/requests/{self.request}/cancel", {"reason": "not needed"})

    async def _step(self, name: str, body: Any = None) -> Any:
        return await self._wire.send(
            "dispatch", "POST", f"/orders/{sibling_number(self.request, 'WO')}/{name}", body or {}
        )

    async def _visit(self, visit: int) -> None:
        """From the offer to the callback; a refusal ends the journey (the order has moved on)."""
        if not await self._offered(visit):
            return
        if self._chance.random() < 0.12:
            await self._step("decline", {"reason": "too far"})
        await self._step("accept")
        if self._chance.random() < 0.08:
            await self._cancel()
        await self._step("depart")
        if not await self._step("arrive"):
            return
        if self._chance.random() < 0.35:
            await self._step("need-part", {"part": self._chance.choice(("P-100", "P-300")), "quantity": 1})
        await self._step("diagnose", {"cause": "worn"})
        await self._quotation()
        if await self._step("complete", self._report()):
            await self._callback(visit)

    async def _offered(self, visit: int) -> Any:
        """The work order once somebody is sent; None when that takes too long."""

        async def found() -> Any:
            order = await self._wire.look("dispatch", f"/orders/{sibling_number(self.request, 'WO')}")
            return order if order and order["state"] == "offered" and order["visit"] == visit else None

        with contextlib.suppress(TimeoutError):
            return await until(found, 6 if self._wire.closing.is_set() else 25, "order", every=0.6)
        return None

    async def _quotation(self) -> None:
        """Have it accepted, where one is needed (not everything is in warranty)."""
        path = f"/orders/{sibling_number(self.request, 'WO')}"
        order = await self._wire.look("dispatch", path)
        if not order or order["quotation"] != "needed":
            return
        yes = {"amount": {"amount": 12_800}, "accepted_by": "王小明", "evidence": "signed"}
        await self._wire.send("intake", "POST", f"/requests/{self.request}/quotation/accept", yes)

        async def heard() -> bool:
            found = await self._wire.look("dispatch", path)
            return found is not None and found["quotation"] == "accepted"

        with contextlib.suppress(TimeoutError):
            await until(heard, 6 if self._wire.closing.is_set() else 25, "quotation", every=0.6)

    def _report(self) -> dict[str, Any]:
        used = [part for part in (*FAULTS[self._fault], "P-300") if self._chance.random() < 0.6]
        return {
            "cause": "worn",
            "solution": "replaced",
            "tested": True,
            "signed_by": "王小明",
            "parts_used": [{"part": part, "quantity": 1} for part in used],
        }

    async def _callback(self, visit: int) -> None:
        if self._chance.random() < 0.15:
            return  # nobody calls: the clock is breached
        done = await self._call(f"{sibling_number(self.request, 'FU')}-{visit}")
        if not done or self._chance.random() < 0.1:
            return
        bad = self._chance.random() < 0.3
        marks = dict.fromkeys(("attitude", "skill", "punctuality", "result"), 1 if bad else 5)
        answered = await self._wire.send("feedback", "POST", f"/surveys/{done['survey_token']}", marks)
        if answered and bad and visit < 3:
            await self._visit(visit + 1)

    async def _call(self, followup: str) -> Any:
        """Call when it is due; the finished follow-up, or None."""

        async def due() -> Any:
            found = await self._wire.look("feedback", f"/followups/{followup}")
            return found if found and found["state"] == "due" else None

        try:
            await until(due, 6 if self._wire.closing.is_set() else 20, "followup", every=0.7)
        except TimeoutError:
            return None
        body = {"outcome": "reached", "clerk": "c-1"}
        return await self._wire.send("feedback", "POST", f"/followups/{followup}/done", body)
