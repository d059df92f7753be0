"""The satisfaction form (FBK-2)."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from aftersales.feedback.followups.domain import FollowUp
from aftersales.feedback.surveys.domain import QUESTIONS, Answers, SurveyForm, prepare_survey, record_answers, survey_id
from aftersales.values.errors import DomainError

GOOD = {"attitude": 5, "skill": 4, "punctuality": 5, "result": 4}


@given(st.tuples(*[st.integers(1, 5)] * 4))
def test_the_mark_is_the_mean_of_the_four_answers(marks: tuple[int, ...]) -> None:
    answers = Answers(**dict(zip(QUESTIONS, marks, strict=True)))
    assert answers.mark * 4 == sum(marks)
    assert 1 <= answers.mark <= 5


@pytest.mark.parametrize(
    "wrong",
    [{"skill": 0}, {"skill": 6}, {"skill": 4.5}, {"skill": "5"}, {"skill": True}, {"skill": None}, {"name": "王芳"}],
)
def test_an_answer_is_a_whole_number_from_one_to_five(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Answers.model_validate(GOOD | wrong)


def test_a_survey_is_answered_once(scheduled: FollowUp, now: datetime) -> None:
    """FBK-2."""
    survey = record_answers(prepare_survey(scheduled, scheduled.id), Answers.model_validate(GOOD), now)
    assert (survey.state, survey.answered_at) == ("answered", now)
    with pytest.raises(DomainError) as refused:
        record_answers(survey, Answers.model_validate(GOOD), now)
    assert refused.value.code == "survey.already_answered"


def test_what_names_a_survey_cannot_open_it(scheduled: FollowUp) -> None:
    """Its id stands in the audit trail; the token does not."""
    survey = prepare_survey(scheduled, survey_id("token"))
    assert survey.id == survey_id("token") != survey_id("tokem")
    assert "token" not in survey.model_dump_json()


def test_the_form_shows_no_personal_data_and_no_number(scheduled: FollowUp) -> None:
    """ALL-6."""
    shown = SurveyForm(state=prepare_survey(scheduled, scheduled.id).state, words="").model_dump()
    assert shown == {"state": "open", "words": "", "questions": QUESTIONS, "lowest": 1, "highest": 5}
