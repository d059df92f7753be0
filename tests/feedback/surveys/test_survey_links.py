"""Links to surveys (FBK-2): signed, opened as often as one likes, answered once and in time."""

from typing import Any

import pytest
from feedback.conftest import NOW, said
from pydantic import SecretStr

from aftersales.common.events.dispatch import RepairCompleted
from aftersales.common.signed_links import LinkSigner
from aftersales.feedback.followups.domain import FollowUp
from aftersales.feedback.main import build_service
from aftersales.feedback.settings import Settings
from aftersales.feedback.surveys.domain import Survey
from aftersales.testing import eventually
from aftersales.testing.system import RunningService, start_system

FOLLOWUP = "FU-261122-7K3F-1"
GOOD = {"attitude": 5, "skill": 4, "punctuality": 5, "result": 4}
KEY = SecretStr("k" * 32)


@pytest.fixture
async def signing(urls, clock):
    clock._at = NOW
    async with start_system(urls, clock, [(build_service, Settings)], link_keys=KEY) as built:
        await built.feedback.deliver(said(RepairCompleted))
        await eventually(lambda: built.feedback.get(FollowUp, FOLLOWUP))
        yield built.feedback


async def call(feedback: RunningService, **headers: str) -> str:
    done = {"outcome": "reached", "clerk": "clerk-3"}
    answer = await feedback.http.post(f"/followups/{FOLLOWUP}/done", json=done, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["survey_token"]


async def show(feedback: RunningService, token: str, language: str = "en") -> tuple[int, Any, Any]:
    answer = await feedback.http.get(f"/surveys/{token}", headers={"accept-language": language})
    body = answer.json()
    return answer.status_code, body.get("state") or body["code"], body.get("words")


async def test_a_signed_token_opens_its_survey_and_is_stored_nowhere(signing):
    token = await call(signing)
    assert await show(signing, token) == (200, "open", "How did we do? Please answer these questions.")
    assert (await signing.get(FollowUp, FOLLOWUP)).survey_token is None
    (survey,) = await signing.find(Survey)
    assert survey.id == FOLLOWUP
    assert (await signing.http.get(f"/surveys/{FOLLOWUP}")).status_code == 422


async def test_a_repeated_call_returns_the_same_token(signing):
    assert await call(signing, **{"Idempotency-Key": "a"}) == await call(signing, **{"Idempotency-Key": "a"})


async def test_opening_changes_nothing_so_that_a_mail_scanner_uses_nothing_up(signing):
    token = await call(signing)
    before = await signing.find(Survey)
    for _ in range(5):
        await show(signing, token)
    assert await signing.find(Survey) == before
    assert (await signing.http.post(f"/surveys/{token}", json=GOOD)).json()["state"] == "answered"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "This survey was answered already. Thank you."),
        ("zh-Hans", "该调查表已经填写，谢谢。"),  # noqa: RUF001
        ("zh-Hant", "此調查表已經填寫，謝謝。"),  # noqa: RUF001
    ],
)
async def test_a_used_link_says_so_in_the_readers_language(signing, language, words):
    token = await call(signing)
    await signing.http.post(f"/surveys/{token}", json=GOOD)
    status, state, shown = await show(signing, token, language)
    assert (status, state) == (200, "answered")
    assert shown == words


async def test_an_expired_link_says_so_and_takes_no_answer(signing, clock):
    token = await call(signing)
    clock.advance(days=30)
    shown = await show(signing, token, "zh-Hans")
    assert shown == (200, "expired", "此调查已过答复期限。如有意见，请致电告诉我们。")  # noqa: RUF001
    answer = await signing.http.post(f"/surveys/{token}", json=GOOD)
    assert (answer.status_code, answer.json()["code"]) == (409, "survey.expired")
    assert (await signing.find(Survey))[0].answers is None


async def test_an_answered_survey_stays_answered_when_its_link_has_expired(signing, clock):
    token = await call(signing)
    await signing.http.post(f"/surveys/{token}", json=GOOD)
    clock.advance(days=31)
    assert (await show(signing, token))[1] == "answered"


async def test_a_link_of_another_key_or_purpose_opens_no_survey(signing, clock):
    await call(signing)
    settings = signing.runtime.service.settings
    other = LinkSigner(SecretStr("x" * 32), settings.link_lasts)
    assert (await show(signing, other.sign("survey", FOLLOWUP, 1, clock.now())))[:2] == (404, "survey.unknown")
    assert (await show(signing, settings.link_signer.sign("request", FOLLOWUP, 1, clock.now())))[0] == 404


async def test_a_survey_with_a_random_token_from_before_the_key_still_opens(urls, clock):
    clock._at = NOW
    async with start_system(urls, clock, [(build_service, Settings)]) as built:
        feedback = built.feedback
        await feedback.deliver(said(RepairCompleted))
        await eventually(lambda: feedback.get(FollowUp, FOLLOWUP))
        token = await call(feedback)
        feedback.runtime.service.settings.link_keys = KEY
        feedback.runtime.service.settings.__dict__.pop("link_signer", None)
        assert len(token) == 43
        assert (await show(feedback, token))[:2] == (200, "open")
        assert (await feedback.http.post(f"/surveys/{token}", json=GOOD)).status_code == 200
