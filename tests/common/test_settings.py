"""What is told from outside: a wrong setting is named, with what is wrong, and its value is not shown."""

import os

import pytest
from deploy.local.place import PORTS

from aftersales.common.http.app import run_service
from aftersales.common.settings import WrongSettings
from aftersales.dispatch.settings import Settings as DispatchSettings
from aftersales.feedback.settings import Settings as FeedbackSettings
from aftersales.intake.main import build_service
from aftersales.intake.settings import Settings
from aftersales.inventory.settings import Settings as InventorySettings

ALL = (Settings, DispatchSettings, InventorySettings, FeedbackSettings)

DURATION = "Input should be a valid timedelta"


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        ("GATHER", "0.02", f"AFTERSALES_GATHER: {DURATION}"),
        ("GATHER", "PT2S", "AFTERSALES_GATHER: Input should be less than or equal to 1 second"),
        ("HTTP_PORT", "99999", "AFTERSALES_HTTP_PORT: Input should be less than or equal to 65535"),
        ("ZONE", "Mars/Phobos", "AFTERSALES_ZONE: This is not a time zone. One looks like Asia/Shanghai."),
        ("LOCALE", "fr", "AFTERSALES_LOCALE: Input should be 'en', 'zh-Hans' or 'zh-Hant'"),
        ("RETRY_TIERS", "soon", "AFTERSALES_RETRY_TIERS: Expecting value"),
        ("RETRY_TIERS", '["PT5S", "x"]', f"AFTERSALES_RETRY_TIERS (1): {DURATION}"),
        ("AMQP_URL", "http://me:s3cret@here", "AFTERSALES_AMQP_URL: it must begin with amqp:// or amqps://"),
        ("AMQP_URL", "amqp://me:s3cret", "AFTERSALES_AMQP_URL: what stands after the host is no port"),
        ("MONGO_URL", "http://me:s3cret@here", "AFTERSALES_MONGO_URL: it must begin with mongodb:// or mongodb+srv://"),
        ("MONGO_URL", "mongodb://me:s3cret@a@here", "AFTERSALES_MONGO_URL: Username and password must be escaped"),
        ("MONGO_URL_FILE", "/run/s3cret", "AFTERSALES_MONGO_URL_FILE: [Errno 2] No such file or directory"),
        ("CLASS_WEIGHTS", '{"a_from": "x"}', "AFTERSALES_CLASS_WEIGHTS (a_from): Input should be a valid"),
    ],
)
def test_a_wrong_setting_is_named_and_nothing_starts(monkeypatch, variable, value, line):
    monkeypatch.setenv(f"AFTERSALES_{variable}", value)
    with pytest.raises(SystemExit) as ended:
        run_service(build_service)
    first, *_, how = str(ended.value.code).splitlines()
    assert first.startswith(line)
    assert "docs/settings.md" in how
    assert "me:s3cret" not in str(ended.value.code)


def test_each_wrong_setting_has_its_line(monkeypatch):
    monkeypatch.setenv("AFTERSALES_HTTP_PORT", "0")
    monkeypatch.setenv("AFTERSALES_PREFETCH", "many")
    with pytest.raises(WrongSettings) as wrong:
        Settings()
    lines = str(wrong.value).splitlines()
    assert [line.partition(":")[0] for line in lines[:-1]] == ["AFTERSALES_HTTP_PORT", "AFTERSALES_PREFETCH"]


def test_a_secret_comes_from_a_file_where_its_variable_is_not_set(monkeypatch, tmp_path):
    file = tmp_path / "url"
    file.write_text("mongodb://from-a-file/\n")
    monkeypatch.setenv("AFTERSALES_MONGO_URL_FILE", str(file))
    monkeypatch.delenv("AFTERSALES_MONGO_URL", raising=False)
    assert Settings().mongo_url.get_secret_value() == "mongodb://from-a-file/"
    monkeypatch.setenv("AFTERSALES_MONGO_URL", "mongodb://from-the-variable/")
    assert Settings().mongo_url.get_secret_value() == "mongodb://from-the-variable/"


def test_a_variable_that_no_service_knows_is_held_against_those_there_are(monkeypatch):
    monkeypatch.setenv("AFTERSALES_AMPQ_URL", "amqp://elsewhere/")
    monkeypatch.setenv("AFTERSALES_MONGO_URI_FILE", "/run/secrets/url")
    assert Settings().misspelt() == {
        "AFTERSALES_AMPQ_URL": "AFTERSALES_AMQP_URL",
        "AFTERSALES_MONGO_URI_FILE": "AFTERSALES_MONGO_URL",
    }


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__module__.split(".")[1])
def test_what_others_are_told_is_no_slip_of_the_pen(monkeypatch, kind):
    known = {name for other in ALL for name in other.model_fields}
    programs = {f"{name}_url" for name in ("intake", "dispatch", "inventory", "feedback")} | {
        f"port_{name.lower()}" for name in PORTS
    }
    made = kind()
    monkeypatch.setattr(os, "environ", dict.fromkeys((f"AFTERSALES_{name.upper()}" for name in known | programs), ""))
    assert made.misspelt() == {}
