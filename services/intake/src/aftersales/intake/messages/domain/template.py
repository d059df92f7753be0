"""The list of messages: purpose, parameters and words. Pure; `store` reads it from `templates.toml`."""

from typing import Literal

from pydantic import Field

from aftersales.common.events.intake import Language
from aftersales.values import Value

MessagePurpose = Literal["necessary", "courtesy"]
TemplateCode = Literal[
    "told_of_escalation",
    "request_registered",
    "answer_promised",
    "recall_affects_you",
    "entitlement_due",
    "appointment_set",
    "appointment_moved",
    "technician_on_the_way",
    "visit_late",
    "not_reached",
]
"""The messages of `templates.toml`; docs/notices.md lists them with their words."""


class Template(Value):
    """One message that customers are sent."""

    asked_by: str
    """The service whose events ask for it."""
    purpose: MessagePurpose
    """`necessary` messages are part of the service; `courtesy` ones can be refused by the consent `notices`."""
    desk: bool = False
    """Whether a person must tell the customer when no gateway can."""
    any_hour: bool = False
    """Whether it is sent during quiet hours, because it is about the next minutes."""
    params: tuple[str, ...]
    en: str
    zh_hans: str = Field(alias="zh-Hans")
    zh_hant: str = Field(alias="zh-Hant")

    def text(self, language: Language) -> str:
        return {"en": self.en, "zh-Hans": self.zh_hans, "zh-Hant": self.zh_hant}[language]
