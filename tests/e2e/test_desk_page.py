"""docs/desk.md, run as it stands there; what it prints is compared with the page."""

import asyncio
import os
import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from cli.system import Program, open_system
from common.issuer import Issuer, serve_issuer
from deploy.local.place import PORTS

PAGE = (Path(__file__).parents[2] / "docs" / "desk.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```$(?:\n+```text\n(.*?)^```$)?", PAGE, re.MULTILINE | re.DOTALL)
"""Each block, and what it prints."""
KEEP = "\ndeclare -px >kept.sh\ndeclare -f >>kept.sh\n"
"""What a terminal keeps from one block to the next."""


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with serve_issuer() as started:
        yield started


@pytest.fixture
async def program(urls: Any, clock: Any, issuer: Issuer) -> AsyncIterator[Program]:
    claims: dict[str, Any] = {
        "oidc_issuer": issuer.url,
        "oidc_name_claim": "preferred_username",
        "oidc_roles_claim": "roles",
    }
    async with open_system(urls, clock, **claims) as running:
        yield running


def run_block(block: str, folder: Path, environment: dict[str, str]) -> str:
    """Run it in a bash of its own; each command of it must succeed."""
    script = f"if [ -f kept.sh ]; then . ./kept.sh; fi\n{block}{KEEP}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
    return done.stdout


async def test_every_block_of_the_page_prints_what_the_page_says(
    program: Program, clock: Any, issuer: Issuer, tmp_path: Path
) -> None:
    """INT-2, INT-3, INT-5, INT-6, INT-8, ALL-4, ALL-7."""
    token = issuer.token(clock.now(), preferred_username="headquarters", roles=["headquarters"])
    about = {"TOKEN": token} | {name.upper(): url for name, url in program.urls.items()}
    for block, printed in BLOCKS:
        said = await asyncio.to_thread(run_block, block, tmp_path, about)
        assert alike(said) == alike(printed), block
        await program.system.quiet()


def alike(printed: str) -> str:
    """The text without what differs from run to run."""
    return re.sub(r"SR-\d{6}-\w{4}", "SR-…", printed)


def test_the_page_has_ten_calls_and_names_tests_that_exist_and_the_addresses_of_the_local_run() -> None:
    tests = "".join(page.read_text() for page in Path(__file__).parent.glob("test_walk*.py"))
    named = set(re.findall(r"\(`(test_\w+)`\)", PAGE))
    addresses = {name: int(port) for name, port in re.findall(r"(\w+)=\$\{\1:-\S*?127\.0\.0\.1:(\d+)\}", BLOCKS[0][0])}

    assert re.findall(r"^\*\*(\d+)\. ", PAGE, re.MULTILINE) == [str(number) for number in range(1, 11)]
    assert named == set(re.findall(r"^async def (test_\w+)", tests, re.MULTILINE))
    assert addresses == {name: PORTS[name] for name in ("INTAKE", "DISPATCH")}
