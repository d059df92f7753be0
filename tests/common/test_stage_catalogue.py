"""The words for stages stand in one catalogue, which presets, messages and pages follow (ALL-3)."""

import tomllib
from pathlib import Path

import pytest

from aftersales.intake.public import api as public
from aftersales.policy.model.stages import STAGES
from aftersales.policy.presets import load_presets
from aftersales.policy.sla.wording import stage_words
from aftersales.values.messages import LOCALES, message_catalogue

PAGE = tomllib.loads(Path(public.__file__).with_name("page.toml").read_text("utf-8"))


def _stages(texts: dict[str, str]) -> set[str]:
    return {code.removeprefix("stage.") for code in texts if code.startswith("stage.")}


def test_the_presets_name_every_stage_of_the_catalogue_and_no_other() -> None:
    assert {stage for policy in load_presets() for stage in policy.stages} == set(STAGES)


@pytest.mark.parametrize("locale", LOCALES)
def test_every_stage_has_words_for_staff_and_those_of_the_page_exist(locale: str) -> None:
    assert _stages(message_catalogue(locale)) == set(STAGES)
    assert _stages(PAGE[locale]) <= set(STAGES)
    assert _stages(PAGE[locale]) == _stages(PAGE["en"])


def test_the_command_line_and_messages_have_words_for_every_stage() -> None:
    assert stage_words(lambda code: code).keys() == set(STAGES)
