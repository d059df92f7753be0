"""Fields that two models share by name. Pure."""

from typing import Any

from pydantic import BaseModel


def shared_fields(source: BaseModel, kind: type[BaseModel]) -> dict[str, Any]:
    """Return the values of `source` for all fields that `kind` also has, so that a field added to both is copied."""
    return {name: getattr(source, name) for name in type(source).model_fields if name in kind.model_fields}
