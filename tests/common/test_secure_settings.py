"""Outside development a service starts with no default secret, and says at once which settings it wants."""

import pytest
from e2e.conftest import ROWS
from pydantic import SecretStr

from aftersales.common.http.app import run_service
from aftersales.common.settings import ServiceSettings, WrongSettings
from aftersales.intake.main import build_service

REAL = {
    "mongo_url": "mongodb://intake:f1B2c3@127.0.0.1/?replicaSet=rs0",
    "amqp_url": "amqp://intake:f1B2c3@127.0.0.1",
    "oidc_issuer": "https://id.example",
    "audit_key": "k" * 32,
}
ALLOWED = "only AFTERSALES_DEVELOPMENT=true, for trials on one machine, allows that"


@pytest.fixture(autouse=True)
def _no_trial(monkeypatch):
    for name in ("development", *REAL):
        monkeypatch.delenv(f"AFTERSALES_{name.upper()}", raising=False)


def wrong(**given: str) -> list[str]:
    """Give the lines about these settings, beside good ones."""
    with pytest.raises(WrongSettings) as refused:
        ServiceSettings(**(REAL | given))
    return str(refused.value).splitlines()[:-1]


def test_a_bare_service_does_not_start_and_names_every_setting_it_wants_at_once(monkeypatch):
    monkeypatch.setenv("AFTERSALES_PREFETCH", "many")
    with pytest.raises(SystemExit) as ended:
        run_service(build_service)
    lines = str(ended.value.code).splitlines()[:-1]
    assert {line.partition(":")[0] for line in lines} == {
        "AFTERSALES_MONGO_URL",
        "AFTERSALES_AMQP_URL",
        "AFTERSALES_OIDC_ISSUER",
        "AFTERSALES_AUDIT_KEY",
        "AFTERSALES_PREFETCH",
    }
    assert sum(ALLOWED in line for line in lines) == 4


def test_with_secrets_of_its_own_it_is_content_and_so_is_a_trial_without(monkeypatch):
    assert ServiceSettings(**REAL).development is False
    monkeypatch.setenv("AFTERSALES_DEVELOPMENT", "true")
    assert ServiceSettings().development is True


@pytest.mark.parametrize(
    "url",
    [
        "mongodb://one,two/?replicaSet=rs0",
        "mongodb+srv://cluster.example",
        "mongodb://:f1B2c3@one",
    ],
)
def test_a_mongodb_that_asks_nobody_is_refused(url):
    assert wrong(mongo_url=url) == [f"AFTERSALES_MONGO_URL: it names no user; {ALLOWED}"]


@pytest.mark.parametrize("login", ["intake", "intake:", "intake:intake", "intake:Password", "intake:after%73ales"])
def test_a_well_known_password_is_refused_and_not_shown(login):
    said = f"its password is missing or well-known; {ALLOWED}"
    assert wrong(mongo_url=f"mongodb://{login}@one,two/") == [f"AFTERSALES_MONGO_URL: {said}"]
    assert wrong(amqp_url=f"amqp://{login}@one") == [f"AFTERSALES_AMQP_URL: {said}"]


@pytest.mark.parametrize(
    ("url", "which"),
    [
        ("amqp://one", ""),
        ("amqp://guest:guest@one", ""),
        ("amqp://intake:f1B2c3@one,amqp://guest:guest@two", " (URL 2)"),
        ("amqps://one?auth=PLAIN", ""),
    ],
)
def test_each_url_of_a_cluster_needs_a_password_of_its_own(url, which):
    assert wrong(amqp_url=url) == [f"AFTERSALES_AMQP_URL: its password is missing or well-known{which}; {ALLOWED}"]


def test_a_client_certificate_needs_no_password():
    known = {"mongo_url": "mongodb://one/?tls=true&authMechanism=MONGODB-X509", "amqp_url": "amqps://one?auth=EXTERNAL"}
    assert ServiceSettings(**(REAL | known)).development is False


def test_a_development_that_is_neither_true_nor_false_is_the_only_thing_said():
    lines = wrong(development="perhaps", audit_key="")
    assert [line.partition(":")[0] for line in lines] == ["AFTERSALES_DEVELOPMENT"]


def test_every_secret_can_come_from_a_file(monkeypatch, tmp_path):
    settings = {kind for _, kind in ROWS}
    secrets = {name for kind in settings for name, field in kind.model_fields.items() if field.annotation is SecretStr}
    assert secrets >= {"mongo_url", "amqp_url", "audit_key", "webhook_secret", "smtp_url"}
    values = {name: REAL.get(name, f"a-long-secret-that-nobody-guesses-of-{name}") for name in secrets}
    for name, value in values.items():
        (tmp_path / name).write_text(f"{value}\n")
        monkeypatch.setenv(f"AFTERSALES_{name.upper()}_FILE", str(tmp_path / name))
    monkeypatch.setenv("AFTERSALES_OIDC_ISSUER", "https://id.example")
    for kind in settings:
        read = kind()
        for name in values.keys() & kind.model_fields.keys():
            assert getattr(read, name).get_secret_value() == values[name], name


def test_all_files_that_cannot_be_read_are_named_together(monkeypatch, tmp_path):
    for name in ("MONGO_URL", "AUDIT_KEY"):
        monkeypatch.setenv(f"AFTERSALES_{name}_FILE", str(tmp_path / name))
    with pytest.raises(WrongSettings) as refused:
        ServiceSettings()
    lines = str(refused.value).splitlines()[:-1]
    assert [line.partition(":")[0] for line in lines] == ["AFTERSALES_MONGO_URL_FILE", "AFTERSALES_AUDIT_KEY_FILE"]
