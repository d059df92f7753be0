"""Digests as people read them: who, what, how late, whose move (ALL-3)."""
# ruff: noqa: RUF001 (Chinese punctuation is meant)

from datetime import UTC, datetime, timedelta
from typing import Any

import aio_pika
import pytest
from intake.staff import register, staff

from aftersales.common.events import SlaMark
from aftersales.common.events import dispatch as from_dispatch
from aftersales.common.events.feedback import FeedbackSlaBreached
from aftersales.intake.office.domain.digest import digest_of, gather_mark, send_waiting
from aftersales.intake.office.domain.telling import Reader, tell_digest
from aftersales.intake.office.store import names_for
from aftersales.testing import ManualClock, eventually
from aftersales.testing.system import RunningService, make_envelope
from aftersales.values.messages import render_message


def mark(kind: type[SlaMark] = from_dispatch.DispatchSlaWarned, number: int = 0, **changes: Any) -> SlaMark:
    about = {"subject": f"WO-261123-{number:04}", "request": f"SR-261123-{number:04}", "branch": "BJ01"}
    said = {"stage": "dispatch", "deadline": changes["at"], "mark": "80%", "owner": "desk-7"}
    return kind.model_validate(about | said | changes)


@pytest.mark.parametrize(
    ("language", "first", "second"),
    [
        (
            "zh-Hans",
            "王芳 · 派工：应于 11-22 12:03 完成，已超时 0:02；请 李师傅 处理",
            "派工：时间已用 80%，11-22 12:13 到期，还剩 0:08；请 调度员 处理",
        ),
        ("en", "王芳 · dispatch: was due 11-22 12:03, 0:02 late; 李师傅 to act", "dispatch: 80% of the time is used"),
        ("zh-Hant", "王芳 · 派工：應於 11-22 12:03 完成，已超時 0:02；請 李师傅 處理", "派工：時間已用 80%"),
    ],
)
async def test_all_3_each_line_says_who_what_how_late_and_whose_move(
    intake: RunningService, language: str, first: str, second: str
) -> None:
    """F18: a supervisor reads the digest without another look."""
    await staff(intake, **{"T-9": {"name": "李师傅", "roles": ["technician"]}})
    number = await register(intake)
    noon = datetime(2026, 11, 22, 4, 5, tzinfo=UTC)
    late = mark(
        from_dispatch.DispatchSlaBreached, 1, request=number, at=noon, deadline=noon - timedelta(minutes=2), mover="T-9"
    )
    soon = mark(number=2, at=noon, deadline=noon + timedelta(minutes=8), mover="dispatcher")
    digest, _ = gather_mark(digest_of(soon, noon), soon, noon)
    digest, _ = gather_mark(digest, late, noon)
    digest, _ = send_waiting(digest, noon)
    names = await names_for(intake.runtime.mongo, [digest], language)

    def say_in(code: str, /, **params: object) -> str:
        return render_message(code, language, params)

    told = tell_digest(digest, names, Reader("Asia/Shanghai", noon, say_in))
    assert [item.customer for item in told.items] == ["王芳", ""]
    assert told.items[0].text == f"{number} {first}"
    assert second in told.items[1].text


async def test_all_3_the_digest_is_read_in_words_over_http(intake: RunningService, clock: ManualClock) -> None:
    await staff(intake)
    number = await register(intake)
    said = mark(request=number, at=clock.now(), mover="desk-7")
    connection = await aio_pika.connect(intake.runtime.service.settings.amqp_url.get_secret_value())
    async with connection:
        channel = await connection.channel()
        body = make_envelope(said, id="m-1", subject="t", time=said.at)
        await channel.default_exchange.publish(aio_pika.Message(body), intake.runtime.topology.queue)

    async def told() -> Any:
        return (await intake.http.get("/digests?owner=desk-7")).json()["items"]

    await eventually(told)
    (digest,) = (await intake.http.get("/digests/messages?owner=desk-7", headers={"Accept-Language": "zh-CN"})).json()[
        "items"
    ]
    (line,) = digest["items"]
    assert line["customer"] == "王芳"
    assert f"{number} 王芳 · 派工：时间已用 80%" in line["text"]
    assert "请 钱一 处理" in line["text"]


@pytest.mark.parametrize(
    ("language", "stage", "department"),
    [
        ("zh-CN", "部门反馈", "质量部"),
        ("zh-TW", "部門回饋", "品質部"),
        ("en", "reply of a department", "quality department"),
    ],
)
async def test_all_4_a_department_reads_which_results_wait_for_it(
    intake: RunningService, clock: ManualClock, language: str, stage: str, department: str
) -> None:
    """ALL-4: its own digest, in words; the ladder's roles get theirs as of any stage."""
    late = {"subject": "RS-261122-7K3F-repair-1", "request": "", "branch": "BJ01", "stage": "department_reply"}
    duty = {"owner": "quality@BJ01", "mover": "quality", "mark": "breach"}
    await intake.deliver(FeedbackSlaBreached.model_validate(late | duty | {"deadline": clock.now(), "at": clock.now()}))

    async def told() -> Any:
        path = "/digests/messages?owner=quality@BJ01"
        return (await intake.http.get(path, headers={"Accept-Language": language})).json()["items"]

    (digest,) = await eventually(told)
    (line,) = digest["items"]
    assert "RS-261122-7K3F-repair-1" in line["text"]
    assert stage in line["text"]
    assert department in line["text"]
