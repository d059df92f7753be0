"""The words for codes in the reader's language, for lists, files and the lookup."""

from functools import partial

from aftersales.common.terms import Terms
from aftersales.intake.catalogues.domain import Glossary
from aftersales.intake.requests.domain.form import UNSPECIFIED
from aftersales.intake.requests.domain.lookup import ReaderWords
from aftersales.intake.requests.domain.request import RequestState
from aftersales.intake.vocabulary import Channel, RequestKind
from aftersales.values.messages import render_message


def words_of_reader(locale: str, glossary: Glossary) -> ReaderWords:
    """Return the words for kinds, states, channels, stages, and for the codes of the catalogues."""
    return ReaderWords(
        locale,
        partial(_kind, locale=locale),
        partial(_state, locale=locale),
        partial(_channel, locale=locale),
        partial(_stage, locale=locale),
        partial(glossary.lines.name, locale=locale),
        partial(_fault, faults=glossary.faults, locale=locale),
    )


def _kind(kind: RequestKind, locale: str) -> str:
    """Return the words for a kind of request."""
    words: dict[RequestKind, str] = {
        "repair": render_message("kind.repair", locale, {}),
        "installation": render_message("kind.installation", locale, {}),
        "commissioning": render_message("kind.commissioning", locale, {}),
        "maintenance": render_message("kind.maintenance", locale, {}),
        "training": render_message("kind.training", locale, {}),
        "consultation": render_message("kind.consultation", locale, {}),
        "return": render_message("kind.return", locale, {}),
        "exchange": render_message("kind.exchange", locale, {}),
        "compensation": render_message("kind.compensation", locale, {}),
        "complaint": render_message("kind.complaint", locale, {}),
        "recall": render_message("kind.recall", locale, {}),
        "upgrade": render_message("kind.upgrade", locale, {}),
        "address_change": render_message("kind.address_change", locale, {}),
        "order_cancellation": render_message("kind.order_cancellation", locale, {}),
        "delivery_delay": render_message("kind.delivery_delay", locale, {}),
        "missing_piece": render_message("kind.missing_piece", locale, {}),
        "price_difference": render_message("kind.price_difference", locale, {}),
        "invoice": render_message("kind.invoice", locale, {}),
        "parcel_problem": render_message("kind.parcel_problem", locale, {}),
    }
    return words[kind]


def _state(state: RequestState, locale: str) -> str:
    """Return the words for the state of a request."""
    words: dict[RequestState, str] = {
        "registered": render_message("state.registered", locale, {}),
        "resolved": render_message("state.resolved", locale, {}),
        "reopened": render_message("state.reopened", locale, {}),
        "closed": render_message("state.closed", locale, {}),
        "cancelled": render_message("state.cancelled", locale, {}),
    }
    return words[state]


def _stage(stage: str, locale: str) -> str:
    """Return the words for a stage; a policy's own stage has only its name."""
    return render_message(f"stage.{stage}", locale, {}).removeprefix("stage.")


def _fault(code: str, faults: Terms, locale: str) -> str:
    return render_message("fault.unspecified", locale, {}) if code == UNSPECIFIED else faults.name(code, locale)


def _channel(channel: Channel, locale: str) -> str:
    words: dict[Channel, str] = {
        "phone": render_message("channel.phone", locale, {}),
        "email": render_message("channel.email", locale, {}),
        "web": render_message("channel.web", locale, {}),
        "letter": render_message("channel.letter", locale, {}),
        "walk_in": render_message("channel.walk_in", locale, {}),
        "on_site": render_message("channel.on_site", locale, {}),
        "chat": render_message("channel.chat", locale, {}),
        "message": render_message("channel.message", locale, {}),
        "social": render_message("channel.social", locale, {}),
        "suggestion_box": render_message("channel.suggestion_box", locale, {}),
        "partner": render_message("channel.partner", locale, {}),
    }
    return words[channel]
