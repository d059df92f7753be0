"""HTTP in, for branch desks: one file a subject."""

from fastapi import APIRouter

from . import answers, archive, branches, coverage, digests, policies, preview, requests

router = APIRouter()
for part in (preview, requests, answers, coverage, policies, branches, archive, digests):
    router.routes.extend(part.router.routes)
