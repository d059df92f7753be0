"""`aftersales version`: which version runs here, and in each service."""

import asyncio
from importlib.metadata import version

import typer
from rich.table import Table

from aftersales.common.cli.connection import connect
from aftersales.common.cli.session import OUT, Session, Trouble


def show(ctx: typer.Context) -> None:
    """Show the version of this program and of each service that answers."""
    session: Session = ctx.obj
    found = session.run(_ask_all(session))
    table = Table(box=None, show_header=False)
    table.add_row("aftersales", version("aftersales-common"), "")
    for service, answer in found.items():
        table.add_row(service, answer, session.urls[service])
    OUT.print(table)


async def _ask_all(session: Session) -> dict[str, str]:
    answers = await asyncio.gather(*(_ask(session, service) for service in session.urls))
    return dict(zip(session.urls, answers, strict=True))


async def _ask(session: Session, service: str) -> str:
    async with connect(session, service) as connection:
        try:
            return await connection.introduce()
        except Trouble:
            return session.words("cli.silent")
