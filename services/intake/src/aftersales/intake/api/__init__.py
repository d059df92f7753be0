"""HTTP in, for branch desks: one file a subject."""

from fastapi import APIRouter

from . import archive, branches, digests, handover, meeting, notices, ownership, people, requests, training

router = APIRouter()
for part in (requests, branches, archive, digests, people, training, meeting, notices, handover, ownership):
    router.routes.extend(part.router.routes)
