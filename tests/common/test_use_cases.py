"""A handler declares its preload and its `If-Match` target; mypy follows its arguments through a request context."""

import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from common.counter import Add, Counter, on_add

from aftersales.common.branch_hours import BranchHours
from aftersales.common.service import consume_event
from aftersales.common.work import UnitOfWork, prepare_call, use_case


@use_case(
    about=lambda number: (Counter, number) if number else None,
    preload=lambda branch, number: ((BranchHours, branch), (Counter, f"{number}-2")),
)
async def count(work: UnitOfWork, number: str | None, branch: str, *, much: int = 1) -> Counter:
    """Count."""
    assert number
    return work.put((await work.require(Counter, number)).but(branch=branch, total=much))


def test_a_call_names_what_its_arguments_lead_to() -> None:
    for call in (prepare_call(count, "c", "b", much=2), prepare_call(count, branch="b", number="c")):
        assert (call.why, call.about) == ("count", (Counter, "c"))
        assert call.preload == ((Counter, "c"), (BranchHours, "b"), (Counter, "c-2"))

    assert prepare_call(count, None, "b").about is None
    assert count.__doc__ == "Count."


def test_a_handler_without_a_declaration_preloads_nothing_and_is_about_no_document() -> None:
    async def plain(work: UnitOfWork, number: str) -> str:
        return number

    call = prepare_call(plain, "c")
    assert (call.why, call.about, call.preload) == ("plain", None, ())


def test_a_handler_of_events_preloads_by_the_event_also_where_other_arguments_are_given() -> None:
    @use_case(preload=lambda event: ((Counter, event.counter),))
    async def hear(work: UnitOfWork, event: Add, figure: int) -> None: ...

    for handler in (on_add, partial(hear, figure=2)):
        assert consume_event(Add, handler).preload(Add(counter="c")) == ((Counter, "c"),)

    async def plain(work: UnitOfWork, event: Add) -> None: ...

    assert consume_event(Add, plain).preload(Add(counter="c")) == ()


def test_a_declaration_that_names_what_the_handler_does_not_take_is_refused_at_the_start() -> None:
    with pytest.raises(TypeError, match=r"hear has no parameters \['nummer'\]"):

        @use_case(about=lambda nummer: (Counter, nummer))
        async def hear(work: UnitOfWork, number: str) -> None: ...


SNIPPET = """
from functools import partial
from common.counter import Add, Counter, add, on_add
from aftersales.common.events.intake import BranchRegistered
from aftersales.engine import Call, RequestContext, consume_event, prepare_call

async def right(context: RequestContext) -> Counter:
    consume_event(Add, on_add)
    call: Call[Counter] = prepare_call(add, "c", amount=1)
    return await context.do(add, "c", 1)

async def wrong(context: RequestContext) -> str:
    prepare_call(add, "c", much=1)
    consume_event(BranchRegistered, on_add)
    await context.do(add, "c")
    await context.do(add, 1, 1)
    return await context.do(add, "c", 1)
"""


def test_mypy_follows_the_arguments_and_the_result_through_a_request_context(tmp_path: Path) -> None:
    (tmp_path / "snippet.py").write_text(SNIPPET)
    config = Path(__file__).parents[2] / "pyproject.toml"
    command = [sys.executable, "-m", "mypy", "--config-file", str(config), str(tmp_path / "snippet.py")]

    answer = subprocess.run(command, cwd=config.parent, capture_output=True, text=True, check=False)

    found = {int(line.split(":")[1]) for line in answer.stdout.splitlines() if "error:" in line}
    first = SNIPPET.splitlines().index("async def wrong(context: RequestContext) -> str:") + 2
    assert found == set(range(first, first + 5)), answer.stdout
