"""The HTTP server of a process: uvicorn, with streams that can be cut and that end before it stops."""

import math
from collections.abc import Callable
from socket import socket

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from aftersales.common.http.live import ABORT
from aftersales.common.runtime import HTTP_SHARE, Runtime
from aftersales.common.settings import ServiceSettings


class _Protocol(HttpToolsProtocol):
    def on_message_begin(self) -> None:
        """Let the application cut a connection whose client reads nothing; a server would wait for it for ever."""
        super().on_message_begin()
        self.scope[ABORT] = self.transport.abort  # type: ignore[literal-required]  # a key of ours


class Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, end_streams: Callable[[], None]) -> None:
        super().__init__(config)
        self._end_streams = end_streams

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        self._end_streams()
        await super().shutdown(sockets)


def make_server(app: FastAPI, settings: ServiceSettings) -> Server:
    """Return the server of an application that `build_app` made."""
    runtime: Runtime = app.state.runtime
    config = uvicorn.Config(
        app,
        host=settings.http_host,
        port=settings.http_port,
        loop="uvloop",
        http=_Protocol,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # `RequestContext.client` finds the caller's address
        timeout_graceful_shutdown=math.ceil(settings.stop_budget.total_seconds() * HTTP_SHARE),
    )
    return Server(config, runtime.live.stop)
