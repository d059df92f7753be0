"""Loads the policies that a command names: from a file, the presets, or intake."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml
from pydantic import ValidationError

from aftersales.cli.connection import Connection, connect_to_service, problem_of
from aftersales.cli.session import ERR, Session, Trouble, to_printable
from aftersales.policy.findings import Finding, dotted_path
from aftersales.policy.lint import lint_among, lint_policy
from aftersales.policy.model import Policy
from aftersales.policy.presets import preset_texts
from aftersales.policy.reading import Draft, parse_policy
from aftersales.values.messages import render_message

_PUBLISHED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)@(\d{1,9})")


@dataclass(frozen=True)
class File:
    path: Path
    text: str
    draft: Draft

    def complain(self, session: Session, findings: Sequence[Finding]) -> None:
        for found in self.described(session, findings):
            level = session.words("policy.error") if found["level"] == "error" else session.words("policy.warning")
            told = to_printable(f"{self.path}:{found['line']}:{found['column']}: {level}: {found['detail']}")
            ERR.print(told, soft_wrap=True, markup=False, highlight=False)

    def described(self, session: Session, findings: Sequence[Finding]) -> Iterator[dict[str, Any]]:
        """Yield each finding with its line and column in the file, both from 1, and its message (`detail`)."""
        for finding in findings:
            line, column = self.draft.place(finding.path)
            why = render_message(finding.code, session.locale, dict(finding.params))
            if why == finding.code:  # Pydantic's own code, for which we have no message
                why = str(finding.params.get("message", why))
            told = {"level": finding.level, "code": finding.code, "line": line, "column": column}
            yield told | {"path": dotted_path(finding.path), "detail": why}


def read_file(path: Path) -> File:
    """Read a file and parse it as a draft of a policy. Raises `Trouble` if it is not text."""
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise Trouble("sheet.unreadable", file=path, why=error.strerror) from error
    except UnicodeDecodeError as error:
        raise Trouble("policy.not_utf8", file=path) from error
    return File(path, text, parse_policy(text))


def file_findings(file: File, others: Sequence[Policy]) -> tuple[Finding, ...]:
    policy = file.draft.policy
    return (*lint_policy(policy), *lint_among(policy, others)) if policy else file.draft.findings


def policy_of(session: Session, file: File) -> Policy:
    """Return the policy of a file. Raises `Trouble` after reporting its errors if there is none."""
    if file.draft.policy is None:
        file.complain(session, file.draft.findings)
        raise Trouble("policy.none_in_file", file=file.path)
    return file.draft.policy


async def text_of(session: Session, name: str) -> str:
    """Return the YAML of a file, a preset, or `name@version` at intake. Raises `Trouble`."""
    if is_file(name):
        return read_file(Path(name)).text
    if name in preset_texts():
        return preset_texts()[name]
    content = (await _fetch(session, name)).model_dump(mode="json", exclude_defaults=True)
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=120)


async def policy_named(session: Session, name: str) -> Policy:
    """Return the policy of a file, a preset, or `name@version` at intake. Raises `Trouble`."""
    if is_file(name):
        return policy_of(session, read_file(Path(name)))
    draft = parse_policy(preset_texts()[name]) if name in preset_texts() else None
    return draft.policy if draft and draft.policy else await _fetch(session, name)


def is_file(name: str) -> bool:
    return name.endswith((".yaml", ".yml")) or "/" in name


async def published_policies(connection: Connection) -> list[Policy]:
    """Return every policy of intake. Raises `Trouble` if intake does not answer."""
    return [_understood(item["policy"]) async for item in connection.pages("/policies", {})]


async def branch_exists(connection: Connection, branch: str) -> bool:
    """Return whether intake knows the branch. Raises `Trouble` if intake does not answer."""
    return (await connection.call("GET", f"/branches/{quote(branch, safe='')}")).is_success


async def line_meant(connection: Connection, word: str) -> tuple[str | None, tuple[str, ...]]:
    """Return the product line that a word means to intake, or the lines that may be meant."""
    answer = await connection.call("GET", f"/catalogues/lines/match?word={quote(word, safe='')}")
    found: dict[str, Any] = answer.json() if answer.is_success else {}
    return found.get("code"), tuple(found.get("suggestions", ()))


async def _fetch(session: Session, name: str) -> Policy:
    found = _PUBLISHED.fullmatch(name)
    if not found:
        raise Trouble("policy.name_unknown", name=name, known=", ".join(preset_texts()))
    async with connect_to_service(session, "intake") as connection:
        answer = await connection.call("GET", f"/policies/{quote(found[1], safe='')}/{int(found[2])}")
    if not answer.is_success:
        raise Trouble("cli.refused", service="intake", why=problem_of(answer)[1])
    return _understood(answer.json())


def _understood(content: object) -> Policy:
    try:
        return Policy.model_validate(content)
    except ValidationError as error:
        raise Trouble("policy.not_understood", why=str(error.errors()[0]["loc"])) from error
