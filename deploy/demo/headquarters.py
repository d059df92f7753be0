"""What headquarters sets once for all branches of the demo: who the company is (ALL-2), and its people (ALL-8)."""

from collections.abc import Sequence

from deploy.demo.day import Row
from deploy.demo.make_data import DATA
from deploy.demo.offices import Offices

IDENTITY = {
    "name": {"zh-Hans": "晨光家电服务", "zh-Hant": "晨光家電服務", "en": "Chenguang Appliance Service"},
    "header": {"zh-Hans": "修好为止", "zh-Hant": "修好為止", "en": "We stay until it works"},
    "phone": "400-555-0100",
    "website": "https://service.example.com",
}

STAFF = (
    ("sup", "supervisor", ("陈建国", "周敏")),
    ("desk", "information_clerk", ("林小燕", "何静")),
    ("C", "callback_clerk", ("孙丽", "黄婷")),
    ("store", "store_keeper", ("郭大勇", "谢明")),
)
"""Codes, roles and names of a branch's people besides its technicians, for one branch after the other."""


async def set_up(offices: Offices, branches: Sequence[Row], technicians: Sequence[Row]) -> None:
    """Set identity and logo, and register the people; the same again changes nothing."""
    await offices.put("intake", "/identity", IDENTITY, who="headquarters")
    await offices.send_file("intake", "/identity/logo", (DATA / "logo.svg").read_bytes(), who="headquarters")
    await _register(offices, "headquarters", "吴卫东", "headquarters", branch="sh-01")
    for number, branch in enumerate(branches):
        above = f"sup-{branch['code']}"
        for code, role, names in STAFF:
            chief = {} if role == "supervisor" else {"supervisor": above}
            await _register(offices, f"{code}-{branch['code']}", names[number], role, branch=branch["code"], **chief)
    for technician in technicians:
        at = technician["branch"]
        await _register(
            offices, technician["code"], technician["name"], "technician", branch=at, supervisor=f"sup-{at}"
        )


async def _register(offices: Offices, code: str, name: str, role: str, **more: str) -> None:
    await offices.put("intake", f"/people/{code}", {"name": name, "roles": [role]} | more, who="headquarters")
