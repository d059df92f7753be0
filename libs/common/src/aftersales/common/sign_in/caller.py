"""The caller of a request: who is asking, what they may do, and which branches they see."""

from dataclasses import dataclass

from aftersales.common.scope import WHOLE_NETWORK, Scope
from aftersales.common.sign_in.access import access_table


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking. Without sign-in it is anybody, who may do everything."""

    subject: str
    """The issuer's name for the person or program, which never changes; empty without sign-in."""
    name: str
    """The name under which records show them: the person's code, if the subject is bound to a person."""
    person: str | None = None
    """The person's code (ALL-8)."""
    roles: frozenset[str] = frozenset()
    """Access roles (`access.toml`)."""
    scope: Scope = WHOLE_NETWORK

    def may(self, action: str) -> bool:
        """Return whether the caller may do this action of `access.toml`."""
        return access_table().may(self.roles, action)


_EVERY_ROLE = frozenset(access_table().roles)


def trust_name(name: str) -> Caller:
    """Return the caller of a service without sign-in, under a name that nobody verified."""
    return Caller("", name[:100], None, _EVERY_ROLE)
