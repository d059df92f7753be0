"""HTTP in, for branch desks and (`public`) for everybody: one file a subject."""

from fastapi import APIRouter

from . import archive, boards, branches, classification, complaints, lists, public, requests

PARTS = (lists, requests, boards, branches, archive, classification, complaints, public)
router = APIRouter()
for part in PARTS:
    router.routes.extend(part.router.routes)
