"""Serial numbers as people give them: what stands for "not known" is no number (INT-2, INT-9). Pure."""

import re
from typing import Annotated, Any
from unicodedata import normalize

from pydantic import AfterValidator, BeforeValidator

from aftersales.values import Serial

_PLACEHOLDER = re.compile(
    r"(.)\1{2,}|0{1,2}|[-/.?*X]{1,2}|N[./]?A\.?|NO|NONE|NULL|NIL|UNKNOWN|TBD|TEST|NOT (KNOWN|FOUND|AVAILABLE|READABLE)"
    "|[无無没沒](有|号码|號碼|序列号|序號)?|不[详詳明清]|不知道?|不清楚|未知|看不[清到]|暂无|暫無|待查"
)


def is_placeholder(text: str) -> bool:
    """Whether the text stands for a number that nobody knows: `unknown`, `n/a`, 不详, one character three times."""
    return bool(_PLACEHOLDER.fullmatch(normalize("NFKC", text).strip().upper()))


def _drop_placeholder(given: Any) -> Any:
    return None if isinstance(given, str) and (not given.strip() or is_placeholder(given)) else given


def _refuse_placeholder(serial: str) -> str:
    if is_placeholder(serial):
        raise ValueError("product.serial_placeholder")
    return serial


GivenSerial = Annotated[Serial | None, BeforeValidator(_drop_placeholder)]
"""What a caller gives; null where it stands for "not known"."""
ArchivedSerial = Annotated[Serial, AfterValidator(_refuse_placeholder)]
"""A number under which a product is archived. A placeholder would make one product of many."""
