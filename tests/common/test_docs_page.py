"""The documentation page where services ask for sign-in: *Authorize* can sign in, and says what needs it."""

import httpx
from cli.system import INTAKE
from testing.test_sign_in_server import ASKED

from aftersales.testing.sign_in.running import run_sign_in_server
from aftersales.testing.system import start_system


async def test_the_page_signs_in_with_pkce_at_a_server_that_knows_it(urls, clock, tmp_path):
    """Tried in Chromium: *Authorize*, a click on a name, and *Execute* sends the token."""
    async with (
        run_sign_in_server(tmp_path) as issuer,
        start_system(urls, clock, [INTAKE], oidc_issuer=issuer) as built,
        httpx.AsyncClient(base_url=issuer, trust_env=False) as web,
    ):
        page = (await built.intake.http.get("/docs")).text
        assert '"usePkceWithAuthorizationCodeGrant": true' in page
        assert '"clientId": "swagger"' in page
        assert (await built.intake.http.get("/docs/oauth2-redirect")).status_code == 200
        origin = {"origin": "http://127.0.0.1:8101", "access-control-request-method": "POST"}
        preflight = await web.options("/token", headers=origin | {"access-control-request-headers": "x-requested-with"})
        assert preflight.headers["access-control-allow-origin"] == origin["origin"]
        back = {"client_id": "swagger", "redirect_uri": "http://127.0.0.1:8101/docs/oauth2-redirect"}
        assert (await web.get("/authorize", params=ASKED | back)).status_code == 200


async def test_the_document_names_the_server_and_what_needs_no_token(urls, clock):
    async with start_system(urls, clock, [INTAKE], oidc_issuer="https://login.example/realms/x") as built:
        document = (await built.intake.http.get("/openapi.json")).json()
    scheme = document["components"]["securitySchemes"]["sign_in"]
    assert scheme["openIdConnectUrl"] == "https://login.example/realms/x/.well-known/openid-configuration"
    assert document["security"] == [{"sign_in": []}]
    free = {path for path, one in document["paths"].items() for said in one.values() if said.get("security") == []}
    assert free
    assert all(path.startswith("/public/") for path in free)


async def test_without_sign_in_the_document_and_the_page_ask_for_none(urls, clock):
    async with start_system(urls, clock, [INTAKE]) as built:
        document = (await built.intake.http.get("/openapi.json")).json()
        page = (await built.intake.http.get("/docs")).text
    assert "security" not in document
    assert "securitySchemes" not in document["components"]
    assert "usePkce" not in page
