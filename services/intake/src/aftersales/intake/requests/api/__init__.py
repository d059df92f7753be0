"""HTTP API of requests: one file per subject, in the order in which paths are matched."""

from fastapi import APIRouter

from . import (
    answers,
    boards,
    corrections,
    coverage,
    lists,
    lookup,
    ownership,
    prepaid,
    preview,
    requests,
    steps,
    unclear,
)

PARTS = (
    *(lookup, preview, lists, requests, corrections, answers, steps),
    *(coverage, ownership, prepaid, boards, unclear),
)
router = APIRouter()
for part in PARTS:
    router.routes.extend(part.router.routes)
