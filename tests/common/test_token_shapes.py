"""The access tokens of other sign-in servers, by the claims that they document, with the settings of docs/sign-in.md.

The claims are those of Keycloak 26, Entra's v2.0 tokens (access token claims reference), Authentik's OAuth2 provider
and Dex's ID tokens; names and ids are ours, and so is `branches`, mapped from an attribute. Each is signed here,
because only a signature makes it a token.
"""

import json
from pathlib import Path

import pytest
from common.counter import Counter, service
from common.issuer import serve_issuer

from aftersales.common.settings import ServiceSettings
from aftersales.common.work import audit
from aftersales.testing.system import start_system

RECORDED = json.loads((Path(__file__).parent / "recorded_claims.json").read_text())


@pytest.mark.parametrize("product", RECORDED)
async def test_the_token_of_another_server_signs_in_and_one_for_another_program_does_not(urls, clock, product):
    recorded = RECORDED[product]
    with serve_issuer() as issuer:
        issuer.claimed_issuer = issuer.url + recorded["issuer"]
        said = {"iss": issuer.claimed_issuer, **recorded["claims"]}
        settings = recorded["settings"] | {"oidc_issuer": issuer.claimed_issuer}

        async def add(**changes):
            token = issuer.token(clock.now(), header=recorded["header"], **(said | changes))
            bearer = {"authorization": f"Bearer {token}"}
            return await built.counter.http.post("/counters/c/add", json={"amount": 1}, headers=bearer)

        async with start_system(urls, clock, [(service, ServiceSettings)], **settings) as built:
            done = await add()
            assert done.status_code == 200, done.text
            (change,) = await audit.read_changes(built.counter.runtime.mongo, f"{Counter.COLLECTION}/c")
            assert change["who"] == recorded["name"]
            refused = await add(**recorded["wrong"])
            assert (refused.status_code, refused.json()["code"]) == (401, recorded["refused"])
