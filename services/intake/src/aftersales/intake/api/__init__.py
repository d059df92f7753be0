"""HTTP in, for branch desks: one file a subject."""

from fastapi import APIRouter

from . import (
    answers,
    archive,
    branches,
    contracts,
    coverage,
    digests,
    entitlements,
    files,
    handover,
    imports,
    meeting,
    merges,
    notices,
    ownership,
    partners,
    people,
    policies,
    preview,
    products,
    recalls,
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
    contracts,
    entitlements,
    recalls,
    files,
    partners,
    imports,
    digests,
)
router = APIRouter()
for part in PARTS:
    router.routes.extend(part.router.routes)
