"""Fields that two models share by name. Pure."""

from typing import Any

from pydantic import BaseModel


def shared_fields(source: BaseModel, kind: type[BaseModel]) -> dict[str, Any]:
    """What `source` has for each field that a `kind` has, too: one that is added to both is carried over by itself."""
    return {name: getattr(source, name) for name in type(source).model_fields if name in kind.model_fields}
