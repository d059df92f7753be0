"""What headquarters sets once for all branches of the demo: who the company is (ALL-2), and its people (ALL-8)."""

from deploy.demo.make_data import DATA
from deploy.demo.offices import Offices

from aftersales.testing.sign_in.directory import read_accounts

HOME = "sh-01"
"""The branch where people of the whole network have their desks."""
IDENTITY = {
    "name": {"zh-Hans": "晨光家电服务", "zh-Hant": "晨光家電服務", "en": "Chenguang Appliance Service"},
    "header": {"zh-Hans": "修好为止", "zh-Hant": "修好為止", "en": "We stay until it works"},
    "phone": "400-555-0100",
    "website": "https://service.example.com",
}


async def set_up(offices: Offices) -> None:
    """Set identity and logo, and register the people who can sign in; the same again changes nothing."""
    await offices.put("intake", "/identity", IDENTITY, who="headquarters")
    await offices.send_file("intake", "/identity/logo", (DATA / "logo.svg").read_bytes(), who="headquarters")
    for account in read_accounts().values():
        if account.job:
            branch = account.place or HOME
            about = {"name": account.chinese, "roles": [account.job], "branch": branch, "subject": account.subject}
            about |= {"branches": [one for one in account.branches if one != branch]}
            chief = {"supervisor": f"sup-{branch}"} if account.place and account.job != "supervisor" else {}
            await offices.put("intake", f"/people/{account.code}", about | chief, who="headquarters")
