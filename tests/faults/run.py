"""`make faults ARGS="--seed 7 --rounds 50 --requests 2000"`: a long run of faults, and the report about it."""

import argparse
import asyncio
import logging
import random
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from faults.campaign import campaign
from faults.chaos import KINDS
from faults.load import Stream
from faults.report import markdown
from faults.scenarios import BROKEN, SOUND, play
from faults.score import Outcome
from faults.servers import start_servers

REPORT = Path(__file__).parents[2] / "docs" / "faults.md"


def plan(seed: int, rounds: int) -> list[str]:
    """Each kind once, then again, in another order each time."""
    chance, kinds = random.Random(seed), list(KINDS)
    planned: list[str] = []
    while len(planned) < rounds:
        planned += chance.sample(kinds, len(kinds))
    return planned[:rounds]


async def run(given: argparse.Namespace) -> int:
    began = time.monotonic()

    def log(text: str) -> None:
        sys.stdout.write(f"{time.monotonic() - began:7.1f} s  {text}\n")
        sys.stdout.flush()

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, _interrupted)
    log("starting mongod and RabbitMQ")
    servers = await start_servers()
    try:
        stream = Stream(given.requests, given.requests + 20 * given.rounds + 1000, gap=0.2)
        planned = given.only or plan(given.seed, given.rounds)
        outcome = await campaign(servers, planned, seed=given.seed, stream=stream, log=log)
        variants: dict[str, Outcome] = {}
        for name, scenario in {"sound": SOUND, **BROKEN}.items():
            log(f"the variant {name}")
            variants[name] = await play(servers, name, scenario)
    finally:
        await servers.close()
    given.report.write_text(markdown(outcome, variants, given.arguments))
    for name, score in outcome.scores().items():
        log(f"{name}: {score}")
    log(f"{'; '.join(outcome.failures[:20]) or 'nothing lost, nothing doubled'}; report in {given.report}")
    return 1 if outcome.failures else 0


def _interrupted() -> None:
    raise KeyboardInterrupt


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rounds", type=int, default=50, help="how many faults")
    parser.add_argument("--requests", type=int, default=2000, help="how many requests at least")
    parser.add_argument("--only", action="append", choices=KINDS, metavar="KIND", help="these faults, in this order")
    parser.add_argument("--report", type=Path, default=REPORT)
    given = parser.parse_args()
    planned = f"--seed {given.seed} --rounds {given.rounds} --requests {given.requests}"
    given.arguments = " ".join(sys.argv[1:]) or planned
    for name in ("aio_pika", "aiormq"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # connections that break are what this is about
    sys.exit(asyncio.run(run(given)))


if __name__ == "__main__":
    main()
