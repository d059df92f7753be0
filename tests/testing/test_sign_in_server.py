"""The development sign-in server: who gets a token in which way, who does not, and where it starts."""

import base64
import hashlib
import os
import re
import subprocess
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from aftersales.testing.sign_in.directory import DEVICE, EXCHANGE, read_accounts
from aftersales.testing.sign_in.running import COMMAND, ActingTokens, run_sign_in_server

VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
BACK = "http://127.0.0.1:50123/callback"
ASKED = {
    "client_id": "aftersales-cli",
    "response_type": "code",
    "redirect_uri": BACK,
    "state": "s-1",
    "scope": "openid",
    "nonce": "n-1",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("sign-in")


@pytest.fixture(scope="module")
async def issuer(folder):
    async with run_sign_in_server(folder) as url:
        yield url


@pytest.fixture
async def web(issuer):
    async with httpx.AsyncClient(base_url=issuer, trust_env=False) as client:
        yield client


async def sign_in(web, person="desk-sh-01", **changes):
    """Click a name, and return what the browser is sent back with."""
    page = await web.get("/authorize", params=ASKED | changes)
    assert page.status_code == 200, page.text
    action = unescape(re.search(r"<form method=post action='(.*?)'", page.text)[1])
    answer = await web.post(action, data={"person": person})
    assert answer.status_code == 302
    return {name: value for name, (value,) in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def exchange(code, verifier=VERIFIER, **changes):
    return {
        "grant_type": "authorization_code",
        "client_id": "aftersales-cli",
        "redirect_uri": BACK,
        "code": code,
        "code_verifier": verifier,
    } | changes


async def ask(web, **form):
    answer = await web.post("/token", data=form)
    return answer.status_code, answer.json()


async def claims(web, token):
    keys = KeySet.import_key_set((await web.get("/keys")).json())
    return jwt.decode(token, keys, algorithms=["RS256"])


async def test_a_click_on_a_name_gives_a_token_that_says_who_and_for_whom(web, issuer):
    back = await sign_in(web)
    assert back.keys() == {"code", "state"}
    status, said = await ask(web, **exchange(back["code"]))
    assert status == 200, said
    token = await claims(web, said["access_token"])
    expected = read_accounts()["desk-sh-01"]
    assert token.header["typ"] == "at+jwt"
    assert token.claims | {"iss": issuer, "aud": "aftersales", "client_id": "aftersales-cli"} == token.claims
    assert token.claims["sub"] == expected.subject
    said_of_them = [token.claims[name] for name in ("preferred_username", "roles", "branches")]
    assert said_of_them == ["desk-sh-01", ["clerk"], ["sh-01"]]
    assert token.claims["exp"] - token.claims["iat"] == 900
    assert (await claims(web, said["id_token"])).claims["nonce"] == "n-1"


async def test_a_code_works_once_with_its_verifier_and_its_address(web):
    code = (await sign_in(web, nonce="n-2"))["code"]
    assert (await ask(web, **exchange(code, "w" * 43)))[1]["error"] == "invalid_grant"
    assert (await ask(web, **exchange(code, redirect_uri=BACK.replace("50123", "50124"))))[1][
        "error"
    ] == "invalid_grant"
    assert (await ask(web, **exchange(code, client_id="swagger")))[1]["error"] == "invalid_grant"
    assert (await ask(web, **exchange(code)))[0] == 200
    assert (await ask(web, **exchange(code)))[1]["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "changes", [{"code_challenge_method": "plain"}, {"code_challenge_method": ""}, {"code_challenge": ""}]
)
async def test_a_sign_in_without_s256_is_refused_at_its_beginning(web, changes):
    answer = await web.get("/authorize", params=ASKED | changes)
    assert "error=invalid_request" in answer.headers["location"]


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/callback",
        "http://127.0.0.1.evil.example/callback",
        "http://127.0.0.1:80@evil.example/callback",
        "http://127.0.0.1:8101/docs/oauth2-redirect",
        "http://127.0.0.1:8101/callback?more=1",
        "http://[",
    ],
)
async def test_a_code_goes_only_to_this_machine_and_the_clients_own_path(web, address):
    answer = await web.get("/authorize", params=ASKED | {"redirect_uri": address})
    assert answer.status_code == 400
    assert "location" not in answer.headers


async def test_who_refuses_gives_no_code(web):
    assert (await sign_in(web, person="", nonce="n-3"))["error"] == "access_denied"


async def test_the_page_names_everybody_in_both_languages_says_there_is_no_password_and_has_no_script(web):
    page = (await web.get("/authorize", params=ASKED | {"nonce": "n-4"})).text
    assert all(f"{one.chinese} {one.english}" in page for one in read_accounts().values())
    assert "没有密码" in page
    assert "without passwords" in page
    assert "<script" not in page


async def test_a_refresh_token_is_used_once_and_a_revoked_one_never(web):
    said = (await ask(web, **exchange((await sign_in(web, nonce="n-5"))["code"])))[1]
    form = {"grant_type": "refresh_token", "client_id": "aftersales-cli"}
    status, renewed = await ask(web, **form, refresh_token=said["refresh_token"])
    assert status == 200
    assert (await claims(web, renewed["access_token"])).claims["preferred_username"] == "desk-sh-01"
    assert (await ask(web, **form, refresh_token=said["refresh_token"]))[1]["error"] == "invalid_grant"
    revoked = await web.post("/revoke", data={"client_id": "aftersales-cli", "token": renewed["refresh_token"]})
    assert revoked.status_code == 200
    assert (await ask(web, **form, refresh_token=renewed["refresh_token"]))[1]["error"] == "invalid_grant"


async def test_a_device_waits_for_the_answer_on_another_screen_and_is_told_to_slow_down(web):
    started = (await web.post("/device_authorization", data={"client_id": "aftersales-cli"})).json()
    form = {"grant_type": DEVICE, "client_id": "aftersales-cli", "device_code": started["device_code"]}
    assert (await ask(web, **form))[1]["error"] == "authorization_pending"
    assert (await ask(web, **form))[1]["error"] == "slow_down"
    assert (await web.get("/device", params={"user_code": "WRNG-CODE"})).status_code == 400
    chosen = {"user_code": started["user_code"].lower(), "person": "store-cd-01"}
    assert "可以关闭此页" in (await web.post("/device", data=chosen)).text
    assert (await web.post("/device", data=chosen)).status_code == 400
    status, said = await ask(web, **form)
    assert status == 200
    assert (await claims(web, said["access_token"])).claims["roles"] == ["store_keeper"]
    assert (await ask(web, **form))[0] == 400


async def test_a_refused_device_gets_nothing(web):
    started = (await web.post("/device_authorization", data={"client_id": "aftersales-cli"})).json()
    await web.post("/device", data={"user_code": started["user_code"], "person": ""})
    form = {"grant_type": DEVICE, "client_id": "aftersales-cli", "device_code": started["device_code"]}
    assert (await ask(web, **form))[1]["error"] == "access_denied"


async def test_programs_sign_in_with_the_secret_in_the_folder_and_only_the_demo_acts_for_people(web, issuer, folder):
    tokens = ActingTokens(issuer, folder)
    account, person = await tokens.act_as("service-survey"), await tokens.act_as("T-SH-01")
    assert (await claims(web, account)).claims["roles"] == ["service"]
    assert (await claims(web, await tokens.act_as("manager"))).claims["branches"] == ["sh-01", "cd-01"]
    assert (await claims(web, person)).claims["sub"] == read_accounts()["T-SH-01"].subject
    assert person == await tokens.act_as("T-SH-01")
    with pytest.raises(httpx.HTTPStatusError):
        await tokens.act_as("nobody")
    survey = ("service-survey", (folder / "service-survey.secret").read_text())
    refused = await web.post("/token", auth=survey, data={"grant_type": EXCHANGE, "requested_subject": "headquarters"})
    assert refused.json()["error"] == "unauthorized_client"
    wrong = await web.post("/token", auth=("demo", "wrong"), data={"grant_type": EXCHANGE, "requested_subject": "ops"})
    assert wrong.status_code == 401
    public = await web.post("/token", data={"grant_type": EXCHANGE, "client_id": "demo", "requested_subject": "ops"})
    assert public.status_code == 401


async def test_its_files_are_its_owners_only(issuer, folder):
    modes = {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir() if file.suffix != ".log"}
    assert {"key.json", "demo.secret"} <= modes.keys()
    assert set(modes.values()) == {0o600}


async def test_a_token_outlives_a_restart(tmp_path):
    async with run_sign_in_server(tmp_path) as url:
        token = await ActingTokens(url, tmp_path).act_as("ops")
    async with run_sign_in_server(tmp_path) as url, httpx.AsyncClient(base_url=url, trust_env=False) as web:
        assert (await claims(web, token)).claims["roles"] == ["ops"]


async def test_it_answers_to_no_other_name_and_only_pages_of_this_machine_may_read_it(web):
    assert (await web.get("/keys", headers={"host": "rebound.example"})).status_code == 400
    allowed = await web.get("/keys", headers={"origin": "http://127.0.0.1:8101"})
    foreign = await web.get("/keys", headers={"origin": "https://evil.example"})
    assert allowed.headers["access-control-allow-origin"] == "http://127.0.0.1:8101"
    assert "access-control-allow-origin" not in foreign.headers


@pytest.mark.parametrize("said", [None, "", "0", "false", "production"])
def test_it_does_not_start_outside_development(tmp_path, said):
    """Not even where the services may start without passwords."""
    allowed = "AFTERSALES_SIGN_IN_WITHOUT_PASSWORDS"
    environment = {name: value for name, value in os.environ.items() if name != allowed}
    environment |= {"AFTERSALES_DEVELOPMENT": "true"} | ({} if said is None else {allowed: said})
    command = [*COMMAND, "--port", "1", "--folder", str(tmp_path / "made")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"{allowed}=1" in done.stderr
    assert not (tmp_path / "made").exists()
