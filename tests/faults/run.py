"""`make faults ARGS="--plan long --plan cluster --seed 7"`: long runs of faults, and the report about them."""

import argparse
import asyncio
import logging
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import aio_pika
import pymongo
from faults import report
from faults.campaign import Campaign, campaign
from faults.kinds import KINDS
from faults.load import Stream
from faults.plans import PLANS, Plan
from faults.scenarios import BROKEN, SOUND, play
from faults.score import Outcome
from faults.servers import Servers, start_servers
from faults.summary import Run, Summary, commit, keep

REPORT = Path(__file__).parents[2] / "docs" / "faults.md"
_BROKEN = "broken"
Log = Callable[[str], None]


async def run(given: argparse.Namespace) -> int:
    began = time.monotonic()

    def log(text: str) -> None:
        sys.stdout.write(f"{time.monotonic() - began:7.1f} s  {text}\n")
        sys.stdout.flush()

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, interrupted)
    failures: list[str] = []
    for name in given.plan:
        failures += await (_broken(log) if name == _BROKEN else _planned(name, given, log))
        given.report.write_text(report.markdown())
    log(f"{'; '.join(failures[:20]) or 'nothing lost, nothing doubled'}; report in {given.report}")
    return 1 if failures else 0


async def _planned(name: str, given: argparse.Namespace, log: Log) -> list[str]:
    """Run one plan; what was found that should not have been."""
    plan: Plan = PLANS[name]
    rounds, requests = given.rounds or plan.rounds, given.requests or plan.requests
    log(f"plan {name}: starting {plan.servers} mongod and RabbitMQ")
    servers = await start_servers(plan.servers)
    try:
        how = Run(name, given.arguments, await versions(servers), plan.replicas, commit())
        log(how.servers)
        stream = Stream(requests, requests + 20 * rounds + 1000, plan.gap)
        faults = given.only or plan.faults(given.seed)[:rounds]
        outcome = await campaign(servers, Campaign(faults, given.seed, stream, plan.replicas), log)
    finally:
        await servers.close()
    Summary.of(how, outcome).save()
    for counted, score in outcome.scores().items():
        log(f"{counted}: {score}")
    for failure in outcome.failures[:50]:
        log(failure)
    return outcome.failures


async def _broken(log: Log) -> list[str]:
    """Play the small stories; the report tells what the checks found in each."""
    outcomes: dict[str, Outcome] = {}
    servers = await start_servers()
    try:
        for name, scenario in {"sound": SOUND, **BROKEN}.items():
            log(f"the variant {name}")
            outcomes[name] = await play(servers, name, scenario)
    finally:
        await servers.close()
    keep(_BROKEN, report.broken_rows(outcomes))
    return outcomes["sound"].failures


async def versions(servers: Servers) -> str:
    async with await aio_pika.connect(servers.amqp_url) as connection:
        properties: Any = connection.transport.connection.server_properties  # type: ignore[union-attr]
    with pymongo.MongoClient[dict[str, object]](servers.mongo_url) as client:
        mongo = client.server_info()["version"]
    found = (f"{len(servers.brokers)} RabbitMQ {properties['version']}", f"{len(servers.mongods)} MongoDB {mongo}")
    return ", ".join(found)


def interrupted() -> None:
    raise KeyboardInterrupt


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plan", action="append", choices=(*PLANS, _BROKEN), help="default: short, then broken")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rounds", type=int, help="how many faults, instead of the plan's")
    parser.add_argument("--requests", type=int, help="how many requests at least, instead of the plan's")
    parser.add_argument("--only", action="append", choices=KINDS, metavar="KIND", help="these faults, in this order")
    parser.add_argument("--report", type=Path, default=REPORT)
    given = parser.parse_args()
    given.arguments = f' ARGS="{" ".join(sys.argv[1:])}"' if sys.argv[1:] else ""
    given.plan = given.plan or ["short", _BROKEN]
    for name in ("aio_pika", "aiormq"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # connections that break are what this is about
    sys.exit(asyncio.run(run(given)))


if __name__ == "__main__":
    main()
