"""Check what may be wrong at any place of a policy: roles, texts in each language, amounts."""

from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel

from aftersales.policy.findings import Finding, Path, error_finding, warning_finding
from aftersales.policy.model import Policy
from aftersales.policy.model.figures import LOCALES, ROLES
from aftersales.values import Money

ROLE_FIELDS = {"role", "to", "reported_to", "lead_to", "otherwise"}
TEXT_FIELDS = {"title", "name", "text", "why", "scope", "liability"}
OPEN_AMOUNTS = {("licence", "badge"), ("licence", "monthly_fee"), ("licence", "deposit")}


def lint_everywhere(policy: Policy) -> Iterator[Finding]:
    for path, value in _walk(policy, ()):
        if isinstance(value, str):
            yield from _role(path, value)
        elif isinstance(value, dict):
            yield from _texts(path, value)
        elif isinstance(value, Money) and "currency" not in value.model_fields_set:
            yield error_finding("policy.currency_missing", *path)
        elif value is None and path in OPEN_AMOUNTS:
            yield warning_finding("policy.amount_open", *path, code=path[-1])
    for index, reward in enumerate(policy.rewards):
        if reward.amount is None:
            yield warning_finding("policy.amount_open", "rewards", index, code=reward.code)


def _role(path: Path, role: str) -> Iterator[Finding]:
    if (path[-1] in ROLE_FIELDS or path[:2] == ("complaints", "responsible")) and role not in ROLES:
        yield error_finding("policy.role_unknown", *path, role=role)


def _texts(path: Path, texts: dict[str, Any]) -> Iterator[Finding]:
    if path[-1] in TEXT_FIELDS:
        for locale in LOCALES:
            if not texts.get(locale):
                yield error_finding("policy.text_missing", *path, language=locale)


def _walk(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """Yield every value of a policy with its place, top down."""
    yield path, value
    children: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, BaseModel):
        children = ((name, getattr(value, name)) for name in type(value).model_fields)
    elif isinstance(value, dict):
        children = value.items()
    elif isinstance(value, tuple):
        children = enumerate(value)
    for step, child in children:
        yield from _walk(child, (*path, step))
