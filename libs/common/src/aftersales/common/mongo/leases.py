"""Leases: work that one replica does for all of them, by the clock of the database server."""

from datetime import timedelta
from typing import Any

from aftersales.common.mongo.errors import translate_errors
from aftersales.values.errors import Conflict


class Leases:
    """Each lease is a document: who holds it, and until when. Raises `Unavailable`."""

    def __init__(self, database: Any) -> None:
        self._leases = database["leases"]

    async def claim(self, lease: str, owner: str, lasting: timedelta) -> bool:
        """Take or renew a lease; false when somebody else holds it.

        The server's clock counts. An end that lies further away than `lasting` was set by a wrong clock and is void.
        """
        end = {"$add": ["$$NOW", int(lasting.total_seconds() * 1000)]}
        free = {"$or": [{"$lt": ["$until", "$$NOW"]}, {"$gt": ["$until", end]}, {"$eq": ["$owner", owner]}]}
        taken = {"owner": {"$cond": [free, owner, "$owner"]}, "until": {"$cond": [free, end, "$until"]}}
        try:
            with translate_errors():
                row = await self._leases.find_one_and_update(
                    {"_id": lease}, [{"$set": taken}], upsert=True, return_document=True
                )
        except Conflict:  # two replicas made the document at the same moment
            return False
        return bool(row["owner"] == owner)

    async def release(self, lease: str, owner: str) -> None:
        """Give a lease back before its end; without effect on one that somebody else holds."""
        with translate_errors():
            await self._leases.delete_one({"_id": lease, "owner": owner})
