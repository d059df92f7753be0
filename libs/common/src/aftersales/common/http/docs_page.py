"""The documentation page of a service with sign-in: *Authorize* leads to the sign-in server, with PKCE."""

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse

from aftersales.common.settings import ServiceSettings


def docs_page(app: FastAPI, settings: ServiceSettings) -> APIRouter:
    """Return the route of the page; its files are those of `fastapi_offline`, which has no sign-in."""
    router = APIRouter(include_in_schema=False)

    @router.get("/docs")
    async def show_docs(request: Request) -> HTMLResponse:
        root = request.scope.get("root_path", "")
        return get_swagger_ui_html(
            openapi_url=f"{root}{app.openapi_url}",
            title=f"{app.title} - Swagger UI",
            oauth2_redirect_url=f"{root}{app.swagger_ui_oauth2_redirect_url}",
            swagger_js_url=f"{root}/static-offline-docs/swagger-ui-bundle.js",
            swagger_css_url=f"{root}/static-offline-docs/swagger-ui.css",
            swagger_favicon_url=f"{root}/static-offline-docs/favicon.png",
            init_oauth={
                "clientId": settings.oidc_docs_client_id,
                "scopes": settings.oidc_scope,
                "usePkceWithAuthorizationCodeGrant": True,
            },
        )

    return router
