"""The satisfaction form (满意度调查表, FBK-2): four marks and the customer's words, without a login."""

import hashlib
import re
from datetime import datetime
from typing import Annotated, ClassVar, Literal, NamedTuple

from pydantic import Field

from aftersales.common.aggregate import Aggregate
from aftersales.feedback.followups.domain import FollowUp
from aftersales.values import Value, Words
from aftersales.values.errors import DomainError

LOWEST, HIGHEST = 1, 5
SurveyMark = Annotated[int, Field(ge=LOWEST, le=HIGHEST, strict=True)]
"""A mark from 1 (worst) to 5 (best)."""


class Answers(Value):
    """The customer's answers."""

    attitude: SurveyMark
    """Friendliness of the technician, from 1 (worst) to 5 (best)."""
    skill: SurveyMark
    """Skill of the technician, from 1 to 5."""
    punctuality: SurveyMark
    """Punctuality of the visit, from 1 to 5."""
    result: SurveyMark
    """Result of the repair, from 1 to 5."""
    suggestions: Words = ""
    """The customer's suggestions, in their own words."""

    @property
    def mark(self) -> float:
        """The mean of the marks."""
        return float(sum(getattr(self, question) for question in QUESTIONS) / len(QUESTIONS))


QUESTIONS = tuple(name for name, field in Answers.model_fields.items() if field.annotation is int)
"""The questions with marks, in the order of the form."""


class Survey(Aggregate):
    """One form for one callback, with its id. Older ones, with a random token, have that token's digest as id."""

    COLLECTION: ClassVar[str] = "surveys"
    HINTED: ClassVar[bool] = False
    OF_CONTACT: ClassVar[bool] = True

    followup: str
    request: str
    visit: int
    state: Literal["open", "answered"] = "open"
    answers: Answers | None = None
    answered_at: datetime | None = None


SurveyState = Literal["open", "answered", "expired"]


class SurveyForm(Value):
    """The form as the holder of the token sees it, without personal data and numbers."""

    state: SurveyState
    """`expired`: the link no longer takes answers."""
    words: str
    """The state in the reader's language."""
    questions: tuple[str, ...] = QUESTIONS
    lowest: int = LOWEST
    highest: int = HIGHEST


def survey_id(token: str) -> str:
    """Return the id of the survey that `token` opens."""
    return hashlib.sha256(token.encode()).hexdigest()


SURVEY_LINK = "survey"
"""The purpose of the links that open surveys."""
RANDOM_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
"""The token of a survey without a signed link."""


class OpenedSurvey(NamedTuple):
    """What a token opens."""

    survey: str
    """The id of the survey."""
    expired: bool = False
    """Whether it no longer takes answers."""


def prepare_survey(followup: FollowUp, id: str) -> Survey:
    """Open a survey for a callback."""
    return Survey(
        id=id,
        branch=followup.branch,
        followup=followup.id,
        request=followup.request,
        visit=followup.visit,
    )


def record_answers(survey: Survey, answers: Answers, now: datetime, *, expired: bool = False) -> Survey:
    """Store the answers, once."""
    if survey.state == "answered":
        raise DomainError("survey.already_answered")
    if expired:
        raise DomainError("survey.expired")
    return survey.but(state="answered", answers=answers, answered_at=now)


def describe_marks(answers: Answers) -> str:
    """Return the marks as one line, such as `attitude 1, skill 2, punctuality 3, result 1`."""
    return ", ".join(f"{question} {getattr(answers, question)}" for question in QUESTIONS)
