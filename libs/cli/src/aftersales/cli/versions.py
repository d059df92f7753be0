"""`aftersales version`: shows the version of this program and of each service."""

import asyncio
from importlib.metadata import version
from typing import Any

import typer

from aftersales.cli.connection import connect_to_service
from aftersales.cli.output import AsJson, print_json, print_table
from aftersales.cli.session import Session, Trouble


def show_versions(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Show the version of this program and of each service. Exit code 2: one does not answer."""
    session: Session = ctx.obj
    silent: list[Trouble] = []
    services = session.run(_ask_all(session, silent))
    ours = version("aftersales-cli")
    if as_json:
        print_json({"version": ours, "services": services})
    else:
        rows = [[one["service"], one["version"] or session.words("cli.silent"), one["url"]] for one in services]
        titles = (session.words("cli.column.service"), session.words("cli.column.version"), "URL")
        print_table(titles, [["aftersales", ours, ""], *rows])
    session.end(silent)


async def _ask_all(session: Session, silent: list[Trouble]) -> list[dict[str, Any]]:
    async def ask(service: str) -> dict[str, Any]:
        found = None
        try:
            async with connect_to_service(session, service) as connection:
                found = connection.version
        except Trouble as trouble:
            silent.append(trouble)
        return {"service": service, "url": session.urls[service], "version": found}

    return await asyncio.gather(*map(ask, session.urls))
