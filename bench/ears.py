"""Many listeners of `GET /live` in a process of their own: `python -m bench.ears BASE COUNT`.

It prints a line when all are connected. Then it reads one line, the times of answers by number, and prints the seconds
from each answer to the hint of each listener, sorted.
"""

import asyncio
import json
import re
import sys
import time
from typing import cast
from urllib.parse import urlsplit

import uvloop

_HINT = re.compile(rb'"kind":"requests","id":"([^"]+)"')
_LONGEST = 200
"""More than the bytes of a hint."""


class _Ear(asyncio.Protocol):
    def __init__(self, open_ears: asyncio.Semaphore) -> None:
        self._open = open_ears
        self.heard: list[tuple[float, bytes]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.WriteTransport", transport).write(b"GET /live?kind=requests HTTP/1.1\r\nHost: bench\r\n\r\n")

    def data_received(self, data: bytes) -> None:
        if not self.heard:
            self._open.release()
        self.heard.append((time.time(), data))

    def delays(self, answered: dict[str, float]) -> list[float]:
        found: dict[str, float] = {}
        tail = b""
        for at, data in self.heard:
            text = tail + data
            for number in _HINT.findall(text):
                found.setdefault(number.decode(), at)
            tail = text[-_LONGEST:]
        return [found[number] - at if number in found else float("inf") for number, at in answered.items()]


async def main(base: str, count: int) -> None:
    loop, place = asyncio.get_running_loop(), urlsplit(base)
    open_ears = asyncio.Semaphore(0)
    host, port = str(place.hostname), place.port or 80
    ears = [(await loop.create_connection(lambda: _Ear(open_ears), host, port))[1] for _ in range(count)]
    for _ in ears:
        await open_ears.acquire()
    print("listening", flush=True)
    answered = json.loads(await asyncio.to_thread(sys.stdin.readline))
    print(json.dumps(sorted(delay for ear in ears for delay in ear.delays(answered))))


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(sys.argv[1], int(sys.argv[2])))
