"""Writes what the code promises to others: JSON Schemas, AsyncAPI, OpenAPI, and pages of docs.

`contracts/generate.py` writes, `--check` only looks; both refuse a change that readers of a published version
would not survive. Published is what git has in its newest two commits, or in the one named by `--against`.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # run as a file, the checkout itself is not on the path

from contracts import access, asyncapi, catalogue, example, figures, openapi, pages, privacy  # noqa: E402
from contracts.compatibility import incompatible  # noqa: E402
from contracts.published import DOCUMENTS, SCHEMAS, on_disk, published  # noqa: E402
from contracts.schema import Schema, envelope_schema  # noqa: E402
from deploy.local.place import PORTS  # noqa: E402

from aftersales.common.sign_in.access import access_table  # noqa: E402

Check = Callable[[dict[str, Any], dict[str, Any]], Iterable[str]]


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Run the program for the checkout at `root`; its exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file is stale")
    parser.add_argument("--against", help="the commit whose contracts count as published")
    chosen = parser.parse_args(arguments)
    try:
        services = catalogue.services()
        contracts = catalogue.catalogue(services)
        schemas_known, documents_known = (published(root, kind, chosen.against) for kind in (SCHEMAS, DOCUMENTS))
    except LookupError as error:
        return _say("refused", [str(error)])
    schemas = {contract.type: envelope_schema(contract.kind) for contract in contracts}
    documents = openapi.documents(services)
    refused = [
        *broken(incompatible, schemas_known, schemas),
        *broken(openapi.incompatible, documents_known, documents),
        *orphaned(root, schemas),
    ]
    if refused:
        return _say("incompatible", refused)
    made = outputs(contracts, schemas, documents) | {"docs/privacy.md": privacy.privacy_page(services)}
    if not chosen.check:
        for path, text in made.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
    if old := stale(root, made):
        return _say("stale (run `make contracts` and commit what it writes)", old)
    return _say("example", list(example.flaws(root, schemas)))


def broken(check: Check, known: dict[str, dict[str, Any]], new: dict[str, Any]) -> list[str]:
    """What readers of any published version would not survive, each said once."""
    return list(dict.fromkeys(what for old in known.values() for what in check(old, new)))


def outputs(
    contracts: tuple[catalogue.Contract, ...], schemas: dict[str, Schema], documents: dict[str, openapi.Document]
) -> dict[str, str]:
    """Every generated file, by its path in the checkout."""
    files = {SCHEMAS.file(kind): _json(schema) for kind, schema in schemas.items()}
    files |= {DOCUMENTS.file(service): _json(document, sort_keys=True) for service, document in documents.items()}
    files["contracts/asyncapi.json"] = _json(asyncapi.asyncapi(contracts))
    files["docs/access.md"] = access.access_page(access_table())
    files["docs/figures.md"] = figures.figures_page()
    files["docs/events.md"] = pages.events_page(contracts)
    files["docs/settings.md"] = pages.settings_page(catalogue.SETTINGS, PORTS)
    return files


def stale(root: Path, made: dict[str, str]) -> list[str]:
    """The generated files that are missing or differ from what the code says now."""
    return [path for path, text in made.items() if not (root / path).is_file() or (root / path).read_text() != text]


def orphaned(root: Path, schemas: dict[str, Schema]) -> list[str]:
    """Schemas of events that nobody publishes any more: retiring a type is an act, not a slip."""
    return [
        f"{kind}: nobody publishes it any more, but its schema is still here. Bring the event back, or, once no queue "
        f"is bound to it, retire it by deleting {SCHEMAS.file(kind)} and its example"
        for kind in on_disk(root, SCHEMAS)
        if kind not in schemas
    ]


def _json(document: Any, *, sort_keys: bool = False) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=sort_keys) + "\n"


def _say(what: str, lines: list[str]) -> int:
    for line in lines:
        print(f"contracts: {what}: {line}", file=sys.stderr)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
