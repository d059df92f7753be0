"""HTTP API of requests: one file per subject, in the order in which paths are matched."""

from fastapi import APIRouter

from . import answers, boards, corrections, coverage, lists, ownership, prepaid, preview, requests, steps, unclear

router = APIRouter()
for part in (preview, lists, requests, corrections, answers, steps, coverage, ownership, prepaid, boards, unclear):
    router.routes.extend(part.router.routes)
