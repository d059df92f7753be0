"""docs/partners.md, run as it stands there by the clients that it names, on a broker of its own."""

import asyncio
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from deploy.local.place import PORTS

from aftersales.testing.programs import run_services
from aftersales.testing.servers import Process, free_port, start_server
from aftersales.testing.servers.rabbitmq import DEBIAN, prepare_rabbitmq

PAGE = Path(__file__).parents[2] / "docs" / "partners.md"
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
CLIENTS = ("amqp-publish", "amqp-consume", "curl", "node", "npm")
"""Debian's amqp-tools, curl, nodejs and npm, which `.ci/run` installs; without them this test fails."""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Process]:
    """As `make up` starts it; the page adds a user, and publishes to the exchanges of the default bus."""
    process = start_server(prepare_rabbitmq(tmp_path / "rabbitmq", free_port()))
    yield process
    process.kill()


def _shell(script: str, folder: Path, environment: dict[str, str]) -> str:
    """Run it in one bash, each command of it must succeed; what it prints."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.timeout(300)
async def test_every_block_of_the_page_runs_and_leads_to_accepted_events_with_their_numbers(servers, tmp_path, broker):
    """INT-12."""
    assert [client for client in CLIENTS if shutil.which(client) is None] == []
    partners = _shell(f'{BLOCKS[0]}\nprintf %s "$AFTERSALES_PARTNERS"', tmp_path, {})
    urls = SimpleNamespace(mongo_url=servers.mongo_url, amqp_url=broker.url)
    async with run_services(urls, tmp_path, "intake", bus="aftersales", partners=partners) as bases:
        about = broker.server.env | {
            "PATH": f"{DEBIAN.parent}:{os.environ['PATH']}",
            "BROKER": f"127.0.0.1:{broker.server.ports['amqp']}",
            "MANAGEMENT": f"http://127.0.0.1:{broker.server.ports['management']}",
            "INTAKE": bases["intake"],
            "TOKEN": "none is asked for",
        }
        printed = await asyncio.to_thread(_shell, "\n".join(BLOCKS), tmp_path, about)
    receipts = [json.loads(page)["items"][0] for page in re.findall(r'\{"items".*?"next":null\}', printed)]
    outcome = json.loads(printed[printed.index('{"specversion"') :])["data"]

    assert [(receipt["id"], receipt["partner"], receipt["state"]) for receipt in receipts] == [
        ("10417", "", "accepted"),
        ("10418", "dealer-88", "accepted"),
        ("10419", "dealer-88", "accepted"),
        ("10421", "", "accepted"),
    ]
    assert [bool(re.fullmatch(r"SR-\d{6}-\w{4}", receipt["request"] or "")) for receipt in receipts] == [
        True,
        True,
        False,
        False,
    ]
    assert (receipts[2]["serial"], receipts[3]["waybill"]) == ("SN-10419", "SF1402876600123")
    assert (outcome["id"], outcome["partner"], outcome["request"][:3]) == ("10420", "dealer-88", "SR-")


def test_the_page_has_a_block_for_each_client_that_it_names():
    script = "\n".join(BLOCKS)

    assert len(BLOCKS) >= 9
    assert all(word in script for word in (*CLIENTS, "amqplib", "pika", "rabbitmqctl"))


def test_the_addresses_of_the_page_are_those_of_the_local_run():
    named = {name: int(port) for name, port in re.findall(r"(\w+)=\$\{\1:-\S*?127\.0\.0\.1:(\d+)\}", BLOCKS[1])}

    assert named == {"BROKER": PORTS["AMQP"], "MANAGEMENT": PORTS["RABBITMQ_MANAGEMENT"], "INTAKE": PORTS["INTAKE"]}
