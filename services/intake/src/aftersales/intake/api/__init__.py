"""HTTP in, for branch desks and (`public`) for everybody: one file a subject."""

from fastapi import APIRouter

from aftersales.common.service import PROBLEMS

from . import archive, boards, branches, classification, complaints, lists, public, requests

router = APIRouter(responses=PROBLEMS)
for part in (lists, requests, boards, branches, archive, classification, complaints, public):
    router.include_router(part.router)
