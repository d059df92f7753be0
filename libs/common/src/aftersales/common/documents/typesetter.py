"""The process that typesets one document: a job as JSON on stdin, the PDF on stdout. It has no network and no database.

Exit codes: 0 done, 3 no Chinese font, 4 the logo is no picture; anything else is a fault of ours, described on stderr.
"""

import base64
import io
import json
import re
import resource
import sys
import tempfile
import unicodedata
from importlib.resources import files
from pathlib import Path
from typing import Any

import segno
import typst

NO_FONT, NO_LOGO = 3, 4
_LOGO = "letterhead-logo"
"""The name of the file with the logo, by which an error shows that it is about the logo."""
_MEMORY = 512 << 20
_FAMILIES = {
    "zh-Hans": ("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN"),
    "zh-Hant": ("Noto Sans CJK TC", "Noto Sans CJK HK", "Noto Sans TC", "Source Han Sans TC", "Source Han Sans TW"),
}
"""Fonts with Chinese and Latin characters, by the forms of characters that a language needs; English has names too."""
_UNPRINTABLE = re.compile(r'the text `"(.+?)"` could not be displayed')
_IGNORED = {"Cf", "Mn", "Me"}
"""Categories that only change the look of the character before, such as the joiners of emoji."""
_TRIES = 3


def choose_fonts(language: str, folder: str) -> tuple[typst.Fonts, list[str]]:
    """Return the fonts of the folder, or of the system, and the names of the fitting ones, the best first."""
    where: list[Any] = [folder] if folder else []
    fonts = typst.Fonts(include_system_fonts=not folder, include_embedded_fonts=False, font_paths=where)
    known = set(fonts.families())
    wanted = _FAMILIES.get(language, ())
    return fonts, [
        one for one in dict.fromkeys((*wanted, *_FAMILIES["zh-Hans"], *_FAMILIES["zh-Hant"])) if one in known
    ]


def spell_out(text: str, missing: set[str]) -> str:
    """Replace characters that no font has by their names, so that nothing is printed as an empty box."""
    return "".join(_named(char) if char in missing else char for char in text)


def _named(char: str) -> str:
    if unicodedata.category(char) in _IGNORED:
        return ""
    return f"[{unicodedata.name(char, f'U+{ord(char):04X}').lower()}]"


def typeset_page(job: dict[str, Any]) -> bytes | None:
    """Return the PDF (PDF/A-2u), or None without a Chinese font."""
    fonts, families = choose_fonts(job["language"], job["fonts"])
    if not families:
        return None
    source = files(__package__).joinpath("paper.typ").read_bytes()
    said = json.dumps(
        job["content"] | {"fonts": families, "qr": _qr_code(job["content"]["paper"]["link"]), "logo": bool(job["logo"])}
    )
    with tempfile.TemporaryDirectory() as folder:
        if job["logo"]:
            Path(folder, _LOGO).write_bytes(base64.b64decode(job["logo"]))
        for _ in range(_TRIES):
            try:
                return typst.compile(  # type: ignore[type-var]  # its stub wants all paths to be of the type of the source
                    source,
                    root=folder,
                    font_paths=fonts,
                    ignore_system_fonts=True,
                    sys_inputs={"said": said},
                    pdf_standards=["a-2u"],
                    timestamp=job["at"],
                )
            except typst.TypstError as error:
                missing = {char for found in _UNPRINTABLE.findall(error.diagnostic) for char in _characters(found)}
                if not missing:
                    raise
                said = json.dumps(_in_texts(json.loads(said), missing))
    raise RuntimeError("some characters have no glyph, and neither have their names")


def _characters(shown: str) -> str:
    """Return the characters that an error names, which shows some of them escaped."""
    return re.sub(r"\\u\{([0-9a-f]+)\}", lambda code: chr(int(code[1], 16)), shown)


def _in_texts(value: Any, missing: set[str]) -> Any:
    match value:
        case str():
            return spell_out(value, missing)
        case list():
            return [_in_texts(one, missing) for one in value]
        case dict():
            return {name: _in_texts(one, missing) for name, one in value.items()}
    return value


def _qr_code(link: str) -> str:
    """Return the QR code as an SVG picture."""
    if not link:
        return ""
    picture = io.BytesIO()
    segno.make(link, error="m", micro=False).save(picture, kind="svg", xmldecl=False, border=2)
    return picture.getvalue().decode()


def main() -> int:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    try:
        pdf = typeset_page(json.load(sys.stdin))
    except typst.TypstError as error:
        sys.stderr.write(error.diagnostic)
        return NO_LOGO if _LOGO in error.diagnostic else 1
    if pdf is None:
        return NO_FONT
    sys.stdout.buffer.write(pdf)
    return 0


if __name__ == "__main__":
    sys.exit(main())
