"""HTTP in, for branch desks: one file a subject."""

from fastapi import APIRouter

from . import archive, branches, merges, products, requests

router = APIRouter()
for part in (requests, branches, archive, merges, products):
    router.routes.extend(part.router.routes)
