"""HTTP in, for branch desks: one file a subject."""

from fastapi import APIRouter

from . import (
    answers,
    archive,
    branches,
    digests,
    handover,
    imports,
    meeting,
    merges,
    notices,
    ownership,
    people,
    policies,
    products,
    requests,
    training,
)

PARTS = (
    requests,
    answers,
    ownership,
    policies,
    branches,
    archive,
    merges,
    products,
    people,
    training,
    meeting,
    notices,
    handover,
    imports,
    digests,
)
router = APIRouter()
for part in PARTS:
    router.routes.extend(part.router.routes)
