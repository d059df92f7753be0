"""Reading for a caller: every query is narrowed to the caller's branches (ALL-2)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from aftersales.common.aggregate import Aggregate
from aftersales.common.mongo.files import Files
from aftersales.common.mongo.writes import Document
from aftersales.common.scope import WHOLE_NETWORK, Scope

if TYPE_CHECKING:
    from aftersales.common.mongo import Mongo

A = TypeVar("A", bound=Aggregate)


class Reads:
    """The reading half of `Mongo`, within a scope. Endpoints have only this; `Mongo` itself reads everything."""

    def __init__(self, mongo: "Mongo", scope: Scope) -> None:
        self._all, self._scope = mongo, scope

    @property
    def beyond_scope(self) -> "Reads":
        """Reading for what an answer must say of any branch, such as the name of a colleague."""
        return self._all

    @property
    def files(self) -> Files:
        """Stored files, found by the id in a document that the caller could read."""
        return self._all.files

    async def rows(
        self,
        kind: type[Aggregate] | str,
        where: Document,
        *,
        sort: Sequence[str] = (),
        limit: int = 0,
        only: Sequence[str] = (),
    ) -> list[Document]:
        """Return plain documents. `sort` names fields, `-field` for descending; `only` names the fields to return."""
        narrowed = self._scope.narrow(kind, where)
        return await self._all.rows(kind, narrowed, sort=sort, limit=limit, only=only)

    async def find(self, kind: type[A], where: Document, *, sort: Sequence[str] = ("_id",), limit: int = 0) -> list[A]:
        return await self._all.find(kind, self._scope.narrow(kind, where), sort=sort, limit=limit)

    async def get(self, kind: type[A], id: str) -> A | None:
        found = await self._all.get(kind, id)
        return found if found and self._scope.sees(found) else None

    async def aggregate(self, kind: type[Aggregate] | str, pipeline: list[Document]) -> list[Document]:
        """Run an aggregation pipeline; collections that it joins are narrowed too."""
        return await self._all.aggregate(kind, narrow_stages(self._scope, kind, pipeline))


def narrow_stages(scope: Scope, kind: type[Aggregate] | str, pipeline: list[Document]) -> list[Document]:
    """Return the pipeline with the scope's filter first, here and in every joined collection."""
    if scope == WHOLE_NETWORK:
        return pipeline
    own = scope.narrow(kind, {})
    first: list[Document] = [{"$match": own}] if own else []
    return first + [_narrow_joins(scope, kind, stage) for stage in pipeline]


def _narrow_joins(scope: Scope, kind: type[Aggregate] | str, stage: Document) -> Document:
    ((name, said),) = stage.items()
    if name == "$unionWith":
        collection = kind if isinstance(kind, str) else kind.COLLECTION
        joined = kind if said["coll"] == collection else said["coll"]
        return {name: said | {"pipeline": narrow_stages(scope, joined, said.get("pipeline", []))}}
    if name == "$lookup":
        return {name: said | {"pipeline": narrow_stages(scope, said["from"], said.get("pipeline", []))}}
    if name in {"$graphLookup", "$merge", "$out"}:
        raise TypeError(f"{name} cannot be narrowed to a caller's branches")
    return stage
