"""The one place that reads the environment.

A value comes from the first of these that is not empty: the file ``name`` in the folder CREDENTIALS_DIRECTORY, which
systemd gives to a service; a file that NAME_FILE names; the variable NAME.

A value that cannot be used stops the start with the name of the variable and advice. The value itself is not shown.
"""

import json
import os
import re
from collections.abc import Callable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlsplit

from environs import EnvError, FileAwareEnv
from environs.exceptions import EnvNotSetError

T = TypeVar("T")

ROOT = Path(__file__).resolve().parent.parent
# Characters that no address may contain, or that would end the address in the place where it is written.
_ADDRESS = re.compile(r"[^\s<>\"{}|\\^`]+")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+", re.ASCII)


class _Reader(FileAwareEnv):
    """Also reads the credentials of systemd. An empty value counts as not set."""

    def _get_value(self, env_key: str, default: Any) -> Any:
        value = _credential(env_key) or super()._get_value(env_key, default)
        return default if value == "" else value


def _credential(name: str) -> str:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    try:
        return (Path(folder) / name.lower()).read_text().strip() if folder else ""
    except FileNotFoundError:
        return ""


_reader = _Reader(strip_whitespace=True)


class BadSetting(SystemExit):
    """A setting stops the start; the message is for the operator."""


def text(name: str, *, default: str | None = None, advice: str) -> str:
    return str(_read("str", name, default=default, advice=advice))


def integer(name: str, *, default: int, low: int, high: int) -> int:
    advice = f"Give a whole number from {low} to {high}, or nothing for {default}."
    value = int(_read("int", name, default=default, advice=advice))
    if not low <= value <= high:
        _stop(name, "out of range", advice)
    return value


def number(name: str, *, default: float) -> float:
    """A number from 0 to a billion, whole or not."""
    advice = f"Give a number from 0 to 1000000000, or nothing for {default:g}."
    value = float(_read("float", name, default=default, advice=advice))
    if not 0 <= value <= 1_000_000_000:
        _stop(name, "out of range", advice)
    return value


def boolean(name: str, *, default: bool = False) -> bool:
    return bool(_read("bool", name, default=default, advice="Give true or false."))


def names(name: str, *, default: list[str], advice: str) -> list[str]:
    return [str(item) for item in _read("list", name, default=default, advice=advice)]


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    """Ranges of addresses, such as 192.0.2.0/24; a single address is one too."""
    advice = "Give addresses or ranges with commas between them: 192.0.2.7,2001:db8::/32."
    given = names(name, default=[], advice=advice)
    try:
        return [ip_network(one.strip()) for one in given if one.strip()]
    except ValueError:
        _stop(name, "not a list of addresses", advice)


def choice(name: str, *, default: str, of: tuple[str, ...]) -> str:
    advice = f"Give one of {', '.join(of)}."
    value = text(name, default=default, advice=advice)
    if value not in of:
        _stop(name, "unknown", advice)
    return value


def key(name: str, *, size: int) -> bytes:
    """A secret of ``size`` bytes, written in hexadecimal."""
    advice = (
        f"Give {size * 2} hexadecimal characters (openssl rand -hex {size}), here or in a file that {name}_FILE names."
    )
    try:
        value = bytes.fromhex(text(name, advice=advice))
    except ValueError:
        _stop(name, "not hexadecimal", advice)
    if len(value) != size:
        _stop(name, f"{len(value)} bytes long", advice)
    return value


def keys(name: str, *, size: int) -> list[bytes]:
    """Secrets of ``size`` bytes each, written as for :func:`key`, with commas between; none if it is not set."""
    advice = f"Give {size * 2} hexadecimal characters (openssl rand -hex {size}) for each key, with commas between."
    try:
        values = [bytes.fromhex(one) for one in names(name, default=[], advice=advice) if one.strip()]
    except ValueError:
        _stop(name, "not hexadecimal", advice)
    if any(len(value) != size for value in values):
        _stop(name, "of another size", advice)
    if len(set(values)) < len(values):
        _stop(name, "the same key twice", advice)
    return values


def parse(name: str, reader: Callable[[str], T], *, default: str | None = None, advice: str) -> T:
    """A text that another reader has to understand, such as the address of a database."""
    try:
        return reader(text(name, default=default, advice=advice))
    except (ValueError, KeyError) as error:
        _stop(name, type(error).__name__, advice)


def page_address(url: str) -> str:
    """A reader for :func:`parse`. The address becomes part of the catalogue; an empty one passes."""
    if url and not (_ADDRESS.fullmatch(url) and urlsplit(url).scheme in {"http", "https"} and urlsplit(url).hostname):
        raise ValueError("not the address of a page")
    return url


def email_address(address: str) -> str:
    """A reader for :func:`parse`; an empty address passes."""
    if address and not _EMAIL.fullmatch(address):
        raise ValueError("not an e-mail address")
    return address


def json_object(text: str) -> dict[str, Any]:
    """A reader for :func:`parse`."""
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("not an object")  # noqa: TRY004  parse() expects this error
    return found


def _read(kind: str, name: str, *, default: Any, advice: str) -> Any:
    given = {} if default is None else {"default": default}
    try:
        return getattr(_reader, kind)(name, **given)
    except EnvNotSetError:
        _stop(name, "not set", advice)
    except EnvError:
        _stop(name, "not usable", advice)
    except ValueError:
        _stop(f"{name}_FILE", "not the name of a readable file", advice)


def _stop(name: str, what: str, advice: str) -> NoReturn:
    raise BadSetting(f"The setting {name} is {what}. {advice}") from None


def export(name: str, value: str) -> None:
    """Set a variable that is no setting, for a library and for the processes that this one starts."""
    os.environ[name] = value


def variable(name: str) -> str:
    """A variable that the parent process set and that is no setting; empty without one."""
    return os.environ.get(name, "")


def for_child(given: Mapping[str, str] | None, more: Mapping[str, str]) -> dict[str, str]:
    """The environment of a child: the given one, or else ours, with more variables."""
    return {**(os.environ if given is None else given), **more}


def for_role(address: str) -> dict[str, str]:
    """The environment of a process that may know only one address of the database; the owner's if it has none."""
    if not address:
        return {**os.environ}
    owners = ("DATABASE_URL", "DATABASE_WEB_URL", "DATABASE_WORKER_URL")
    rest = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in owners}
    return rest | {"DATABASE_URL": address}


def clock() -> dict[str, str]:
    """The variables by which libfaketime moves the clock of this process, if it does."""
    ours = ("LD_PRELOAD", "FAKETIME", "NO_FAKE_STAT")
    return {name: value for name, value in os.environ.items() if name.startswith(ours)}


def set_default(name: str, value: str) -> None:
    """Set a variable for this process and those that it starts, unless it is set already."""
    if f"{name}_FILE" not in os.environ:
        os.environ.setdefault(name, value)


def data_dir() -> Path:
    """Where the embedded servers keep their data and keys."""
    return Path(text("DATA_DIR", default="var", advice="Give a folder.")).expanduser()


def is_set(name: str) -> bool:
    return bool(_credential(name) or os.environ.get(name) or os.environ.get(f"{name}_FILE"))


def stop_seconds() -> int:
    """How long a process that was asked to stop may go on with its work."""
    return integer("STOP_SECONDS", default=30, low=1, high=600)


def port() -> int:
    return integer("PORT", default=8000, low=1, high=65_535)
