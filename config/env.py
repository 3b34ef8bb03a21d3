"""Reads the environment, the one place that does. Any variable may come from a file that NAME_FILE names.

A value that cannot be used stops the start, names the variable and gives advice; the value itself is not shown.
"""

import os
from collections.abc import Callable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from environs import EnvError, FileAwareEnv
from environs.exceptions import EnvNotSetError

T = TypeVar("T")

_reader = FileAwareEnv(strip_whitespace=True)


class BadSetting(SystemExit):
    """A setting stops the start; the message is for the operator."""


def text(name: str, *, default: str | None = None, advice: str) -> str:
    return str(_read("str", name, default=default, advice=advice))


def whole(name: str, *, default: int, low: int, high: int) -> int:
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


def yes(name: str, *, default: bool = False) -> bool:
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
    """A secret of so many bytes, written in hexadecimal."""
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


def parsed(name: str, parse: Callable[[str], T], *, default: str | None = None, advice: str) -> T:
    """A text that something else has to understand, such as an address of a database."""
    try:
        return parse(text(name, default=default, advice=advice))
    except (ValueError, KeyError) as error:
        _stop(name, type(error).__name__, advice)


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


def tell(name: str, value: str) -> None:
    """Tell a library, in a variable that is no setting, and the processes that this one starts."""
    os.environ[name] = value


def told(name: str) -> str:
    """Return a variable that the parent process set and that is no setting, or nothing."""
    return os.environ.get(name, "")


def of_child(given: Mapping[str, str] | None, told: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a child: what it is given, or ours, and what it is told."""
    return {**(os.environ if given is None else given), **told}


def for_role(address: str) -> dict[str, str]:
    """The environment of a part that may know one address of the database only, or the owner's if it has none."""
    if not address:
        return {**os.environ}
    owners = ("DATABASE_URL", "DATABASE_WEB_URL", "DATABASE_WORKER_URL")
    rest = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in owners}
    return rest | {"DATABASE_URL": address}


def clock() -> dict[str, str]:
    """The variables by which libfaketime moves the clock of this process, if it does."""
    ours = ("LD_PRELOAD", "FAKETIME", "NO_FAKE_STAT")
    return {name: value for name, value in os.environ.items() if name.startswith(ours)}


def presume(name: str, value: str) -> None:
    """Give a variable a value for this process and those that it starts, unless somebody has given it one."""
    if f"{name}_FILE" not in os.environ:
        os.environ.setdefault(name, value)


def data_dir() -> Path:
    """Where the embedded servers keep their data and keys."""
    return Path(text("DATA_DIR", default="var", advice="Give a folder.")).expanduser()


def stop_seconds() -> int:
    """How long a part that was asked to stop may finish what it is about."""
    return whole("STOP_SECONDS", default=30, low=1, high=600)


def port() -> int:
    return whole("PORT", default=8000, low=1, high=65_535)
