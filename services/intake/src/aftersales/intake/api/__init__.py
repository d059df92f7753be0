"""HTTP in, for branch desks: one file a subject."""

from fastapi import APIRouter

from aftersales.common.service import PROBLEMS

from . import archive, branches, imports, requests

router = APIRouter(responses=PROBLEMS)
for part in (requests, branches, archive, imports):
    router.include_router(part.router)
