"""Links in messages to customers that show their request without number and phone (INT-11)."""

from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlencode

from aftersales.common.events.intake import Language
from aftersales.common.signed_links import LinkSigner

REQUEST_LINK = "request"
"""The purpose of these links."""


class RequestLinks(NamedTuple):
    """Makes the links; without a key or an address there are none."""

    signer: LinkSigner
    page: str
    """The address of the public page."""

    def address(self, request: str, version: int, made_at: datetime, language: Language) -> str:
        if not (self.signer and self.page):
            return ""
        token = self.signer.sign(REQUEST_LINK, request, version, made_at)
        return f"{self.page}?{urlencode({'lang': language, 'link': token})}"
