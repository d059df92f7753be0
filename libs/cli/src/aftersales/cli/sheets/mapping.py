"""The mapping file: which header of a sheet belongs to which column, and how its cells are read (YAML or TOML)."""

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import phonenumbers
import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from aftersales.cli.session import Trouble
from aftersales.cli.sheets.invalid_cell import plain_cell
from aftersales.cli.sheets.kinds import Kind
from aftersales.cli.sheets.read_options import ORDERS, ReadOptions
from aftersales.values import Zone


def _as_text(given: Any) -> Any:
    """Return TOML's numbers and booleans as text, as YAML is read."""
    return str(given).lower() if isinstance(given, bool) else str(given) if isinstance(given, int | float) else given


def _as_list(given: Any) -> Any:
    return [given] if isinstance(given, str) else given


def _by_plain(values: dict[str, str]) -> dict[str, str]:
    return {plain_cell(words): value for words, value in values.items()}


def _order(told: str) -> str:
    if told not in ORDERS and "%" not in told:
        raise ValueError("ymd, dmy, mdy, or a format such as %d.%m.%Y")
    return told


def _country(told: str) -> str:
    if told not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError("a country's two letters, such as CN or TW")
    return told


Text = Annotated[str, BeforeValidator(_as_text)]
Headers = Annotated[tuple[Text, ...], BeforeValidator(_as_list)]
Dates = Annotated[str, AfterValidator(_order)]
Country = Annotated[str, AfterValidator(_country)]


class Rule(BaseModel):
    """The source of one column's cells, and how they are read."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    headers: Annotated[Headers, Field(alias="from")] = ()
    """The first filled one counts, unless they are joined."""
    join: str | None = None
    constant: Text = ""
    """The value if there is no other."""
    values: Annotated[dict[str, Text], AfterValidator(_by_plain)] = Field(default_factory=dict)
    """Values by the text of the cell."""
    dates: Dates | None = None
    zone: Zone | None = None
    country: Country | None = None
    rest: Literal["refuse", "leave"] = "refuse"
    """Whether a second telephone number or an extension may be left out if no column can store it."""


def _as_rule(given: Any) -> Any:
    return {"from": given} if isinstance(given, str | list) else given


class MappingFile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: str | None = None
    sheet: str | None = None
    dates: Dates | None = None
    zone: Zone | None = None
    country: Country | None = None
    columns: Annotated[
        dict[str, Annotated[Rule, BeforeValidator(_as_rule)]], BeforeValidator(lambda given: given or {})
    ] = Field(default_factory=dict)
    ignore: Headers = ()
    """Headers to ignore."""

    def manner(self, otherwise: ReadOptions) -> ReadOptions:
        return _changed(otherwise, self)

    def own_manners(self, manner: ReadOptions) -> dict[str, ReadOptions]:
        """Return the options of columns that have their own."""
        return {name: own for name, rule in self.columns.items() if (own := _changed(manner, rule)) != manner}


def _changed(manner: ReadOptions, by: MappingFile | Rule) -> ReadOptions:
    return ReadOptions(
        zone=ZoneInfo(by.zone) if by.zone else manner.zone,
        dates=by.dates or manner.dates,
        country=by.country or manner.country,
        leave_rest=isinstance(by, Rule) and by.rest == "leave",
    )


def read_mapping(path: Path, kind: Kind) -> MappingFile:
    """Read the mapping file. Raises `Trouble`, which names the error in it."""
    try:
        given = _parse(path)
        mapping = MappingFile.model_validate({} if given is None else given)
    except OSError as error:
        raise Trouble("sheet.unreadable", file=path, why=error.strerror) from error
    except ValidationError as error:
        why = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:5])
        raise Trouble("mapping.malformed", file=path, why=why) from error
    except (yaml.YAMLError, ValueError) as error:
        raise Trouble("mapping.malformed", file=path, why=" ".join(str(error).split())) from error
    if mapping.kind not in (None, kind.name):
        raise Trouble("mapping.other_kind", file=path, kind=mapping.kind, wanted=kind.name)
    names = [column.name for column in kind.columns]
    for name in mapping.columns:
        if name not in names:
            close = difflib.get_close_matches(name, names, 3, 0.5) or names
            raise Trouble("mapping.unknown_column", file=path, column=name, columns=", ".join(close))
    return mapping


def _parse(path: Path) -> Any:
    text = path.read_text("utf-8-sig")
    if path.suffix.lower() == ".toml":
        return tomllib.loads(text)
    return yaml.load(text, yaml.BaseLoader)  # noqa: S506 (creates only text, lists and dicts: `no` stays text)


def mapping_template(kind: Kind, found: Mapping[str, str], left: list[str]) -> Iterator[str]:
    """Yield the lines of a mapping file to fill in; `found` are headers by column, `left` the unknown ones."""
    yield f"# aftersales import {kind.name} FILE --mapping THIS-FILE   (docs/cli.md has an example)"
    yield f"kind: {kind.name}"
    yield "# sheet: Sheet1            # the first that is not empty"
    yield "# dates: dmy               # what 1/2/2026 means: dmy, mdy, ymd, or a format such as %d.%m.%Y"
    yield "# zone: Asia/Shanghai      # of times without an offset"
    yield "# country: CN              # of telephone numbers without a country code"
    yield "columns:                   # * must be filled"
    for column in kind.columns:
        star = "*" if column.required == "always" else " "
        header = found.get(column.name)
        value = _quoted(header) if header else column.chinese.split()[0]
        yield f"  {'' if header else '# '}{column.name}: {value}   # {star} {column.about}"
    yield "  # line: {from: [品类, 类别], values: {冰箱: refrigerator, 洗衣机: washing-machine}}"
    yield '  # address: {from: [省, 市, 地址], join: ""}'
    yield "  # branch: {constant: sh-01}"
    yield "  # phone: {from: 电话, rest: leave}   # drop second numbers and extensions where there is no room"
    yield f"ignore: [{', '.join(map(_quoted, left))}]"


def _quoted(header: str) -> str:
    return '"' + header.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
