"""`make fuzz ARGS="--messages 20000 --seed 7"`: odd messages to a running system, and what became of them."""

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from faults import report
from faults.fuzz.hunt import hunt
from faults.run import REPORT, interrupted, versions
from faults.servers import start_servers
from faults.summary import commit, keep


async def run(given: argparse.Namespace) -> int:
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, interrupted)
    servers = await start_servers()
    try:
        found = await versions(servers)
        result = await hunt(servers, given.seed, given.messages)
    finally:
        await servers.close()
    for name, count in [*result.fates.items(), *result.refusals.most_common(20)]:
        sys.stdout.write(f"{count:8}  {name}\n")
    sys.stdout.write("\n".join(result.findings[:50] or ["nothing was lost, nothing forged came true"]) + "\n")
    keep(
        "fuzz",
        {
            "arguments": given.arguments,
            "commit": commit(),
            "servers": found,
            "sent": result.sent,
            "seconds": result.seconds,
            "fates": dict(result.fates.most_common()),
            "verdicts": [finding[:300] for finding in result.findings[:50]] or _SOUND,
        },
    )
    given.report.write_text(report.markdown())
    return 1 if result.findings else 0


_SOUND = [
    "Each message was handled, refused with a reason or parked; the queues were empty at the end.",
    "No service changed anything for an event that none of them had published.",
    "Every probe was green at the end, and a good event passed.",
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--report", type=Path, default=REPORT)
    given = parser.parse_args()
    given.arguments = f' ARGS="{" ".join(sys.argv[1:])}"' if sys.argv[1:] else ""
    for name in ("aio_pika", "aiormq"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # channels that the broker closes are what this is about
    sys.exit(asyncio.run(run(given)))


if __name__ == "__main__":
    main()
