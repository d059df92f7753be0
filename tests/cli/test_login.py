"""`aftersales login`, against the development sign-in server: browser, device and program; renewed, and ended."""

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cli.system import INTAKE, NOBODY, PROGRAM, ROWS, Program, open_system, saved

from aftersales.common.clock import SystemClock
from aftersales.common.work import audit
from aftersales.testing import eventually
from aftersales.testing.sign_in.running import run_sign_in_server
from aftersales.testing.sign_in.storage import secret_path

BRANCHES = "code,name,zone,lat,lon\nsh-01,上海静安服务中心,Asia/Shanghai,31.23,121.45\n"
CLAIMS = {
    "oidc_name_claim": "preferred_username",
    "oidc_roles_claim": "roles",
    "oidc_branches_claim": "branches",
}
CLICK = """
import re, sys, urllib.parse, urllib.request
from html import unescape
url, person = sys.argv[2], sys.argv[1]
page = urllib.request.urlopen(url).read().decode()
action = unescape(re.search("action='(.*?)'", page)[1])
said = urllib.parse.urlencode({"person": person}).encode()
print(urllib.request.urlopen(urllib.parse.urljoin(url, action), said).read().decode())
"""
"""A browser in which somebody clicks a name at once."""


@pytest.fixture
async def issuer(tmp_path: Path) -> AsyncIterator[str]:
    async with run_sign_in_server(tmp_path / "server") as url:
        yield url


@pytest.fixture
async def aftersales(urls: Any, issuer: str) -> AsyncIterator[Program]:
    settings = CLAIMS | {"oidc_issuer": issuer}
    async with open_system(urls, SystemClock(), [INTAKE], **settings) as program:
        yield program


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "click.py").write_text(CLICK)
    return {
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "BROWSER": f"{sys.executable} {tmp_path / 'click.py'} headquarters %s",
        "AFTERSALES_TOKEN": "",
    }


def stored(home: dict[str, str]) -> list[Path]:
    return list((Path(home["XDG_CONFIG_HOME"]) / "aftersales" / "sign-in").glob("*"))


async def test_a_browser_signs_in_and_every_command_is_that_persons(
    aftersales: Program, home: dict[str, str], tmp_path: Path
) -> None:
    done = await aftersales("--lang", "zh-Hans", "login", **home)
    assert done.code == 0, done.err
    assert "已以 headquarters 吴卫东 的身份登录" in done.out
    (file,) = stored(home)
    assert file.stat().st_mode & 0o777 == 0o600
    sheet = saved(tmp_path, "branches.csv", BRANCHES)
    imported = await aftersales("import", "branches", sheet, **home)
    assert imported.code == 0, imported.err
    (change,) = await audit.read_changes(aftersales.system.intake.runtime.mongo, "branches/sh-01")
    assert change["who"] == "headquarters"
    who = await aftersales("whoami", "--json", **home)
    assert who.json["name"] == "headquarters 吴卫东"
    assert who.json["me"]["roles"] == ["headquarters"]
    said = await aftersales("--lang", "zh-Hans", "whoami", **home)
    assert "角色 headquarters" in said.out
    assert "网点 *" in said.out


async def test_logout_ends_it_here_and_at_the_server(aftersales: Program, home: dict[str, str], issuer: str) -> None:
    await aftersales("login", **home)
    (file,) = stored(home)
    before = json.loads(file.read_text())
    assert (await aftersales("logout", **home)).out == "Signed out.\n"
    assert stored(home) == []
    again = {"grant_type": "refresh_token", "client_id": "aftersales-cli", "refresh_token": before["refresh_token"]}
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.post(f"{issuer}/token", data=again)).json()["error"] == "invalid_grant"
    refused = await aftersales("dead", "list", "--service", "intake", **home)
    assert refused.code == 2
    assert "`aftersales login` signs in" in refused.err
    assert (await aftersales("whoami", **home)).code == 1


async def test_a_device_shows_a_code_and_signs_in_when_a_browser_elsewhere_has_answered(
    aftersales: Program, home: dict[str, str]
) -> None:
    environment = {"AFTERSALES_INTAKE_URL": aftersales.urls["intake"], **home}
    waits = await asyncio.create_subprocess_exec(
        PROGRAM, "login", "--device", env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert waits.stderr is not None
    told = (await asyncio.wait_for(waits.stderr.readline(), 20)).decode()
    ((page, code),) = re.findall(r"^Open (\S+) in any browser and check that it shows the code (\S+)\.$", told)
    async with httpx.AsyncClient(trust_env=False) as http:
        shown = await http.get(page)
        assert code in shown.text
        await http.post(page.partition("?")[0], data={"user_code": code, "person": "T-SH-01"})
    out, err = await asyncio.wait_for(waits.communicate(), 20)
    assert waits.returncode == 0, err.decode()
    assert "Signed in as T-SH-01 马志强" in out.decode()


async def test_a_program_signs_in_with_the_secret_of_its_account(
    aftersales: Program, home: dict[str, str], tmp_path: Path
) -> None:
    account = {
        "AFTERSALES_CLIENT_ID": "service-survey",
        "AFTERSALES_CLIENT_SECRET_FILE": str(secret_path(tmp_path / "server", "service-survey")),
    }
    done = await aftersales("login", "--client-credentials", **home, **account)
    assert "Signed in as service-survey" in done.out, done.err
    wrong = account | {"AFTERSALES_CLIENT_SECRET": "wrong", "AFTERSALES_CLIENT_SECRET_FILE": ""}
    refused = await aftersales("login", "--client-credentials", **home, **wrong)
    assert refused.code == 2
    assert "invalid_client" in refused.err
    nothing = await aftersales("login", "--client-credentials", **home)
    assert "Set AFTERSALES_CLIENT_ID" in nothing.err


async def test_who_refuses_in_the_browser_is_not_signed_in(aftersales: Program, home: dict[str, str]) -> None:
    refused = await aftersales("login", **home | {"BROWSER": home["BROWSER"].replace("headquarters", "''")})
    assert refused.code == 2
    assert "access_denied" in refused.err
    assert stored(home) == []


async def test_a_token_that_ends_is_renewed_once_for_all_calls_and_a_lost_sign_in_is_told(
    urls: Any, home: dict[str, str], tmp_path: Path
) -> None:
    """20 s is less than the time to spare, so that each command renews; the server takes a refresh token once."""
    async with run_sign_in_server(tmp_path / "short", seconds=20) as issuer:
        settings = CLAIMS | {"oidc_issuer": issuer}
        async with open_system(urls, SystemClock(), ROWS[:2], **settings) as aftersales:
            await aftersales("login", **home)
            (file,) = stored(home)
            first = json.loads(file.read_text())
            both = ("dead", "list", "--service", "intake", "--service", "dispatch")
            for done in await asyncio.gather(*(aftersales(*both, **home) for _ in range(3))):
                assert done.code == 0, done.err
            second = json.loads(file.read_text())
            assert second["refresh_token"] != first["refresh_token"]
            token = (await aftersales("token", **home)).out.strip()
            answer = await aftersales.system.intake.http.get("/dead", headers={"authorization": f"Bearer {token}"})
            assert answer.status_code == 200
            assert stored(home) == [file]
            file.write_text(json.dumps(second))
            lost = await aftersales("dead", "list", "--service", "intake", **home)
            assert lost.code == 2
            assert f"The sign-in at {issuer} is over" in lost.err


async def test_a_folder_that_cannot_be_written_is_named(
    aftersales: Program, home: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    done = await aftersales("login", **home | {"XDG_CONFIG_HOME": str(tmp_path / "file")})
    assert done.code == 2
    assert f"cannot be stored in {tmp_path}/file" in done.err


async def test_the_environments_token_comes_before_the_stored_one(aftersales: Program, home: dict[str, str]) -> None:
    await aftersales("login", **home)
    bad = await aftersales("dead", "list", "--service", "intake", **home | {"AFTERSALES_TOKEN": "not.a.token"})
    assert bad.code == 2
    assert "no JSON Web Token" in bad.err


async def test_a_stored_token_goes_to_no_service_that_did_not_name_its_server(
    aftersales: Program, home: dict[str, str]
) -> None:
    """Another program on this machine that poses as dispatch must not be given the token."""
    await aftersales("login", **home)
    heard: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.close()

    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        aftersales.urls["dispatch"] = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await aftersales("dead", "list", "--service", "dispatch", **home)
        await eventually(lambda: asyncio.sleep(0, heard))
    assert b"authorization" not in b"".join(heard).lower()


async def test_services_without_sign_in_say_so(urls: Any, clock: Any, home: dict[str, str]) -> None:
    async with open_system(urls, clock, [INTAKE]) as aftersales:
        aftersales.urls |= dict.fromkeys(("dispatch", "inventory", "feedback"), NOBODY)
        done = await aftersales("login", **home)
        assert done.code == 2
        assert "ask for no sign-in" in done.err
        aftersales.urls = dict.fromkeys(("intake", "dispatch", "inventory", "feedback"), NOBODY)
        assert "No service answers" in (await aftersales("login", **home)).err
