"""The page made from the tables of personal data: `docs/privacy.md`."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from string import Template

from aftersales.common.privacy.holdings import Holding
from aftersales.common.service import Service

_PAGE = Template((Path(__file__).parent / "privacy.txt").read_text())


def privacy_page(services: Iterable[Service]) -> str:
    """Return the page with the tables of all services."""
    return _PAGE.substitute(services="\n\n".join(_service(service) for service in services))


def _service(service: Service) -> str:
    held = _table(("collection", "found by", "erased"), map(_row, service.holdings))
    if not service.holdings:
        held = "No documents with personal data."
    harmless = service.personal.harmless if service.personal else {}
    reasons: dict[str, list[str]] = {}
    for name, why in harmless.items():
        reasons.setdefault(why, []).append(f"`{name}`")
    others = _table(("other collections", "why they are not in the table"), _others(reasons))
    return f"### {service.name}\n\n{held}\n\n{others}"


def _others(reasons: Mapping[str, list[str]]) -> Iterable[tuple[str, str]]:
    return ((", ".join(sorted(names)), why) for why, names in sorted(reasons.items(), key=lambda one: sorted(one[1])))


def _row(holding: Holding) -> tuple[str, str, str]:
    found = ", ".join(f"`{field}` in {keys}" for field, keys in holding.found_by.items())
    fields = ", ".join(f"`{path}`" for path in holding.personal)
    return f"`{holding.collection}`", found, "the documents" if holding.removed else fields or "nothing: only numbers"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(head)
    return "\n".join("| " + " | ".join(row) + " |" for row in [names, ["---"] * len(names), *rows])
