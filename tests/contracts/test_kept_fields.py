"""Every field of a form, and of an event that begins a document, is kept, or stands here with the reason why not.

Each example fills every field of its form with a value that is not the default, and the rule itself makes the document.
A field that is added to a form fails here until it is kept or named.
"""

from dataclasses import replace

import pytest
from contracts.full_events import EVENTS
from contracts.full_forms import FORMS, SHARED, SUBJECT
from contracts.kept import Row, lost
from pydantic import BaseModel, create_model

from aftersales.common.fields import shared_fields
from aftersales.intake.requests.domain.form import RegisterRequest


@pytest.mark.parametrize("row", [*FORMS, *EVENTS], ids=lambda row: type(row.said).__name__)
def test_every_field_is_kept_or_named(row: Row) -> None:
    assert lost(row) == {}


@pytest.mark.parametrize("row", [*FORMS, *EVENTS], ids=lambda row: type(row.said).__name__)
def test_a_field_that_is_added_to_the_form_alone_is_found(row: Row) -> None:
    """On a broken copy of each form."""
    kind = create_model("More", __base__=type(row.said), added=(str, ""))
    fields = {name: getattr(row.said, name) for name in row.said.model_fields_set}
    for given, wrong in ({}, "the example does not say it"), ({"added": "x"}, "lost"):
        found = lost(replace(row, said=kind.model_construct(None, **fields, **given)))
        assert found["added"] in {wrong, "refused"}


def test_a_field_that_is_added_to_the_document_as_well_is_kept_by_itself() -> None:
    class Wide(BaseModel):
        branch: str
        added: str

    class More(RegisterRequest):
        added: str = "x"

    assert shared_fields(More.model_validate(SUBJECT | SHARED), Wide) == {"branch": "BJ01", "added": "x"}
