"""HTTP in, for branch desks: one file a subject."""

from fastapi import APIRouter

from . import (
    answers,
    archive,
    branches,
    coverage,
    digests,
    handover,
    imports,
    meeting,
    merges,
    notices,
    ownership,
    people,
    policies,
    preview,
    products,
    requests,
    training,
)

PARTS = (
    requests,
    preview,
    answers,
    coverage,
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
