"""Settings come from the environment or from files; a bad one stops the start and says what to do."""

import os
import runpy
from pathlib import Path

import pytest

from config import env


def test_text_from_variable(monkeypatch):
    monkeypatch.setenv("COLOUR", "blue")
    assert env.text("COLOUR", advice="Give one.") == "blue"


def test_text_from_file_without_its_last_newline(monkeypatch, tmp_path):
    (tmp_path / "colour").write_text("blue\n")
    monkeypatch.setenv("COLOUR_FILE", str(tmp_path / "colour"))
    assert env.text("COLOUR", advice="Give one.") == "blue"


def test_text_not_set_names_variable_and_advice():
    with pytest.raises(env.BadSetting, match=r"COLOUR is not set\. Give one\."):
        env.text("COLOUR", advice="Give one.")


def test_text_from_missing_file_names_variable(monkeypatch, tmp_path):
    monkeypatch.setenv("COLOUR_FILE", str(tmp_path / "nowhere"))
    with pytest.raises(env.BadSetting, match="COLOUR_FILE"):
        env.text("COLOUR", advice="Give one.")


def test_empty_value_counts_as_not_set(monkeypatch, tmp_path):
    (tmp_path / "colour").write_text("\n")
    monkeypatch.setenv("COLOUR", "")
    assert env.text("COLOUR", default="red", advice="Give one.") == "red"
    monkeypatch.setenv("COLOUR_FILE", str(tmp_path / "colour"))
    with pytest.raises(env.BadSetting, match="COLOUR is not set"):
        env.text("COLOUR", advice="Give one.")


def test_credential_of_systemd_comes_before_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("COLOUR_FILE", str(tmp_path / "nowhere"))
    (tmp_path / "colour").write_text("blue\n")
    assert env.text("COLOUR", advice="Give one.") == "blue"
    monkeypatch.delenv("COLOUR_FILE")
    assert env.is_set("COLOUR")


def test_empty_credential_counts_as_not_set(monkeypatch, tmp_path):
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "colour").write_text("")
    assert not env.is_set("COLOUR")
    assert env.text("COLOUR", default="red", advice="Give one.") == "red"
    monkeypatch.setenv("COLOUR", "blue")
    assert env.text("COLOUR", default="red", advice="Give one.") == "blue"


@pytest.mark.parametrize("value", ["1", "1001", "five", "5.5"], ids=str)
def test_whole_refuses(monkeypatch, value):
    monkeypatch.setenv("SIZE", value)
    with pytest.raises(env.BadSetting, match=r"SIZE.*from 2 to 1000"):
        env.integer("SIZE", default=5, low=2, high=1000)


@pytest.mark.parametrize("value", [2, 1000])
def test_whole_takes_both_ends(monkeypatch, value):
    monkeypatch.setenv("SIZE", str(value))
    assert env.integer("SIZE", default=5, low=2, high=1000) == value


def test_choice_refuses_others(monkeypatch):
    monkeypatch.setenv("FORM", "xml")
    with pytest.raises(env.BadSetting, match="text, json"):
        env.choice("FORM", default="text", of=("text", "json"))


def test_yes_refuses_maybe(monkeypatch):
    monkeypatch.setenv("ANSWER", "maybe")
    with pytest.raises(env.BadSetting, match="true or false"):
        env.boolean("ANSWER")


def test_key_is_so_many_bytes(monkeypatch):
    monkeypatch.setenv("KEY", "0f" * 16)
    assert env.key("KEY", size=16) == b"\x0f" * 16


@pytest.mark.parametrize("value", ["0f" * 15, "0g" * 16, "secret"])
def test_key_refused_is_not_shown(monkeypatch, value):
    monkeypatch.setenv("KEY", value)
    with pytest.raises(env.BadSetting) as stop:
        env.key("KEY", size=16)
    assert "32 hexadecimal characters" in str(stop.value)
    assert value not in str(stop.value)


def test_parsed_refuses_what_cannot_be_parsed(monkeypatch):
    monkeypatch.setenv("ADDRESS", "seven")
    with pytest.raises(env.BadSetting, match=r"ADDRESS.*Give a number"):
        env.parse("ADDRESS", int, advice="Give a number.")


def test_presume_leaves_alone_what_somebody_has_given(monkeypatch, tmp_path):
    for name in ("GIVEN", "IN_A_FILE", "IN_A_FILE_FILE", "NOT_GIVEN"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIVEN", "true")
    monkeypatch.setenv("IN_A_FILE_FILE", str(tmp_path))
    for name in ("GIVEN", "IN_A_FILE", "NOT_GIVEN"):
        env.set_default(name, "false")
    assert os.environ["GIVEN"] == "true"
    assert "IN_A_FILE" not in os.environ
    assert env.boolean("NOT_GIVEN", default=True) is False


def test_networks(monkeypatch):
    monkeypatch.setenv("PROXIES", "192.0.2.7, 198.51.100.0/24,2001:db8::/32,")
    assert [str(one) for one in env.networks("PROXIES")] == ["192.0.2.7/32", "198.51.100.0/24", "2001:db8::/32"]
    monkeypatch.delenv("PROXIES")
    assert env.networks("PROXIES") == []


@pytest.mark.parametrize("value", ["proxy.example.org", "192.0.2.7/24", "192.0.2.7;192.0.2.8", "*"])
def test_networks_that_are_none(monkeypatch, value):
    monkeypatch.setenv("PROXIES", value)
    with pytest.raises(env.BadSetting, match=r"PROXIES is not a list of addresses\. Give addresses"):
        env.networks("PROXIES")


def test_tls_without_a_proxy_to_believe_stops_the_start(monkeypatch):
    settings = Path(env.__file__).parent / "settings.py"
    monkeypatch.setenv("BEHIND_TLS", "true")
    with pytest.raises(env.BadSetting, match="TRUSTED_PROXIES"):
        runpy.run_path(str(settings))
    monkeypatch.setenv("TRUSTED_PROXIES", "192.0.2.7")
    assert runpy.run_path(str(settings))["SECURE_SSL_REDIRECT"]


def test_keys_with_commas_between(monkeypatch):
    monkeypatch.setenv("KEYS", f"{'0f' * 16}, {'10' * 16}")
    assert env.keys("KEYS", size=16) == [b"\x0f" * 16, b"\x10" * 16]


def test_no_keys(monkeypatch):
    monkeypatch.delenv("KEYS", raising=False)
    assert env.keys("KEYS", size=16) == []


@pytest.mark.parametrize("value", ["0f" * 15, "0g" * 16, f"{'0f' * 16},secret", f"{'0f' * 16},{'0f' * 16}"])
def test_keys_refused_are_not_shown(monkeypatch, value):
    monkeypatch.setenv("KEYS", value)
    with pytest.raises(env.BadSetting) as stop:
        env.keys("KEYS", size=16)
    assert "32 hexadecimal characters" in str(stop.value)
    assert value not in str(stop.value)
