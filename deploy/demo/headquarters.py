"""What headquarters sets once for all branches of the demo (ALL-2): who the company is."""

from deploy.demo.make_data import DATA
from deploy.demo.offices import Offices

IDENTITY = {
    "name": {"zh-Hans": "晨光家电服务", "zh-Hant": "晨光家電服務", "en": "Chenguang Appliance Service"},
    "header": {"zh-Hans": "修好为止", "zh-Hant": "修好為止", "en": "We stay until it works"},
    "phone": "400-555-0100",
    "website": "https://service.example.com",
}


async def set_up(offices: Offices) -> None:
    """Set the identity and the logo; the same again changes nothing."""
    await offices.put("intake", "/identity", IDENTITY, who="headquarters")
    await offices.send_file("intake", "/identity/logo", (DATA / "logo.svg").read_bytes(), who="headquarters")
