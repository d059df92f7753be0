"""HTTP in, for branch desks: one file a subject."""

from fastapi import APIRouter

from aftersales.common.service import PROBLEMS

from . import archive, branches, contracts, entitlements, files, partners, recalls, requests

router = APIRouter(responses=PROBLEMS)
for part in (requests, branches, archive, contracts, entitlements, recalls, files, partners):
    router.include_router(part.router)
