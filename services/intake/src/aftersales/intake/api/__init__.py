"""HTTP in, for branch desks: one file a subject."""

from fastapi import APIRouter

from . import answers, archive, branches, digests, policies, requests

router = APIRouter()
for part in (requests, answers, policies, branches, archive, digests):
    router.routes.extend(part.router.routes)
