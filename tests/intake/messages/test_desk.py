"""Messages that the desk sends: without gateways, nobody is told by itself (INT-1, INT-4, INT-10, INT-14)."""

from typing import Any

from intake.staff import ask, data, items, overheard, register, say, staff

from aftersales.intake.messages.domain.message import CustomerMessage
from aftersales.testing import eventually
from aftersales.testing.system import RunningService


async def _listed(intake: RunningService, path: str = "/messages", **query: Any) -> Any:
    """Return the newest message of a list, once there is one."""
    return (await eventually(lambda: items(intake, path, **query)))[0]


async def test_int_10_an_escalation_is_told_by_the_desk_on_one_channel_after_another(intake: RunningService) -> None:
    """INT-1."""
    await staff(intake)
    async with overheard(intake) as heard:
        number = await register(intake)
        await say(intake, "POST", f"/requests/{number}/escalate", reason="能否换机", proposal="换机")
        message = await _listed(intake, state="to_send")
        path = f"/messages/{message['id']}"
        assert (message["request"], message["channel"]) == (number, "email")
        for channel, following in (("email", "phone"), ("phone", "message"), ("message", "letter"), ("letter", None)):
            told = await say(intake, "POST", f"{path}/failed", channel=channel, why="王芳没有接电话")
            assert told["channel"] == following
        assert (await ask(intake, "/messages", state="to_send"))["items"] == []
        lost = await _listed(intake, branch="BJ01", state="unreachable")
        assert lost["id"] == message["id"]

        async def published() -> Any:
            return data(heard, "customer_message_failed")

        (failed,) = await eventually(published)
    assert (failed["reason"], failed["request"], failed["template"]) == ("unreachable", number, "told_of_escalation")
    assert not any(word in str(failed) for word in ("王芳", "13800138000", "建国路")), "nothing personal"
    await say(intake, "POST", f"/requests/{number}/escalate", reason="能否换机", proposal="换", to_role="headquarters")
    second = await _listed(intake, state="to_send")
    assert (second["params"]["level"], second["channel"]) == ("headquarters", "email")
    assert (await say(intake, "POST", f"/messages/{second['id']}/sent", channel="email"))["state"] == "sent"
    lines = [line for line in (await intake.metrics()).splitlines() if line.startswith("aftersales_customer_messages")]
    assert any('outcome="unreachable"' in line and line.endswith(" 1.0") for line in lines), lines


async def test_int_10_a_sender_reads_name_number_and_words_in_the_customers_language(intake: RunningService) -> None:
    """F18: before, a message was a template's name and an id."""
    await staff(intake)
    for language, words in (
        ("zh-Hans", "王芳，您好！您的服务单 {} 前台未能解决，已上报主管处理，我们会与您联系。"),
        ("zh-Hant", "王芳，您好！您的服務單 {} 前台未能解決，已上報主管處理，我們會與您聯繫。"),
        ("en", "Hello 王芳, your request {} could not be settled at our desk."),
    ):
        number = await register(intake, channel="phone")
        request = await ask(intake, f"/requests/{number}")
        await say(intake, "PATCH", f"/customers/{request['customer']}", language=language)
        await say(intake, "POST", f"/requests/{number}/escalate", reason="不懂", proposal="换", to_role="supervisor")

        async def newest(number: str = number) -> Any:
            return [one for one in (await ask(intake, "/messages/worded"))["items"] if one["request"] == number]

        (message,) = await eventually(newest)
        assert (message["name"], message["to"]) == ("王芳", "+8613800138000")
        assert message["text"].startswith(words.format(number))


async def test_int_4_the_owner_of_a_recalled_product_is_told_and_the_case_is_ticked(intake: RunningService) -> None:
    """Before, "told" was ticked by hand, and no message went out."""
    await register(intake)
    about = {
        "kind": "recall",
        "title": "压缩机召回",
        "why": "漏电",
        "remedy": "免费更换压缩机。",
        "starts_on": "2026-11-01",
    }
    recall = await say(intake, "POST", "/recalls", status=201, **about, serials=["RF-0001"])
    message = await _listed(intake, "/messages/worded")
    assert message["params"]["serial"] == "RF-0001"
    assert "免费更换压缩机" in message["text"]
    await say(intake, "POST", f"/messages/{message['id']}/sent", channel=message["channel"])
    (case,) = (await ask(intake, f"/recalls/{recall['id']}/cases"))["items"]
    assert case["state"] == "told"


async def test_lists_of_messages_run_on_an_index(intake: RunningService) -> None:
    explain = intake.runtime.mongo.explain
    for where in ({"branch": "BJ01"}, {"state": "to_send"}, {"branch": "BJ01", "state": "to_send"}, {}):
        plan = str(await explain(CustomerMessage, where, sort=("-_id",)))
        assert "IXSCAN" in plan, where
        assert "'SORT'" not in plan, where
    assert "IXSCAN" in str(await explain(CustomerMessage, {"customer": "c-1"}))
