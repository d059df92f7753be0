"""Combines the commands into one program; each group is in its own file."""

import os
from typing import Annotated

import typer

from aftersales.cli import (
    archive,
    audit,
    catching_up,
    dead_letters,
    deadlines,
    imports,
    policies,
    privacy,
    sign_in,
    versions,
)
from aftersales.cli.connection import DEFAULT_URLS, SERVICES, checked_url
from aftersales.cli.session import Session
from aftersales.values.messages import choose_locale

app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", pretty_exceptions_enable=False)
app.add_typer(imports.app, name="import")
app.add_typer(dead_letters.app, name="dead")
app.add_typer(catching_up.app, name="events")
app.add_typer(archive.app, name="archive")
app.add_typer(audit.app, name="audit")
app.add_typer(deadlines.app, name="sla")
app.add_typer(policies.app, name="policy")
app.add_typer(privacy.app, name="privacy")
app.command("login")(sign_in.log_in)
app.command("logout")(sign_in.log_out)
app.command("whoami")(sign_in.show_caller)
app.command("token")(sign_in.print_token)
app.command("version")(versions.show_versions)


@app.callback()
def configure_program(
    ctx: typer.Context,
    url: Annotated[
        list[str] | None,
        typer.Option(metavar="SERVICE=URL", help="Where a service answers, e.g. `intake=http://127.0.0.1:8101`."),
    ] = None,
    lang: Annotated[
        str,
        typer.Option(envvar="AFTERSALES_LOCALE", help="Language of messages: `en`, `zh-Hans` or `zh-Hant`."),
    ] = "en",
) -> None:
    """After-sales service from the command line: import data, manage dead letters and policies.

    The services are expected on this machine, ports 8101 to 8104; `--url` or `AFTERSALES_INTAKE_URL`,
    `AFTERSALES_DISPATCH_URL`, `AFTERSALES_INVENTORY_URL`, `AFTERSALES_FEEDBACK_URL` name other addresses.

    Exit codes: 0 done, 1 something was refused, 2 nothing (more) could be done.
    """
    ctx.obj = Session(service_addresses(url or []), choose_locale(lang, "en"))


def service_addresses(given: list[str]) -> dict[str, str]:
    """Return each service's address: the option's, else the environment's, else the default."""
    named = {service: os.environ.get(f"AFTERSALES_{service.upper()}_URL") or None for service in SERVICES}
    for pair in given:
        service, _, url = pair.partition("=")
        if service not in SERVICES:
            raise typer.BadParameter(f"{pair} names none of {', '.join(SERVICES)}: write e.g. intake=http://host:8101")
        named[service] = url
    return {service: checked_url(url) if url is not None else DEFAULT_URLS[service] for service, url in named.items()}


def main() -> None:
    """Run the `aftersales` program."""
    app()
