"""Numbers that people can read aloud, unique in the whole network."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from aftersales.common.mongo import Mongo
from aftersales.values import human_number

_BLOCK = 500


class Numbers:
    """Human numbers, scrambled with the database's key, reserved in blocks: a crash leaves a gap, never a duplicate."""

    def __init__(self, mongo: Mongo, zone: str) -> None:
        self._mongo, self._zone = mongo, ZoneInfo(zone)
        self._next = self._end = 0
        self._key = b""

    async def next(self, prefix: str, now: datetime) -> str:
        if self._next == self._end:
            self._next, self._key = await self._mongo.reserve("numbers", _BLOCK)
            self._end = self._next + _BLOCK
        self._next += 1
        day: date = now.astimezone(self._zone).date()
        return human_number(prefix, day, self._next - 1, self._key)
