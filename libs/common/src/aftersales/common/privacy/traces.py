"""The search for a customer in texts that no field describes, such as the bodies of messages (ALL-6). Pure."""

import re
from collections.abc import Iterable


def has_any(words: Iterable[str], text: bytes | str) -> bool:
    """Return whether a text, perhaps as stored bytes, has one of these words."""
    known = [re.escape(word) for word in words if word]
    if isinstance(text, str):
        text = text.encode(errors="surrogatepass")
    return bool(known) and re.search("|".join(known).encode(), text) is not None
