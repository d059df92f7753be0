"""A rate limit: a bucket of tokens for each key, in this process only. Pure except for its own state."""

import heapq
import math
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

_FORGOTTEN_AT_ONCE = 0.1
_AT_ONCE = timedelta(0)


class Throttle:
    """Allows `calls` immediately, then one every `per / calls` (generic cell rate algorithm, one time per key).

    At most `keys` buckets are stored. Full ones are removed first, then the fullest: a bucket that somebody has emptied
    outlasts any number of callers who took one token each.
    """

    def __init__(self, calls: int, per: timedelta, keys: int = 10_000) -> None:
        self._per, self._step, self._keys = per, per / calls, keys
        self._full_at: dict[str, datetime] = {}
        """When each bucket will be full again; at most `per` ahead, unless the clock was set back."""

    def take(self, key: str, now: datetime) -> int:
        """Take a token. Return 0, or, if there is none, the seconds until there is one."""
        full_at = self._when_full(key, now)
        if seconds := self._late(full_at, now):
            return seconds
        self._full_at[key] = full_at + self._step
        if len(self._full_at) > self._keys:
            self._forget(now)
        return 0

    def wait(self, key: str, now: datetime) -> int:
        """Return what `take` would, and take nothing."""
        return self._late(self._when_full(key, now), now)

    def _when_full(self, key: str, now: datetime) -> datetime:
        full_at = self._full_at.get(key, now)
        return full_at if now <= full_at <= now + self._per else now

    def _late(self, full_at: datetime, now: datetime) -> int:
        late = full_at + self._step - now - self._per
        return math.ceil(late.total_seconds()) if late > _AT_ONCE else 0

    def give_back(self, key: str) -> None:
        """Return a token from `take`, because the call does not count."""
        if key in self._full_at:
            self._full_at[key] -= self._step

    def _forget(self, now: datetime) -> None:
        self._full_at = {key: at for key, at in self._full_at.items() if now < at <= now + self._per}
        if len(self._full_at) > self._keys:
            some = math.ceil(self._keys * _FORGOTTEN_AT_ONCE)
            for key in heapq.nsmallest(some, self._full_at, key=self._full_at.__getitem__):
                del self._full_at[key]


_WITH_PORT = re.compile(r"\[([^\]]+)\](?::\d+)?|([^:]+):\d+")


def find_network(forwarded: Iterable[str], host: str, proxies: int) -> str:
    """Return the network of the caller in front of so many proxies, each of which adds an address to `forwarded`."""
    chain = [part.strip() for part in ",".join(forwarded).split(",") if part.strip()]
    chain.append(host)
    return network_of(chain[max(0, len(chain) - 1 - proxies)])


@lru_cache(maxsize=1000)
def network_of(address: str) -> str:
    """Return what counts as one caller: an IPv4 address, or the first half of an IPv6 address, without the port.

    One IPv6 caller has 2**64 addresses. Other texts stay as they are.
    """
    if matched := _WITH_PORT.fullmatch(address):
        address = matched[1] or matched[2]
    try:
        known = ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(known, IPv6Address):
        return str(known.ipv4_mapped or IPv6Address(int(known) >> 64 << 64))
    return str(known)
