"""What the pages point to: links, files, make targets, settings; and what of it is not there."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

SKIPPED = {".venv", ".git", ".run", ".pytest_cache", "node_modules"}
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_CODE = re.compile(r"`([^`\n]+)`")


def pages(root: Path) -> list[Path]:
    """Every page of the checkout."""
    found: list[Path] = []
    for folder, inner, files in os.walk(root):
        inner[:] = [name for name in inner if name not in SKIPPED]
        found += [Path(folder, name) for name in files if name.endswith(".md")]
    return sorted(found)


def headings(page: Path) -> list[tuple[int, str]]:
    """Levels and texts."""
    return [(len(marks), text) for marks, text in _HEADING.findall(_FENCE.sub("", page.read_text()))]


def anchors(page: Path) -> set[str]:
    """The fragments that GitHub gives the headings of a page."""
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for _, text in headings(page)}


def links(page: Path) -> set[str]:
    """Where the page leads, besides the other language's."""
    return {target for target in _LINK.findall(_FENCE.sub("", page.read_text())) if not target.startswith("README")}


def broken_links(page: Path) -> Iterator[str]:
    """Relative links that lead to no file, no folder or no heading."""
    for target in _LINK.findall(_FENCE.sub("", page.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, fragment = target.partition("#")
        there = page.parent / path if path else page
        if not there.exists() or (fragment and fragment not in anchors(there)):
            yield f"{page.name}: {target}"


def rows(page: Path, heading: str) -> list[list[str]]:
    """The cells of the first table under a heading."""
    under = page.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in under.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def files_named(cell: str, root: Path) -> dict[str, bool]:
    """Files that a cell names in backticks, and whether they exist; a bare name is beside the file before it."""
    found = {}
    folder = root
    for name in re.findall(r"`([\w./-]+\.(?:py|toml|yml))`", cell):
        file = root / name if "/" in name else folder / name
        folder = file.parent
        found[name] = file.is_file()
    return found


def make_targets_named(page: Path) -> set[str]:
    """Targets of `make …` in code, inline or in blocks."""
    text = page.read_text()
    code = [*_CODE.findall(_FENCE.sub("", text)), *"\n".join(_FENCE.findall(text)).splitlines()]
    return {target for piece in code for target in re.findall(r"(?:^|[;&|] *)make ([a-z]+)", piece)}


def settings_named(page: Path) -> set[str]:
    return set(re.findall(r"AFTERSALES_[A-Z0-9]+(?:_[A-Z0-9]+)*", page.read_text()))


def commands_named(page: Path, program: str) -> set[tuple[str, ...]]:
    """The words behind a program's name, inline or in blocks, up to the first that is no command."""
    text = page.read_text()
    code = [*_CODE.findall(_FENCE.sub("", text)), *"\n".join(_FENCE.findall(text)).splitlines()]
    found = [re.match(rf"(?:\S*/)?{program}((?: (?:--\w+ [\w/=:.]+ )?[a-z-]+)*)", piece) for piece in code]
    words = [re.sub(r"--\w+ [\w/=:.]+|--\w+", "", match[1]).split() for match in found if match]
    return {tuple(command) for command in words if command}
