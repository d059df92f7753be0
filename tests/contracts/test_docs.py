"""The pages keep step with the checkout: links, files, make targets, settings, and both languages of the README."""

import re
from pathlib import Path
from typing import Any

import pytest
from contracts.catalogue import SETTINGS
from contracts.markdown import (
    broken_links,
    commands_named,
    files_named,
    headings,
    links,
    make_targets_named,
    pages,
    rows,
    settings_named,
)
from deploy.local.place import PORTS
from typer.main import get_command

from aftersales.cli.app import app
from aftersales.testing.servers.rabbitmq import SETTING as RABBITMQ_SERVER

CHANGE = {"README.md": "I want to change …", "README.zh-CN.md": "我想修改……"}
OF_PROGRAMS = {f"AFTERSALES_{name.upper()}_URL" for name in SETTINGS} | {
    f"AFTERSALES_{name}"
    for name in (
        *("TOKEN", "TOKEN_FILE", "CLIENT_ID", "CLIENT_SECRET", "CLIENT_SECRET_FILE", "SIGN_IN_WITHOUT_PASSWORDS"),
        *("ADMIN_MONGO_URL", "ADMIN_MONGO_URL_FILE", "ADMIN_MANAGEMENT_URL", "ADMIN_MANAGEMENT_URL_FILE"),
    )
}
"""Read by the command line, `aftersales-accounts` or the development sign-in server, not by a service."""


def settings() -> set[str]:
    of_services = {f"AFTERSALES_{name.upper()}" for kind in SETTINGS.values() for name in kind.model_fields}
    return of_services | OF_PROGRAMS | {f"{name}_FILE" for name in of_services} | {"AFTERSALES_PORT"}


def targets(root: Path) -> set[str]:
    return set(re.findall(r"^([a-z]+):", (root / "Makefile").read_text(), re.MULTILINE))


def test_every_link_between_pages_leads_somewhere(root: Path) -> None:
    assert [link for page in pages(root) for link in broken_links(page)] == []


def test_every_make_target_that_a_page_names_exists(root: Path) -> None:
    named = {target: page.name for page in pages(root) for target in make_targets_named(page)}

    assert {"demo", "test", "check", "up"} <= named.keys()
    assert {target: page for target, page in named.items() if target not in targets(root)} == {}


def test_every_command_of_the_program_that_a_page_names_exists(root: Path) -> None:
    named = {command for page in pages(root) for command in commands_named(page, "aftersales")}

    assert {("dead", "list"), ("import", "requests"), ("version",)} <= named
    assert sorted(command for command in named if not is_command(get_command(app), command)) == []


def is_command(group: Any, words: tuple[str, ...]) -> bool:
    """Whether these words lead to a command; what follows its name is an argument."""
    known = getattr(group, "commands", None)
    return known is None or not words or (words[0] in known and is_command(known[words[0]], words[1:]))


def test_every_setting_that_a_page_names_exists(root: Path) -> None:
    ports = {f"AFTERSALES_PORT_{name}" for name in (*PORTS, "ALERTMANAGER", "GRAFANA")}
    named = {name: page.name for page in pages(root) for name in settings_named(page)}

    assert "AFTERSALES_GROUP_SIZE" in named
    assert {name: page for name, page in named.items() if name not in settings() | ports | {RABBITMQ_SERVER}} == {}


@pytest.mark.parametrize("readme", CHANGE)
def test_the_table_of_changes_names_files_that_exist_and_leads_through_all_services(root: Path, readme: str) -> None:
    named = {
        file: exists
        for _, cell in rows(root / readme, CHANGE[readme])
        for file, exists in files_named(cell, root).items()
    }

    assert [file for file, exists in named.items() if not exists] == []
    assert {file.split("/")[1] for file in named if file.startswith("services/")} == set(SETTINGS)


def test_both_readmes_have_the_same_sections_tables_and_commands(root: Path) -> None:
    english, chinese = (root / name for name in CHANGE)

    assert [level for level, _ in headings(english)] == [level for level, _ in headings(chinese)]
    assert make_targets_named(english) == make_targets_named(chinese)
    assert settings_named(english) == settings_named(chinese)
    changes = [[files_named(cell, root) for _, cell in rows(root / name, CHANGE[name])] for name in CHANGE]
    assert changes[0] == changes[1]
    assert links(english) == links(chinese)


def test_every_decision_is_in_the_index_and_the_sources_cite_only_those_there_are(root: Path) -> None:
    files = {int(page.name[:4]): page for page in (root / "docs" / "adr").glob("0*.md")}
    index = (root / "docs" / "adr" / "README.md").read_text()
    sources = [*root.glob("libs/**/*.py"), *root.glob("services/*/src/**/*.py")]
    cited = {int(number) for source in sources for number in re.findall(r"\bADR (\d+)", source.read_text())}

    assert len(files) == len([*(root / "docs" / "adr").glob("0*.md")]), "one number, one decision"
    assert all(f"({page.name})" in index for page in files.values())
    assert all(headings(page)[0][1].startswith(f"{number}. ") for number, page in files.items())
    assert all(
        [text for _, text in headings(page)[1:]] == ["Context", "Decision", "Consequences"] for page in files.values()
    )
    assert cited <= files.keys()


def test_no_page_has_a_path_of_somebodys_machine(root: Path) -> None:
    private = re.compile(r"(?<![\w.])/(?:work|tmp|home|root|Users)/\w")

    assert [page.name for page in pages(root) if private.search(page.read_text())] == []


def test_what_is_not_there_is_noticed(tmp_path: Path) -> None:
    assert not is_command(get_command(app), ("dead", "bury"))
    assert not is_command(get_command(app), ("export",))
    page = tmp_path / "page.md"
    page.write_text(
        "# A page\n\n[a](page.md#a-page) [b](page.md#b) [c](gone.md) [d](https://example.org/x)\n\n"
        "Run `make all`, not the thing that will make sense.\n\n```sh\nmake some ARGS=x  # make haste\n```\n\n"
        "`AFTERSALES_SPEED` `AFTERSALES_PORT_<NAME>`\n\n"
        "## Files\n\n| a | b |\n| --- | --- |\n| x | `a/gone.py`, `x.py` |\n"
    )

    assert list(broken_links(page)) == ["page.md: page.md#b", "page.md: gone.md"]
    assert make_targets_named(page) == {"all", "some"}
    assert settings_named(page) == {"AFTERSALES_SPEED", "AFTERSALES_PORT"}
    assert [files_named(cell, tmp_path) for _, cell in rows(page, "Files")] == [{"a/gone.py": False, "x.py": False}]
