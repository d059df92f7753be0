"""What every answer carries for browsers, which pages may call, and how often a caller may."""

import pytest
from common.counter import service
from common.issuer import serve_issuer

from aftersales.common.settings import ServiceSettings, WrongSettings
from aftersales.testing.system import RunningService, start_system

NOTHING = "default-src 'none'; frame-ancestors 'none'; form-action 'none'"
DESK = "https://desk.example"


def start(urls, clock, **settings):
    known = {"oidc_first_subjects": ("u-1", "u-2", "u-17")}
    return start_system(urls, clock, [(service, ServiceSettings)], **known, **settings)


async def add(counter: RunningService, **headers: str):
    return await counter.http.post("/counters/c/add", json={"amount": 1}, headers=headers)


@pytest.mark.parametrize(
    ("path", "status", "cache", "policy"),
    [
        ("/counters/c", 200, "no-store", NOTHING),
        ("/counters/unknown", 404, "no-store", NOTHING),
        ("/no-such", 404, "no-store", NOTHING),
        ("/dead", 200, "no-store", NOTHING),
        ("/openapi.json", 500, "no-cache", NOTHING),  # of a service without a package: a bug, however it is made
        ("/docs", 200, "no-cache", "script-src 'self'"),
        ("/static-offline-docs/swagger-ui.css", 200, "no-cache", NOTHING),
    ],
)
async def test_every_answer_says_what_browsers_and_proxies_must_not_do(counter, path, status, cache, policy):
    assert (await add(counter)).headers["cache-control"] == "no-store"
    answer = await counter.http.get(path)
    assert (answer.status_code, answer.headers["cache-control"]) == (status, cache)
    assert policy in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "strict-transport-security" not in answer.headers
    for name in ("cache-control", "content-security-policy"):
        assert len(answer.headers.get_list(name)) == 1


async def test_only_behind_a_proxy_that_ends_tls_browsers_are_told_to_insist_on_it(urls, clock, counter):
    told = {"X-Forwarded-Proto": "https"}
    assert "strict-transport-security" not in (await counter.http.get("/version", headers=told)).headers
    async with start(urls, clock, trusted_proxies=1) as built:
        http = built.counter.http
        assert "strict-transport-security" in (await http.get("/version", headers=told)).headers
        assert "strict-transport-security" not in (await http.get("/version")).headers
        forged = {"X-Forwarded-Proto": "https, http"}
        assert "strict-transport-security" not in (await http.get("/version", headers=forged)).headers


PREFLIGHT = {
    "Origin": DESK,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "idempotency-key",
}


async def test_no_page_may_call_unless_it_is_named(urls, clock, counter, issuer):
    assert (
        "access-control-allow-origin" not in (await counter.http.options("/counters/c/add", headers=PREFLIGHT)).headers
    )
    async with start(urls, clock, cors_origins=(DESK,), oidc_issuer=issuer.url) as built:
        http = built.counter.http
        preflight = await http.options("/counters/c/add", headers=PREFLIGHT)
        assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (200, DESK)
        assert "access-control-allow-credentials" not in preflight.headers
        other = await http.options("/counters/c/add", headers=PREFLIGHT | {"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in other.headers
        token = {"Authorization": f"Bearer {issuer.token(clock.now())}", "Origin": DESK}
        answer = await add(built.counter, **token)
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, DESK)
        assert {"ETag", "Retry-After"} <= set(answer.headers["access-control-expose-headers"].split(", "))
        refused = await add(built.counter, Origin=DESK)
        assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, DESK)


@pytest.mark.parametrize(
    "origin", ["*", "https://*.example", "http://desk.example", "https://desk.example/", "null", ""]
)
def test_a_wildcard_or_a_page_without_tls_is_no_origin(origin):
    with pytest.raises(WrongSettings, match=r"AFTERSALES_CORS_ORIGINS \(0\): it must be the origin of one site"):
        ServiceSettings(cors_origins=(origin,))


@pytest.fixture
def issuer():
    with serve_issuer() as started:
        yield started


async def test_each_caller_has_calls_of_its_own_whatever_the_network(urls, clock, issuer):
    async with start(urls, clock, calls_a_minute=3, oidc_issuer=issuer.url) as built:
        first, second = ({"Authorization": f"Bearer {issuer.token(clock.now(), sub=who)}"} for who in ("u-1", "u-2"))
        assert [(await add(built.counter, **first)).status_code for _ in range(4)] == [200, 200, 200, 429]
        assert (await add(built.counter, **second)).status_code == 200
        answer = await add(built.counter, **first, **{"Accept-Language": "zh"})
        assert (answer.json()["code"], answer.headers["retry-after"]) == ("caller.too_many", "20")
        assert answer.json()["detail"].endswith("请在 20 秒后重试。")
        assert (await built.counter.http.get("/livez")).status_code == 200
        clock.advance(seconds=20)
        assert [(await add(built.counter, **first)).status_code for _ in range(2)] == [200, 429]


async def test_without_sign_in_a_network_is_a_caller_and_only_a_trusted_proxy_may_name_it(urls, clock):
    names = [{"X-Forwarded-For": f"203.0.113.{number}"} for number in range(4)]
    async with start(urls, clock, calls_a_minute=3) as built:
        assert [(await add(built.counter, **name)).status_code for name in names] == [200, 200, 200, 429]
    async with start(urls, clock, calls_a_minute=3, trusted_proxies=1) as built:
        assert [(await add(built.counter, **name)).status_code for name in names] == [200, 200, 200, 200]


async def test_a_network_that_guesses_tokens_is_not_listened_to_and_one_that_has_some_is(urls, clock, issuer):
    async with start(urls, clock, refusals_a_minute=2, oidc_issuer=issuer.url, trusted_proxies=1) as built:
        known = {"Authorization": f"Bearer {issuer.token(clock.now())}", "X-Forwarded-For": "203.0.113.1"}
        assert [(await add(built.counter, **known)).status_code for _ in range(5)] == [200] * 5
        guess = {"Authorization": "Bearer x.y.z", "X-Forwarded-For": "203.0.113.2"}
        assert [(await add(built.counter, **guess)).status_code for _ in range(3)] == [401, 401, 429]
        assert (await add(built.counter, **known)).status_code == 200
        clock.advance(seconds=30)
        assert (await add(built.counter, **guess)).status_code == 401
