"""`aftersales policy` as people run it, where no service answers; publishing is tested with intake's endpoints."""

from pathlib import Path

import pytest
from cli.system import NOBODY, Done, Program

from aftersales.policy.presets import preset_texts

PROPERTY = preset_texts()["property"]


class Clerk(Program):
    """The program, and no service anywhere."""

    def __init__(self) -> None:
        self.urls = dict.fromkeys(("intake", "dispatch", "inventory", "feedback"), NOBODY)


@pytest.fixture
def aftersales() -> Program:
    return Clerk()


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(text, "utf-8")
    return path


async def test_lint_names_file_line_and_column_and_refuses_errors_only(aftersales: Program, tmp_path: Path) -> None:
    sound = write(tmp_path, "sound", PROPERTY)
    broken = write(tmp_path, "broken", PROPERTY.replace("P3D  #", "PT0S  #").replace("PT15M", "15 min"))
    slow = write(tmp_path, "slow", PROPERTY.replace("P3D  #", "PT0S  #").replace("name: property", "name: slow"))
    wrong = PROPERTY[: PROPERTY.index("PT15M")].count("\n") + 1
    line = PROPERTY[: PROPERTY.index("target: P3D")].count("\n") + 1

    fine, refused, late = [await aftersales("policy", "lint", path) for path in (sound, broken, slow)]

    assert (fine.code, refused.code, late.code) == (0, 1, 1)
    assert "0 errors, 1 warnings" in fine.out
    assert f"{sound}:" in fine.err
    assert f"{broken}:{wrong}:13: error: This is not a duration." in refused.err
    assert f"{slow}:{line}:13: error: A target of zero" in late.err


async def test_lint_looks_at_several_files_side_by_side_in_the_readers_language(
    aftersales: Program, tmp_path: Path
) -> None:
    one, other = (write(tmp_path, name, PROPERTY.replace("name: property", f"name: {name}")) for name in "ab")

    told = await aftersales("--lang", "zh-CN", "policy", "lint", one, other)

    for_scripts = await aftersales("policy", "lint", one, other, "--json")

    assert (told.code, for_scripts.code) == (1, 1)
    assert [file["file"] for file in for_scripts.json] == [str(one), str(other)]
    (error,) = [found for found in for_scripts.json[0]["findings"] if found["level"] == "error"]
    assert [error[name] for name in ("code", "line", "column", "path")] == ["policy.scope_tie", 8, 8, "scope"]
    assert f"{one}:8:8: 错误: b 版本 0" in told.err
    assert "1 个错误" in told.out


async def test_a_file_that_cannot_be_read_ends_the_command(aftersales: Program, tmp_path: Path) -> None:
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("name: prüfung".encode("latin-1"))

    gone, odd = [await aftersales("policy", "lint", path) for path in (tmp_path / "gone.yaml", latin)]

    assert (gone.code, odd.code) == (2, 2)
    assert "No such file" in gone.err
    assert "is not text in UTF-8" in odd.err


async def test_diff_compares_files_and_presets(aftersales: Program, tmp_path: Path) -> None:
    ours = write(tmp_path, "ours", PROPERTY.replace("PT15M", "PT10M"))

    for_people = await aftersales("policy", "diff", "property", ours)
    for_scripts = await aftersales("policy", "diff", "property", ours, "--json")
    none = await aftersales("policy", "diff", "property", "property")

    assert for_people.out == "stages.dispatch.target: PT15M → PT10M\n"
    assert for_scripts.json == [{"path": "stages.dispatch.target", "old": "PT15M", "new": "PT10M"}]
    assert (none.code, none.out) == (0, "property and property are the same.\n")


async def test_show_prints_a_preset_as_it_is_shipped(aftersales: Program) -> None:
    shown = await aftersales("policy", "show", "property")

    for_scripts = await aftersales("policy", "show", "property", "--json")

    assert (shown.code, shown.out) == (0, PROPERTY)
    assert for_scripts.json["stages"]["dispatch"]["target"] == "PT15M"


async def test_all_1_explain_tells_which_policy_holds_and_why_although_intake_is_away(
    aftersales: Program, tmp_path: Path
) -> None:
    ours = write(
        tmp_path, "ours", PROPERTY.replace("name: property", "name: ours").replace("lines: [", "lines: [crane, ")
    )
    item = ("--branch", "sh-01", "--line", "lift", "--work-type", "repair", "--class", "A", "--day", "2026-11-26")

    preset = await aftersales("policy", "explain", *item)
    published = await aftersales("policy", "explain", *item, "--file", ours)
    for_scripts = await aftersales("policy", "explain", *item, "--file", ours, "--json")

    assert (preset.code, published.code, for_scripts.code) == (2, 2, 2), "what intake has published is left out"
    assert preset.out.splitlines()[0] == "On 2026-11-26 property, version 0, holds."
    assert "not for this product line" in preset.out
    assert "Published policies are left out: intake does not answer" in preset.err
    assert published.out.startswith("On 2026-11-26 ours, version 0, holds.")
    assert "a published one holds" in published.out
    assert for_scripts.json["name"] == "ours"
    assert for_scripts.json["candidates"][0]["outcome"] == "chosen"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("show", "lifts"), "There is no preset lifts. There are: agri-machinery, appliance,"),
        (("show", "property@3"), "intake does not answer"),
        (("diff", "property", "gone.yaml"), "cannot be read"),
    ],
)
async def test_what_cannot_be_found_is_said(aftersales: Program, arguments: tuple[str, ...], told: str) -> None:
    done = await aftersales("policy", *arguments)

    assert (done.code, done.out) == (2, "")
    assert told in done.err


async def test_nothing_is_published_that_is_wrong_or_while_intake_is_away(aftersales: Program, tmp_path: Path) -> None:
    sound, broken = write(tmp_path, "a", PROPERTY), write(tmp_path, "b", PROPERTY.replace("[6, 3, 2]", "[6, 3, 3]"))

    async def publish(path: Path) -> Done:
        return await aftersales("policy", "publish", path)

    away, refused = await publish(sound), await publish(broken)

    assert (away.code, refused.code) == (2, 1)
    assert "intake does not answer" in away.err
    assert "The thresholds must descend" in refused.err
    assert "does not answer" not in refused.err
