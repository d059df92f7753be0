"""Sign-in by bearer tokens: who gets in, who does not and why, and what happens while the server rotates or is away."""

import pytest
from common.counter import Counter, service
from common.issuer import serve_issuer

from aftersales.common.settings import ServiceSettings, WrongSettings
from aftersales.common.sign_in.keys import PAUSE, RENEWED_EVERY, TRUSTED_FOR
from aftersales.common.work import audit
from aftersales.testing.system import start_system


@pytest.fixture
def issuer():
    with serve_issuer() as started:
        yield started


@pytest.fixture
async def gated(urls, clock, issuer):
    """The counter service behind the gate."""
    known = {"oidc_issuer": issuer.url, "oidc_first_subjects": ("u-17",)}
    async with start_system(urls, clock, [(service, ServiceSettings)], **known) as built:
        yield built.counter


async def ask(gated, token, path="/counters/c/add", **headers):
    bearer = {"authorization": f"Bearer {token}"} if token is not None else {}
    return await gated.http.post(path, json={"amount": 1}, headers=bearer | headers)


async def outcome(gated, token):
    answer = await ask(gated, token)
    return answer.status_code, answer.json().get("code")


async def test_a_signed_in_caller_is_the_actor_whatever_the_header_says_all_5(gated, issuer, clock):
    answer = await ask(gated, issuer.token(clock.now()), **{"X-Actor": "headquarters"})
    assert answer.status_code == 200
    (change,) = await audit.read_changes(gated.runtime.mongo, f"{Counter.COLLECTION}/c")
    assert change["who"] == "u-17"


async def test_no_token_is_told_to_sign_in_in_the_readers_language(gated):
    answer = await ask(gated, None, **{"accept-language": "zh-Hans"})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json()["detail"].startswith("请先登录")
    assert await gated.get(Counter, "c") is None


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz", "/version", "/metrics", "/docs"])
async def test_probes_metrics_and_documentation_stay_open(gated, path):
    assert (await gated.http.get(path)).status_code == 200


@pytest.mark.parametrize("path", ["/counters/c", "/dead", "/audit/counters/c", "/no-such", "/version/", "/livez/x"])
async def test_everything_else_is_closed_known_or_not(gated, path):
    assert (await gated.http.get(path)).status_code == 401


BAD = {
    "token.expired": lambda issuer, now: issuer.token(now, exp=int(now.timestamp()) - 31),
    "token.not_yet": lambda issuer, now: issuer.token(now, nbf=int(now.timestamp()) + 31),
    "token.issuer": lambda issuer, now: issuer.token(now, iss="https://elsewhere.example"),
    "token.audience": lambda issuer, now: issuer.token(now, aud=["another", "third"]),
    "token.claim_missing": lambda issuer, now: issuer.token(now, sub=None),
    "token.signature": lambda issuer, now: issuer.token(now)[:-6] + "AAAAAA",
    "token.too_long": lambda issuer, now: issuer.token(now, more="x" * 100_000),
    "token.malformed": lambda _issuer, _now: "not.a.token",
}


@pytest.mark.parametrize("code", BAD)
async def test_each_wrong_token_is_refused_with_its_own_code(gated, issuer, clock, code):
    assert await outcome(gated, BAD[code](issuer, clock.now())) == (401, code)


@pytest.mark.parametrize(
    "make",
    [
        lambda issuer, now: issuer.token(now, iat=int(now.timestamp()) + 3600),
        lambda issuer, now: issuer.token(now, exp=None),
        lambda issuer, now: issuer.token(now, exp="tomorrow"),
        lambda issuer, now: issuer.token(now, aud=None),
        lambda issuer, now: issuer.token(now, sub=""),
        lambda issuer, now: issuer.token(now, sub=["u-17"]),
        lambda issuer, now: issuer.token(now, header={"kid": "../../etc/passwd"}),
        lambda issuer, now: issuer.forged(now),
        lambda issuer, now: issuer.forged(now, alg="none"),
        lambda issuer, now: issuer.forged(now, alg="RS256"),
        lambda issuer, now: issuer.forged(now, alg="RS256", kid=["first"]),
        lambda issuer, now: issuer.forged(now, alg=["RS256"]),
        lambda _issuer, _now: "Bearer",
        lambda _issuer, _now: "令牌".encode().hex(),
        lambda _issuer, _now: "...",
    ],
)
async def test_no_odd_token_opens_anything(gated, issuer, clock, make):
    answer = await ask(gated, make(issuer, clock.now()))
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_clocks_may_differ_by_half_a_minute(gated, issuer, clock):
    now = int(clock.now().timestamp())
    assert (await outcome(gated, issuer.token(clock.now(), iat=now + 29)))[0] == 200
    assert (await outcome(gated, issuer.token(clock.now(), exp=now - 29)))[0] == 200


async def test_a_new_key_is_found_and_made_up_ones_do_not_flood_the_server(gated, issuer, clock):
    old = issuer.token(clock.now())
    assert (await outcome(gated, old))[0] == 200
    clock.advance(seconds=PAUSE.total_seconds())
    issuer.rotate()
    assert (await outcome(gated, issuer.token(clock.now())))[0] == 200
    assert (await outcome(gated, old))[0] == 200
    fetched = issuer.fetches
    for n in range(20):
        assert await outcome(gated, issuer.token(clock.now(), header={"kid": f"made-up-{n}"})) == (
            503,
            "token.keys_unavailable",
        )
    assert issuer.fetches == fetched
    clock.advance(seconds=PAUSE.total_seconds())
    made_up = issuer.token(clock.now(), header={"kid": "made-up"})
    assert await outcome(gated, made_up) == (401, "token.key_unknown")


async def test_a_withdrawn_key_opens_nothing_once_the_keys_are_renewed(gated, issuer, clock):
    old = issuer.token(clock.now())
    assert (await outcome(gated, old))[0] == 200
    issuer.rotate(keep=False)
    clock.advance(seconds=RENEWED_EVERY.total_seconds())
    new = issuer.token(clock.now())
    assert (await outcome(gated, new))[0] == 200
    assert await outcome(gated, old) in {(503, "token.keys_unavailable"), (401, "token.key_unknown")}


async def test_known_keys_serve_while_the_server_is_away_but_not_for_ever(gated, issuer, clock):
    assert (await outcome(gated, issuer.token(clock.now())))[0] == 200
    issuer.down = True
    clock.advance(seconds=TRUSTED_FOR.total_seconds() - 60)
    assert (await outcome(gated, issuer.token(clock.now())))[0] == 200
    clock.advance(seconds=120)
    answer = await ask(gated, issuer.token(clock.now()))
    assert (answer.status_code, answer.json()["code"]) == (503, "token.keys_unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    issuer.down = False
    clock.advance(minutes=2)
    assert (await outcome(gated, issuer.token(clock.now())))[0] == 200


async def test_a_server_that_describes_another_issuer_gives_no_keys(gated, issuer, clock):
    issuer.claimed_issuer = "https://elsewhere.example"
    assert await outcome(gated, issuer.token(clock.now())) == (503, "token.keys_unavailable")


@pytest.mark.parametrize(
    "odd", ["no HTTP", [], {}, {"keys": None}, {"keys": ["x"]}, {"keys": [{"kty": "RSA"}]}, "keys"]
)
async def test_keys_that_cannot_be_read_let_nobody_in_and_are_no_error_of_ours(gated, issuer, clock, odd):
    issuer.odd_keys = odd
    assert await outcome(gated, issuer.token(clock.now())) == (503, "token.keys_unavailable")


async def test_the_name_may_be_anywhere_in_the_token(urls, clock, issuer):
    """Keycloak nests claims, Auth0 names them by address."""
    for claim, said in (
        ("staff.code", {"staff": {"code": "desk-7"}}),
        ("https://x.example/code", {"https://x.example/code": "desk-7"}),
    ):
        settings = {"oidc_issuer": issuer.url, "oidc_name_claim": claim, "oidc_first_subjects": ("u-17",)}
        async with start_system(urls, clock, [(service, ServiceSettings)], **settings) as built:
            assert (await ask(built.counter, issuer.token(clock.now(), **said))).status_code == 200
            (change,) = await audit.read_changes(built.counter.runtime.mongo, f"{Counter.COLLECTION}/c")
            assert change["who"] == "desk-7"
            assert await outcome(built.counter, issuer.token(clock.now())) == (401, "token.claim_missing")


@pytest.mark.parametrize("url", ["http://login.example", "ftp://login.example", "http://127.0.0.1.evil.example"])
def test_keys_come_over_tls_only(url):
    with pytest.raises(WrongSettings, match="OIDC_ISSUER"):
        ServiceSettings(oidc_issuer=url)
