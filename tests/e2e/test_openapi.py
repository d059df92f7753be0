"""Whatever the OpenAPI documents allow or forbid, no call ends in a 500 or in an answer they do not describe."""

import asyncio
import sys
from pathlib import Path

import pytest

from aftersales.testing.programs import run_services

EXAMPLES = {"intake": 3}
"""Per operation and phase; 15 where nothing is said. Intake has ten times as many operations as the others."""


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", ["intake", "dispatch", "inventory", "feedback"])
async def test_schemathesis_finds_nothing(name, urls, tmp_path):
    async with run_services(urls, tmp_path, name) as bases:
        code, report = await _fuzzed(bases[name], tmp_path, EXAMPLES.get(name, 15))
        log = (tmp_path / f"{name}.log").read_text()
    assert code == 0, report
    assert "http.failed" not in log
    assert "work.failed" not in log


async def _fuzzed(base: str, folder: Path, examples: int) -> tuple[int | None, str]:
    """Exit code and output of the command line program."""
    program = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")),
        "run",
        f"{base}/openapi.json",
        f"--max-examples={examples}",
        "--phases=examples,coverage,fuzzing,stateful",
        "--exclude-path=/public/",  # the page's forms are posted there, by browsers, and are no part of the API
        "--exclude-path=/orders/batch",  # a command that does not fit its form is answered by itself, with 200 around
        "--exclude-path=/live",  # an endless stream; its document describes the data of an event (test_live.py)
        "--exclude-checks=positive_data_acceptance",  # no schema can say which phone numbers and time zones there are
        "--seed=1",
        "--continue-on-failure",
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await program.communicate()
    return program.returncode, output.decode()
