"""HTTP API: the public page for everybody, and the desks that handle its complaints."""

from fastapi import APIRouter

from . import complaints, everybody, show

router = APIRouter()
for part in (complaints, everybody, show):
    router.routes.extend(part.router.routes)
