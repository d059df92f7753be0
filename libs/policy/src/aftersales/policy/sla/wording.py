"""Words for the stages of the presets, in the language of `say`. Pure."""

from collections.abc import Callable


def stage_words(say: Callable[[str], str]) -> dict[str, str]:
    """Return words by stage; other stages of a policy are shown as they are."""
    return {
        "review": say("stage.review"),
        "first_reply": say("stage.first_reply"),
        "answer": say("stage.answer"),
        "confirm": say("stage.confirm"),
        "resolve": say("stage.resolve"),
        "dispatch": say("stage.dispatch"),
        "arrival": say("stage.arrival"),
        "repair": say("stage.repair"),
        "callback": say("stage.callback"),
        "handover": say("stage.handover"),
        "commissioning": say("stage.commissioning"),
        "workshop": say("stage.workshop"),
        "contact_again": say("stage.contact_again"),
        "training": say("stage.training"),
        "fine": say("stage.fine"),
        "logistics_reply": say("stage.logistics_reply"),
        "logistics": say("stage.logistics"),
        "refund": say("stage.refund"),
        "complaint_answer": say("stage.complaint_answer"),
        "complaint_verify": say("stage.complaint_verify"),
        "complaint_timetable": say("stage.complaint_timetable"),
        "complaint_followup": say("stage.complaint_followup"),
        "department_reply": say("stage.department_reply"),
        "callback_quality": say("stage.callback_quality"),
        "callback_satisfaction": say("stage.callback_satisfaction"),
        "callback_riding": say("stage.callback_riding"),
    }
