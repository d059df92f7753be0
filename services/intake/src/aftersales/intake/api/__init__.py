"""HTTP in, for branch desks: one file a subject."""

from fastapi import APIRouter

from . import archive, branches, digests, requests

router = APIRouter()
for part in (requests, branches, archive, digests):
    router.routes.extend(part.router.routes)
