"""The application that is built from a service's declarations, and the process that serves it."""

import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from fastapi_offline import FastAPIOffline

from aftersales.common.clock import Clock, SystemClock
from aftersales.common.http import (
    archive,
    catch_up,
    dead_letters,
    deadlines,
    health,
    live,
    me,
    personal_data,
    problem,
    readings,
    trail,
)
from aftersales.common.http.caller_limits import CallerLimit, RefusalLimit
from aftersales.common.http.docs_page import docs_page
from aftersales.common.http.document import describe_app
from aftersales.common.http.exposition import expose_metrics
from aftersales.common.http.guards import Guards
from aftersales.common.http.headers import REQUEST_HEADERS, RESPONSE_HEADERS
from aftersales.common.http.idempotency import Replayed
from aftersales.common.http.middleware import RequestMiddleware
from aftersales.common.http.query import refuse_unknown_parameters
from aftersales.common.http.server import make_server
from aftersales.common.http.sign_in import SignInMiddleware, guard_routes, open_paths
from aftersales.common.runtime import Runtime
from aftersales.common.service import Service
from aftersales.common.settings import WrongSettings
from aftersales.common.sign_in.accounts import Accounts
from aftersales.common.sign_in.tokens import ClaimNames, TokenVerifier
from aftersales.common.telemetry import configure_logs, log

_RESTORED = {r"/archive/[^/]+/restorations": 20_000_000}
"""Paths and their largest body in bytes: a document may be as large as MongoDB stores it."""


def build_app(service: Service, clock: Clock | None = None) -> FastAPI:
    """Return the HTTP application; its lifespan starts and stops everything else."""
    runtime, settings = Runtime(service, clock or SystemClock()), service.settings

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await runtime.start()
        yield
        await runtime.stop()

    app = FastAPIOffline(
        docs_url="/docs",
        redoc_url=None,
        title=f"aftersales {service.name}",
        version=version("aftersales-common"),
        lifespan=lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # it would look for an exporter at each request
    )
    app.openapi = partial(describe_app, app, settings.oidc_issuer)  # type: ignore[method-assign]
    app.state.runtime, app.state.locale = runtime, settings.locale
    problem.install_handlers(app)
    app.add_exception_handler(Replayed, _replay)
    shared = (
        dead_letters.router,
        trail.router,
        archive.router,
        catch_up.router,
        me.router,
        readings.router,
        live.router,
        *([personal_data.router] if service.personal else []),
        *([deadlines.router] if service.clocked else []),
    )
    docs = [docs_page(app, settings)] if settings.oidc_issuer else []
    ours = (service.router, *shared, _operations(runtime), *docs)
    for router in ours:
        refuse_unknown_parameters(router.routes)
        guard_routes(router.routes)
    # before the documentation's routes, and without `include_router`, which would match each request twice
    app.router.routes[:0] = [route for router in ours for route in router.routes]
    _guard_app(app, runtime)
    return app


def _guard_app(app: FastAPI, runtime: Runtime) -> None:
    """Add what stands before the routes, from the inside to the outside."""
    settings, uploads = runtime.service.settings, {**_RESTORED, **runtime.service.uploads}
    clock, proxies = runtime.clock, settings.trusted_proxies
    app.add_middleware(CallerLimit, calls=settings.calls_a_minute, clock=clock, proxies=proxies)
    if settings.oidc_issuer:
        _close_gate(app, runtime)
        app.add_middleware(RefusalLimit, calls=settings.refusals_a_minute, clock=clock, proxies=proxies)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=("GET", "POST", "PUT", "PATCH", "DELETE"),
            allow_headers=("Authorization", "Content-Type", "Last-Event-ID", *REQUEST_HEADERS),
            expose_headers=("Content-Disposition", "Content-Language", "X-Correlation-Id", *RESPONSE_HEADERS),
        )
    app.add_middleware(
        RequestMiddleware,
        metrics=runtime.metrics,
        max_body=settings.max_body,
        uploads=uploads,
        guards=Guards(settings.oidc_issuer, proxies),
    )


def _close_gate(app: FastAPI, runtime: Runtime) -> None:
    settings, service = runtime.service.settings, runtime.service
    names = ClaimNames(settings.oidc_name_claim, settings.oidc_roles_claim, settings.oidc_branches_claim)
    app.add_middleware(
        SignInMiddleware,
        verifier=TokenVerifier(settings.oidc_issuer, settings.oidc_audience, names, runtime.clock),
        accounts=Accounts(runtime.mongo, frozenset(settings.oidc_first_subjects)),
        clock=runtime.clock,
        open_paths=open_paths(service.access, service.name),
    )


async def _replay(_request: Request, error: Exception) -> Response:
    """Return the stored answer to the same Idempotency-Key, marked as a repeat."""
    assert isinstance(error, Replayed)  # noqa: S101 (the handler is registered for it)
    answer = error.answer
    headers = answer.get("headers", {}) | {"Idempotent-Replayed": "true"}
    if "problem" in answer:
        again = problem.problem_response(_request, answer["status"], answer["problem"], answer["params"])
        again.headers.update(headers)
        return again
    return Response(answer["body"], answer["status"], headers, "application/json")


def _operations(runtime: Runtime) -> APIRouter:
    """Return the routes for orchestrators and load balancers (`health`), and the metrics page for Prometheus."""
    router = APIRouter(include_in_schema=False)

    @router.get("/livez")
    async def livez() -> JSONResponse:
        return JSONResponse({"alive": not runtime.failed}, 503 if runtime.failed else 200)

    @router.get("/readyz")
    async def readyz() -> JSONResponse:
        parts = await health.check_parts(runtime)
        return JSONResponse(parts, 200 if all(parts[name] for name in health.SERVES_HTTP) else 503)

    @router.get("/healthz")
    async def healthz() -> JSONResponse:
        parts = await health.check_parts(runtime)
        return JSONResponse(parts, 200 if all(parts.values()) else 503)

    @router.get("/version")
    async def versions() -> dict[str, str]:
        return {"service": runtime.service.name, "version": version("aftersales-common")}

    @router.get("/sign-in")
    async def name_sign_in() -> dict[str, str]:
        """Say where callers sign in; `issuer` is empty if they do not."""
        told = runtime.service.settings
        return {
            "issuer": told.oidc_issuer,
            "audience": told.oidc_audience,
            "client_id": told.oidc_client_id,
            "scope": told.oidc_scope,
        }

    @router.get("/metrics")
    async def metrics() -> Response:
        body, content_type = await expose_metrics(runtime)
        return Response(body, media_type=content_type)

    return router


def calm_garbage_collection() -> None:
    """Exclude imported modules from garbage collection and run it less often.

    A full collection stalled every request.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def run_service(make: Callable[[], Service]) -> None:
    """Serve until SIGTERM or Ctrl-C; then finish the accepted work within `stop_budget`.

    Wrong settings end it immediately, with the reasons on stderr.
    """
    try:
        service = make()
        settings = service.settings
        configure_logs(service.name, settings.log_level)
        app = build_app(service)
    except WrongSettings as error:
        raise SystemExit(str(error)) from error
    for variable, meant in settings.misspelt().items():
        log.warning("settings.unknown", variable=variable, meant=meant)
    calm_garbage_collection()
    server = make_server(app, settings)
    runtime: Runtime = app.state.runtime
    runtime.on_failure = lambda: setattr(server, "should_exit", True)
    server.run()
    raise SystemExit(1 if runtime.failed or not server.started else 0)
