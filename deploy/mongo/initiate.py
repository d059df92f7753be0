"""Make fresh mongod servers a replica set, once: `initiate.py HOST:PORT...`; harmless when they are one already.

Runs in our own image beside the servers and ends when there is a primary, so that services may start after it.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

_ALREADY_INITIATED = 23


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("members", nargs="+", metavar="HOST:PORT", help="as clients and members reach it")
    parser.add_argument("--name", default="rs0", help="of the replica set")
    parser.add_argument("--seconds", type=float, default=120, help="how long to wait")
    chosen = parser.parse_args(arguments)
    try:
        print(f"primary: {initiate(chosen.members, chosen.name, chosen.seconds)}")
    except TimeoutError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def initiate(members: Sequence[str], name: str, seconds: float) -> str:
    """Give the primary's address. Raises TimeoutError with the last reason when there is none in time."""
    deadline = time.monotonic() + seconds
    with MongoClient[dict[str, Any]](
        members[0], directConnection=True, serverSelectionTimeoutMS=1000, connectTimeoutMS=1000
    ) as client:
        while True:
            try:
                answer = client.admin.command("hello")
                if answer.get("primary"):
                    return str(answer["primary"])
                reason = f"{members[0]} knows no primary: {answer.get('info', 'no election yet')}"
                if "setName" not in answer:
                    _initiate(client, members, name)
            except PyMongoError as error:
                reason = str(error)
            if time.monotonic() > deadline:
                raise TimeoutError(f"no primary of {name} in {seconds:.0f} s; {reason}")
            time.sleep(0.2)


def _initiate(client: MongoClient[dict[str, Any]], members: Sequence[str], name: str) -> None:
    hosts = [{"_id": number, "host": host} for number, host in enumerate(members)]
    try:
        client.admin.command("replSetInitiate", {"_id": name, "members": hosts})
    except OperationFailure as refused:
        if refused.code != _ALREADY_INITIATED:
            raise


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
