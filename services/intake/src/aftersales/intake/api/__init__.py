"""HTTP in, for branch desks: one file a subject."""

from fastapi import APIRouter

from . import (
    answers,
    archive,
    branches,
    contracts,
    digests,
    entitlements,
    files,
    partners,
    policies,
    recalls,
    requests,
)

router = APIRouter()
PARTS = (requests, answers, policies, branches, archive, digests, contracts, entitlements, recalls, files, partners)
for part in PARTS:
    router.routes.extend(part.router.routes)
