"""The settings: who may read them, what is refused, and that a change of one value leaves the rest alone."""

import os
import signal
import stat
import time
from pathlib import Path

import pytest

from p2p_agency import settings
from p2p_agency.errors import SetUpError
from p2p_agency.signing import Signer

VALUES = {"address": "https://federation.example.org", "client_id": "NO-KRIPOS.1", "client_secret": 'a "secret" \\ æ'}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "new folder" / "settings.toml"


def test_what_is_stored_is_loaded_and_only_its_owner_may_read_it(path):
    settings.store(path, VALUES)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    loaded = settings.load(path)
    assert (loaded.address, loaded.client_secret) == (VALUES["address"], VALUES["client_secret"])
    assert loaded.agency == "NO-KRIPOS"
    assert loaded.outbox == path.parent / "outbox.sqlite"
    assert [one.name for one in path.parent.iterdir()] == ["settings.toml"]


def test_change_of_a_value_leaves_comments_and_tables_alone(path):
    settings.store(path, VALUES)
    path.write_text(path.read_text() + '# Ours.\n[collect]\naddress = "of the collector"\n')
    settings.store(path, {"client_secret": "new", "keyid": "NO-KRIPOS.2", "outbox": "ours.sqlite"})
    loaded = settings.load(path)
    assert (loaded.client_secret, loaded.keyid) == ("new", "NO-KRIPOS.2")
    assert loaded.outbox == path.with_name("ours.sqlite")
    assert loaded.sections == {"collect": {"address": "of the collector"}}
    assert "# Ours.\n" in path.read_text()
    settings.store(path, {"address": "https://other.example"})
    assert settings.load(path).sections["collect"]["address"] == "of the collector"


def test_file_that_notepad_saved_is_read_and_changed(path):
    settings.store(path, VALUES)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert settings.load(path).client_secret == VALUES["client_secret"]
    settings.store(path, {"keyid": "NO-KRIPOS.2"})
    assert settings.load(path).keyid == "NO-KRIPOS.2"
    assert path.read_text().startswith("# Written by")


@pytest.mark.parametrize("more", ['keyid = """\nNO-KRIPOS.1"""\n', "x = " + "[" * 100_000], ids=["lines", "deep"])
def test_change_that_cannot_be_made_is_refused(path, more):
    settings.store(path, VALUES)
    path.write_text(path.read_text() + more)
    before = path.read_text()
    with pytest.raises(SetUpError, match="in one line"):
        settings.store(path, {"keyid": "NO-KRIPOS.2"})
    assert path.read_text() == before


BAD = {
    "nothing": "",
    "no secret": 'address = "https://a.example"\nclient_id = "x"\n',
    "deep TOML": "x = " + "[" * 100_000,
    "no TOML": "address: https://a.example",
    "NUL": 'address = "https://a.example"\nclient_id = "x"\nclient_secret = "x"\noutbox = "a\\u0000b"\n',
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_unusable_file_says_what_to_do(path, text):
    settings.write_private(path, text.encode())
    with pytest.raises(SetUpError, match="p2p-agency init"):
        settings.load(path)


def test_missing_and_readable_files_say_what_to_do(path):
    with pytest.raises(SetUpError, match="Run: p2p-agency init"):
        settings.load(path)
    settings.store(path, VALUES)
    path.chmod(0o640)
    with pytest.raises(SetUpError, match="chmod 600"):
        settings.load(path)


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.write_bytes(b"\xff\xfe")])
def test_what_is_no_text_is_said_also_when_it_should_change(tmp_path, make):
    make(tmp_path / "settings.toml")
    for act in (settings.load, lambda path: settings.store(path, VALUES)):
        with pytest.raises(SetUpError, match="Check the name after --config"):
            act(tmp_path / "settings.toml")


@pytest.mark.parametrize("name", ["NO-KRIPOS.../x", "NO-KRIPOS.", "a\nb", "x" * 65])
def test_name_that_no_key_has_is_refused(path, name):
    settings.store(path, {**VALUES, "keyid": name})
    with pytest.raises(SetUpError, match="is not the name of a key"):
        Signer(settings.load(path))


@pytest.mark.parametrize(
    "address",
    ["http://federation.example.org", "federation.example.org", "ftp://a.example", "https://", "https://a.example/api/",
     "https://a.example?x=1", "https://user@a.example", "file:///etc"],
)  # fmt: skip
def test_address_that_would_leak_or_miss_is_refused(address):
    with pytest.raises(ValueError, match="the address must"):
        settings.parse_address(address)


@pytest.mark.parametrize(
    "host",
    ["[bad", "a.example:99999", "a example.org", "a." * 150 + "a", "a.example:0", "a..example", f"{'a' * 64}.example",
     "-a.example"],
)  # fmt: skip
def test_address_that_names_no_host_is_refused(host):
    with pytest.raises(ValueError, match=r"the address must name a host, as in https://"):
        settings.parse_address(f"https://{host}")


@pytest.mark.parametrize(
    "address",
    ["https://politi-ø.example", "https://stra\u00dfe.example", "https://\uff11\uff12.0.0.1", "https://a\u3002b"],
)
def test_address_in_another_alphabet_is_refused(address):
    with pytest.raises(ValueError, match=r"must be in ASCII\. Ask your coordinator for the form .* begins with xn--"):
        settings.parse_address(address)


@pytest.mark.parametrize(
    "host",
    ["xn--politi--64a.example", "a", "a.example.", "10.0.0.1:8443", "[::1]", "[2001:db8::1]:8443", "a" * 63 + ".b"],
)
def test_address_of_any_host_is_taken_as_it_is(host):
    assert settings.parse_address(f"https://{host}") == f"https://{host}"


def test_address_of_this_machine_needs_no_tls():
    assert settings.parse_address(" http://localhost:8000/ ") == "http://localhost:8000"


def test_next_write_deletes_what_a_killed_one_left(path, monkeypatch):
    settings.store(path, VALUES)
    others = [path.with_name(name) for name in (".settings.toml.swp", ".other.toml.x.part")]
    for other in others:
        other.touch()
        os.utime(other, (0, 0))
    child = os.fork()
    if not child:
        monkeypatch.setattr(settings.os, "fsync", lambda _: os.kill(os.getpid(), signal.SIGKILL))
        settings.store(path, VALUES)
        os._exit(1)
    os.waitpid(child, 0)
    [draft] = set(path.parent.iterdir()) - {path, *others}
    settings.store(path, VALUES)
    assert draft.exists(), "another process may still write it"
    minutes_ago = time.time() - 120
    os.utime(draft, (minutes_ago, minutes_ago))
    settings.store(path, VALUES)
    assert set(path.parent.iterdir()) == {path, *others}


def test_file_and_its_name_are_on_the_disk(path, monkeypatch):
    synced = []
    monkeypatch.setattr(settings.os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_ino))
    settings.store(path, VALUES)
    assert synced == [path.stat().st_ino, path.parent.stat().st_ino]
