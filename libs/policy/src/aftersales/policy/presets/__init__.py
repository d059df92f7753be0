"""The shipped policies, one for each way of doing business in the rulebook; version 0."""

from functools import cache
from importlib.resources import files

from aftersales.policy.model import Policy
from aftersales.policy.reading import parse_policy

_FOLDER = files(__package__)


@cache
def preset_texts() -> dict[str, str]:
    """Return the YAML of each preset with its comments, by name."""
    found = sorted(file.name for file in _FOLDER.iterdir() if file.name.endswith(".yaml"))
    return {name.removesuffix(".yaml"): _FOLDER.joinpath(name).read_text("utf-8") for name in found}


@cache
def load_presets() -> tuple[Policy, ...]:
    """Return all presets; they are read once, which takes a tenth of a second."""
    drafts = [parse_policy(text) for text in preset_texts().values()]
    return tuple(draft.policy for draft in drafts if draft.policy)
