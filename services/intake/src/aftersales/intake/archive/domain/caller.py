"""The caller as a contact gives them, and what leads to the customer in the archive (INT-2, INT-3). Pure."""

from typing import Annotated

from pydantic import AfterValidator

from aftersales.values import ChatId, Email, Line, Phone, Value
from aftersales.values.personal import refuse_masked


class NamedCaller(Value):
    """The caller, as given in the contact (INT-2)."""

    name: Annotated[Line, AfterValidator(refuse_masked)]
    """The name, as the caller gives it."""
    phone: Phone | None = None
    """Leads to the customer in the archive, as do e-mail address and chat account of somebody without a phone."""
    address: Line | None = None
    """Null if it is known or not needed."""
    email: Annotated[Email, AfterValidator(refuse_masked)] | None = None
    chat_id: Annotated[ChatId, AfterValidator(refuse_masked)] | None = None
    """Their account in a chat or on a platform."""

    @property
    def points(self) -> tuple[str, ...]:
        """The ids of contact points that lead to the customer: the phone, or without one the other ways."""
        return (self.phone,) if self.phone else account_points(self.email, self.chat_id)


def account_points(*accounts: str | None) -> tuple[str, ...]:
    """Return the ids of the contact points of an e-mail address and chat accounts, which are not case-sensitive."""
    email, *chats = accounts
    chat = (f"chat:{account.casefold()}" for account in chats if account)
    return *((f"mailto:{email.casefold()}",) if email else ()), *dict.fromkeys(chat)
