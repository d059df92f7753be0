"""A request whose papers are printed, and the words on a paper."""

from typing import Any

from common.papers import text_of

from aftersales.testing.system import RunningService

FORM: dict[str, Any] = {
    "branch": "BJ01",
    "channel": "phone",
    "customer": {"name": "王芳", "phone": "13800138000", "address": "朝阳区建国路 1 号"},
    "product": {"serial": "rf-0001", "model": "BCD-258", "line": "refrigerator", "purchased_on": "2026-01-31"},
    "fault": "no-cooling",
    "description": "冷藏室不制冷 <b>#急</b>",
    "owner": "desk-7",
}


async def read_paper(intake: RunningService, document: dict[str, Any]) -> str:
    """Return the text of a document as it was printed last."""
    got = await intake.http.get(f"/documents/{document['id']}/pdf")
    assert got.status_code == 200, got.text
    assert got.headers["Content-Type"] == "application/pdf"
    assert got.headers["ETag"] == f'"{document["version"]}"'
    return text_of(got.content)
