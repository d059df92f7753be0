"""Leases: work that one replica does for all of them, by the clock of the database server."""

from datetime import timedelta
from typing import Any

from aftersales.common.mongo.errors import translate_errors
from aftersales.values.errors import Conflict


class Leases:
    """Documents with the owner and the end of each lease. Raises `Unavailable`."""

    def __init__(self, database: Any) -> None:
        self._leases = database["leases"]

    async def claim(self, lease: str, owner: str, lasting: timedelta) -> bool:
        """Acquire or renew a lease; return False if another owner has it.

        The server's clock counts. An end further away than `lasting` was set by a wrong clock and is ignored.
        """
        end = {"$add": ["$$NOW", int(lasting.total_seconds() * 1000)]}
        free = {"$or": [{"$lt": ["$until", "$$NOW"]}, {"$gt": ["$until", end]}, {"$eq": ["$owner", owner]}]}
        taken = {"owner": {"$cond": [free, owner, "$owner"]}, "until": {"$cond": [free, end, "$until"]}}
        try:
            with translate_errors():
                row = await self._leases.find_one_and_update(
                    {"_id": lease}, [{"$set": taken}], upsert=True, return_document=True
                )
        except Conflict:  # two replicas created the document at the same moment
            return False
        return bool(row["owner"] == owner)

    async def release(self, lease: str, owner: str) -> None:
        """Release a lease before its end; no effect if another owner has it."""
        with translate_errors():
            await self._leases.delete_one({"_id": lease, "owner": owner})
