"""Words for every code, in every language, with the same placeholders, and no words for nothing."""

import ast
import re
from typing import get_args

import pytest
from contracts.codes import ANY, Codes, collect, sources
from pydantic_core.core_schema import ErrorType

from aftersales.values.messages import LOCALES, message_catalogue, render_message

PYDANTIC = {f"field.{kind}" for kind in get_args(ErrorType)}


@pytest.fixture(scope="module")
def codes() -> Codes:
    return collect([ast.parse(path.read_text()) for path in sources()])


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def wordless(codes: Codes, texts: dict[str, str]) -> set[str]:
    return (set(codes.params) | {f"status.{status}" for status in codes.statuses}) - set(texts)


def idle(codes: Codes, texts: dict[str, str]) -> set[str]:
    return set(texts) - set(codes.params) - {f"status.{status}" for status in codes.statuses} - PYDANTIC


def unfilled(codes: Codes, texts: dict[str, str]) -> dict[str, set[str]]:
    """Placeholders that some place which raises the code gives no value for."""
    missing = {
        code: set().union(*(placeholders(texts[code]) - given for given in places if ANY not in given))
        for code, places in codes.params.items()
        if code in texts
    }
    return {code: names for code, names in missing.items() if names}


@pytest.mark.parametrize("locale", LOCALES)
def test_every_code_in_the_sources_has_words(codes: Codes, locale: str) -> None:
    assert wordless(codes, message_catalogue(locale)) == set()


@pytest.mark.parametrize("locale", LOCALES)
def test_no_words_are_for_a_code_that_nobody_raises(codes: Codes, locale: str) -> None:
    assert idle(codes, message_catalogue(locale)) == set()


@pytest.mark.parametrize("locale", LOCALES)
def test_every_placeholder_is_filled_wherever_the_code_is_raised(codes: Codes, locale: str) -> None:
    assert unfilled(codes, message_catalogue(locale)) == {}


def test_all_languages_have_the_same_codes_and_placeholders() -> None:
    shapes = {
        locale: {code: placeholders(text) for code, text in message_catalogue(locale).items()} for locale in LOCALES
    }

    assert all(shape == shapes["en"] for shape in shapes.values())


def test_chinese_words_are_chinese_and_differ_between_the_scripts_somewhere() -> None:
    simplified, traditional = message_catalogue("zh-Hans"), message_catalogue("zh-Hant")

    assert all(re.search(r"[\u4e00-\u9fff]", text) for text in (*simplified.values(), *traditional.values()))
    assert sum(simplified[code] != traditional[code] for code in simplified) > len(simplified) / 2


def test_codes_of_rules_collections_and_computed_names_are_all_found(codes: Codes) -> None:
    found = {
        "order.wrong_state": {"order", "state", "wanted"},
        "request.already_closed": {"request"},
        "customers.unknown": {"id"},
        "version.changed": {"id", "version"},
        "version.missing": {"id"},
        "phone.malformed": set(),
        "delivery_limit": set(),
    }

    assert {code: set(codes.params[code][0]) for code in found} == found
    assert {400, 404, 405, 409, 412, 413, 422, 500, 503} <= codes.statuses


@pytest.mark.parametrize(
    "line",
    [
        "raise DomainError('box.shut', box=1)",
        "class Wet(Malformed): ...\nclass Malformed(DomainError): ...\nraise Wet('box.shut', box=1)",
        "if x.y in ('shut', 'lost'):\n    raise DomainError(f'box.{x.y}', box=1)",
        "raise ValueError('box.shut')",
        "NEEDED: dict = {'box': ('lid',)}\nfor name in NEEDED.get(x, ()):\n    raise ValueError(f'box.{name}_missing')",
        "class Box:\n    COLLECTION: ClassVar[str] = 'boxes'\nawait work.require(Box, id)",
    ],
)
def test_a_new_code_without_words_is_noticed(line: str) -> None:
    assert wordless(collect([ast.parse(line)]), message_catalogue("en"))


@pytest.mark.parametrize("error", ["DomainError", "ValueError"])
def test_a_code_whose_name_is_computed_in_another_way_is_refused(error: str) -> None:
    with pytest.raises(LookupError, match="names no code"):
        collect([ast.parse(f"raise {error}(f'box.{{state}}')")])


def test_words_for_nothing_and_placeholders_without_a_value_are_noticed(codes: Codes) -> None:
    texts = message_catalogue("en") | {"box.shut": "{box} is shut.", "part.unknown": "{part} is not in {branch}."}

    assert idle(codes, texts) == {"box.shut"}
    assert unfilled(codes, texts) == {"part.unknown": {"branch"}}


def test_a_code_without_words_is_shown_as_it_is() -> None:
    assert render_message("box.shut", "zh-Hans", {}) == "box.shut"


def test_a_parameter_that_is_missing_stays_visible_and_braces_in_values_are_left_alone() -> None:
    assert render_message("part.unknown", "en", {}).startswith("There is no part {part} ")
    assert render_message("part.unknown", "en", {"part": "{id}"}).startswith("There is no part {id} ")
