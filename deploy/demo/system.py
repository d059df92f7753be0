"""The system that the demo plays on: started here with the demo's settings, or found where the environment says."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import httpx
from deploy.demo.books import ping
from deploy.local import screen
from deploy.local.place import PORTS, SERVICES, Place, read_profile
from deploy.local.programs import Program, programs
from deploy.local.up import StartError, bring_up
from pymongo.errors import PyMongoError

from aftersales.testing.servers import ServerUnavailableError, wait_amqp
from aftersales.testing.sign_in.running import ActingTokens

_PATIENCE = 20.0


class NoSystemError(Exception):
    """There is nothing to play on; the words, if any are still needed, are for a person."""


@dataclass(frozen=True)
class System:
    """Where everything is. `programs` is empty when somebody else started it."""

    urls: Mapping[str, str]
    """Of the four services, by name."""
    mongo_url: str
    amqp_url: str
    programs: tuple[Program, ...] = ()

    tokens: ActingTokens | None = None
    """Those of the people who play, where the services ask for sign-in."""

    async def environment(self) -> dict[str, str]:
        """Give what the `aftersales` command reads: it is run by headquarters."""
        found = {f"AFTERSALES_{name.upper()}_URL": url for name, url in self.urls.items()}
        return found | ({"AFTERSALES_TOKEN": await self.tokens.act_as("headquarters")} if self.tokens else {})

    def show(self) -> None:
        """Print where a person can look now."""
        if self.programs:
            screen.links(self.programs)
        else:
            screen.say("\n" + "".join(f"{name:<11} {url}/docs\n" for name, url in self.urls.items()))


def start() -> System:
    """Start what does not run yet, with deploy/local/demo.env. Raises `NoSystemError`."""
    place = Place(profile=read_profile("demo"))
    try:
        bring_up(place, show_links=False)
        running = {program.name: program for program in programs(place)}
    except StartError as error:
        raise NoSystemError from error  # it has been explained on the screen
    except (ServerUnavailableError, RuntimeError, ValueError) as error:
        raise NoSystemError(str(error)) from error
    env = running["intake"].env
    urls = {name: f"http://127.0.0.1:{place.port(name.upper())}" for name in SERVICES}
    return System(
        urls=urls,
        mongo_url=env["AFTERSALES_MONGO_URL"],
        amqp_url=env["AFTERSALES_AMQP_URL"],
        programs=tuple(running.values()),
        tokens=_people_tokens(urls["intake"], place),
    )


def attach(environ: Mapping[str, str]) -> System:
    """Find a running system by AFTERSALES_*_URL; by default where docker-compose.yml publishes it."""
    system = System(
        urls={
            name: environ.get(f"AFTERSALES_{name.upper()}_URL", f"http://127.0.0.1:{PORTS[name.upper()]}")
            for name in SERVICES
        },
        mongo_url=environ.get("AFTERSALES_MONGO_URL", f"mongodb://127.0.0.1:{PORTS['MONGO']}/?directConnection=true"),
        amqp_url=environ.get("AFTERSALES_AMQP_URL", f"amqp://aftersales:aftersales@127.0.0.1:{PORTS['AMQP']}"),
    )
    for name, url in system.urls.items():
        _must_be_ready(name, url)
    _must_answer("AFTERSALES_MONGO_URL", lambda: ping(system.mongo_url))
    _must_answer("AFTERSALES_AMQP_URL", lambda: wait_amqp(system.amqp_url, seconds=5))
    return replace(system, tokens=_people_tokens(system.urls["intake"], Place()))


def _people_tokens(intake: str, place: Place) -> ActingTokens | None:
    """Return the people's tokens if intake asks for sign-in; only the development sign-in server gives them."""
    answer = httpx.get(f"{intake}/sign-in", timeout=5, trust_env=False)
    issuer = str(answer.raise_for_status().json()["issuer"])
    if issuer and issuer != f"http://127.0.0.1:{place.port('SIGN_IN')}":
        raise NoSystemError(
            f"People sign in at {issuer}, where the demo cannot act for them. It plays with the sign-in server of "
            "`make up`, or without one (AFTERSALES_OIDC_ISSUER empty)."
        )
    return ActingTokens(issuer, place.sign_in_dir) if issuer else None


def _must_be_ready(name: str, url: str) -> None:
    """Give one that has just been started some time."""
    deadline = time.monotonic() + _PATIENCE
    with screen.console.status(f"{name} …"):
        while reason := _why_not_ready(url):
            if time.monotonic() > deadline:
                variable = f"AFTERSALES_{name.upper()}_URL"
                raise NoSystemError(f"{name} is not ready at {url} ({reason}); {variable} moves it")
            time.sleep(0.5)


def _why_not_ready(url: str) -> str:
    try:
        answer = httpx.get(f"{url}/healthz", timeout=5, trust_env=False)
    except httpx.HTTPError as error:
        return str(error)
    return "" if answer.status_code == httpx.codes.OK else answer.text


def _must_answer(variable: str, ask: Callable[[], None]) -> None:
    try:
        ask()
    except (ServerUnavailableError, PyMongoError) as error:
        reason = str(error).partition(" (configured")[0]
        raise NoSystemError(f"{reason}; {variable} says where it is, with its user and password") from error
