"""Steps of the story, told over HTTP as people would."""

from typing import Any

from aftersales.testing import eventually
from aftersales.testing.system import RunningService, RunningSystem
from aftersales.values import sibling_number

BRANCH = "sh-01"
REQUEST = {
    "branch": BRANCH,
    "channel": "phone",
    "customer": {"name": "王小明", "phone": "13812345678", "address": "上海市静安区南京西路 1 号"},
    "product": {"serial": "SN-0001", "model": "BCD-470", "line": "refrigerator", "purchased_on": "2026-03-01"},
    "fault": "no-cooling",
    "description": "冰箱不制冷",
}
REPORT = {
    "cause": "compressor",
    "solution": "replaced",
    "parts_used": [{"part": "P-100", "quantity": 1}],
    "tested": True,
    "customer_remarks": "好",
    "signed_by": "王小明",
}


async def call(service: RunningService, method: str, path: str, body: Any = None, **headers: str) -> Any:
    answer = await service.http.request(method, path, json=body, headers=headers)
    assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text}"
    return answer.json()


async def furnish(system: RunningSystem, *, technicians: int = 2, stock: int = 5) -> None:
    """A branch, its technicians and one part on the shelf."""
    await call(
        system.intake,
        "PUT",
        f"/branches/{BRANCH}",
        {
            "name": "上海静安服务中心",
            "zone": "Asia/Shanghai",
            "location": {"lat": 31.23, "lon": 121.45},
        },
    )
    for number in range(1, technicians + 1):
        await call(
            system.dispatch,
            "PUT",
            f"/technicians/T-{number}",
            {
                "name": "李师傅",
                "branch": BRANCH,
                "skills": ["refrigerator"],
                "licence_until": "2030-01-01T00:00:00Z",
            },
        )
    await call(
        system.inventory,
        "PUT",
        "/parts/P-100",
        {
            "name": "压缩机",
            "faults": ["no-cooling"],
            "lines": ["refrigerator"],
        },
    )
    if stock:
        await receive(system, stock)


async def receive(system: RunningSystem, quantity: int, lot: str = "L-1") -> Any:
    return await call(
        system.inventory,
        "POST",
        "/receipts",
        {
            "branch": BRANCH,
            "part": "P-100",
            "lot": lot,
            "bin": "A-01-02",
            "quantity": quantity,
        },
    )


async def register(system: RunningSystem, **changes: Any) -> str:
    return str((await call(system.intake, "POST", "/requests", REQUEST | changes))["id"])


async def order_in(system: RunningSystem, request: str, state: str) -> Any:
    """The work order of a request, once it is in this state."""

    async def found() -> Any:
        answer = await system.dispatch.http.get(f"/orders/{sibling_number(request, 'WO')}")
        return answer.json() if answer.status_code == 200 and answer.json()["state"] == state else None

    return await eventually(found)


async def step(system: RunningSystem, request: str, name: str, body: Any = None) -> Any:
    return await call(system.dispatch, "POST", f"/orders/{sibling_number(request, 'WO')}/{name}", body or {})


async def repair(system: RunningSystem, request: str, report: Any = None) -> None:
    """From offered to completed."""
    await order_in(system, request, "offered")
    await system.quiet()
    for name in ("accept", "depart", "arrive"):
        await step(system, request, name)
    await step(system, request, "diagnose", {"cause": "compressor"})
    await step(system, request, "complete", report or REPORT)
    await system.quiet()
