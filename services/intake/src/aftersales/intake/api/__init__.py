"""HTTP in, for branch desks: one file a subject."""

from fastapi import APIRouter

from . import archive, branches, contracts, digests, entitlements, files, partners, recalls, requests

router = APIRouter()
for part in (requests, branches, archive, digests, contracts, entitlements, recalls, files, partners):
    router.routes.extend(part.router.routes)
