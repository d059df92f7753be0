"""Following a recipe of CONTRIBUTING is enough: on a copy of the tree its edits alone make the new thing work.

The column of an imported sheet is not tried.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mutants.trying import Copy
from recipes import proofs

ROOT = Path(__file__).parents[2]
REQUESTS = "services/intake/src/aftersales/intake/requests"
RECALLS = "services/intake/src/aftersales/intake/recalls/domain.py"
EVENTS = "libs/common/src/aftersales/common/events/intake"
PROOF = "tests/intake/test_proof.py"
MESSAGES = "libs/values/src/aftersales/values/messages"
PAINTED = '''

class RequestPainted(Event):
    """For the recipe."""

    TYPE = "intake.request_painted.v1"
    request: str
    branch: str
    at: datetime
'''
_AT = "2026-11-23T01:02:00.011000Z"
EXAMPLE = {
    "specversion": "1.0",
    "id": "01a205ec-934b-71e7-84a3-63e8e4b9b0b9",
    "source": "/aftersales/intake",
    "type": "intake.request_painted.v1",
    "subject": "SR-261123-651M",
    "time": _AT,
    "datacontenttype": "application/json",
    "correlationid": "01a205ec-934b-77ed-b360-f06acaef2cc8",
    "causationid": "01a205ec-934b-77ed-b360-f06acaef2cc8",
    "sequence": 1,
    "branch": "sh-01",
    "data": {"request": "SR-261123-651M", "branch": "sh-01", "at": _AT},
}


@dataclass(frozen=True)
class Recipe:
    """Edits as (file, what is there, what comes after it), in the recipe's order, and a test that they work."""

    edits: tuple[tuple[str, str, str], ...]
    proof: str
    guards: tuple[str, ...] = ()
    """Other tests that watch over it."""


FIELD = (
    (f"{REQUESTS}/domain/form.py", "    wanted_at: Moment | None = None\n", "    colour: Line | None = None\n"),
    (f"{REQUESTS}/domain/request.py", "    danger: bool = False\n", "    colour: str | None = None\n"),
    ("tests/contracts/full_forms.py", '    "danger": True,\n', '    "colour": "红",\n'),
)
PUBLISHED = (
    (f"{EVENTS}/requests.py", "    wanted_at: datetime | None = None\n", "    colour: str | None = None\n"),
    ("tests/contracts/full_events.py", '    repeats="SR-261122-0000",\n', '    colour="红",\n'),
    ("tests/contracts/full_events.py", '"repeats": "priority says it",\n', '"colour": "of no use to the visit",\n'),
)
LISTED = (
    (f"{REQUESTS}/api/filters.py", "    channel: Channel | None = None\n", "    colour: str | None = None\n"),
    (f"{REQUESTS}/api/filters.py", '"customer", "channel", "kind"', ', "colour"'),
)
STATE = (
    (RECALLS, 'CaseState = Literal["found", "told", "scheduled", "done", "declined", "unreachable"', ', "scrapped"'),
    (RECALLS, 'Step = Literal["told", "scheduled", "done", "declined", "unreachable"', ', "scrapped"'),
    (RECALLS, '"unreachable": frozenset({"found", "told", "scheduled"}),\n', '    "scrapped": frozenset({"told"}),\n'),
    (RECALLS, '= ("found", "told", "scheduled", "done", "declined", "unreachable"', ', "scrapped"'),
    (f"{EVENTS}/archive.py", "    unreachable: int\n", "    scrapped: int = 0\n"),
)
EVENT = (
    (
        f"{EVENTS}/requests.py",
        '    """The targets of that contract by stage, in seconds; they replace the policy\'s."""\n',
        PAINTED,
    ),
    (f"{EVENTS}/__init__.py", "from aftersales.common.events.intake.requests import (\n", "    RequestPainted,\n"),
    (f"{EVENTS}/__init__.py", "PRODUCES = (\n", "    RequestPainted,\n"),
    (
        f"{REQUESTS}/domain/registration.py",
        "import RepeatRepairFound, RequestFacts, RequestRegistered",
        ", RequestPainted",
    ),
    (
        f"{REQUESTS}/domain/registration.py",
        "on_site=registered.on_site)\n",
        "    told = (*told, RequestPainted(request=number, branch=form.branch, at=taken.at))\n",
    ),
    ("contracts/examples/intake.request_painted.v1.json", "", json.dumps(EXAMPLE)),
)
STAGE = (
    ("libs/policy/src/aftersales/policy/model/stages.py", '    "review",\n', '    "estimate",\n'),
    (f"{REQUESTS}/domain/request.py", '*("review", "first_reply"', ', "estimate"'),
    (f"{MESSAGES}/en.toml", '"stage.review" = "review"\n', '"stage.estimate" = "estimate"\n'),
    (f"{MESSAGES}/zh-Hans.toml", '"stage.review" = "当日审阅"\n', '"stage.estimate" = "报价"\n'),
    (f"{MESSAGES}/zh-Hant.toml", '"stage.review" = "當日審閱"\n', '"stage.estimate" = "報價"\n'),
    (
        "libs/policy/src/aftersales/policy/sla/wording.py",
        '        "review": say("stage.review"),\n',
        '        "estimate": say("stage.estimate"),\n',
    ),
)
RECIPES = {
    "a field on the request form": Recipe(FIELD, proofs.FIELD),
    "a list filter, with the field in the event": Recipe(FIELD + PUBLISHED + LISTED, proofs.FILTER),
    "a state of a recall's case": Recipe(STATE, proofs.STATE),
    "an event": Recipe(EVENT, proofs.EVENT),
    "a stage": Recipe(STAGE, proofs.STAGE, ("tests/contracts/test_messages.py",)),
}


@pytest.fixture
def copy(tmp_path: Path, urls: Any, monkeypatch: pytest.MonkeyPatch) -> Copy:
    monkeypatch.setenv("AFTERSALES_MONGO_URL", urls.mongo_url)
    monkeypatch.setenv("AFTERSALES_AMQP_URL", urls.amqp_url)
    return Copy(ROOT, tmp_path)


def follow(root: Path, recipe: Recipe, edits: int | None = None) -> None:
    """Add each text after the one that is there, or write a new file; all edits, or the first so many."""
    for file, there, more in recipe.edits[:edits]:
        if not there:
            (root / file).write_text(more)
            continue
        text = (root / file).read_text()
        assert text.count(there) == 1, f"{there!r} stands {text.count(there)} times in {file}: mend the recipe"
        (root / file).write_text(text.replace(there, there + more))
    (root / PROOF).write_text(recipe.proof)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_its_edits_are_enough(copy: Copy, tmp_path: Path, recipe: Recipe) -> None:
    follow(tmp_path, recipe)
    ending, printed = copy.run([PROOF, "tests/contracts/test_kept_fields.py", *recipe.guards], 110)
    assert ending == "passed", printed[-3000:]


def test_a_step_that_is_left_out_is_noticed(copy: Copy, tmp_path: Path) -> None:
    """The field is on the form and not in the document."""
    follow(tmp_path, RECIPES["a field on the request form"], 1)
    assert copy.run(["tests/contracts/test_kept_fields.py"], 110)[0] == "failed"
