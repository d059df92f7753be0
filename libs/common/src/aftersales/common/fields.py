"""Fields that two models share by name, and optional ones whose default is not shown. Pure."""

from typing import Any

from pydantic import BaseModel, Field


def shared_fields(source: BaseModel, kind: type[BaseModel]) -> dict[str, Any]:
    """Return the values of `source` for all fields that `kind` also has, so that a field added to both is copied."""
    return {name: getattr(source, name) for name in type(source).model_fields if name in kind.model_fields}


def _without_default(schema: dict[str, Any]) -> None:
    del schema["default"]


UNSAID = Field(json_schema_extra=_without_default)
"""An optional field whose default is not valid, so the schema does not show it."""
