"""One object of a JSON payload. Its members are decoded only when a rule reads them."""

from collections.abc import Callable
from functools import cache
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Raw

from p2p_core.payloads import json_place
from p2p_core.payloads.faults import Advice, BrokenRuleError, Faults, PayloadError

T = TypeVar("T")

_QUOTE: Final = b'"'
#: Bytes. No valid value is so long; longer ones are not decoded.
_LONGEST: Final = 65_536
_ARRAY: Final = Advice("Expected here: an array, in brackets.")
_TEXT: Final = Advice("Expected here: a text, in quotes.")


class JsonObject:
    """The known members of an object. Others are noted as faults."""

    def __init__(self, text: bytes, pointer: str, names: tuple[str, ...], faults: Faults) -> None:
        self.pointer = pointer
        self._faults = faults
        members = _decode(text, dict[str, Raw], whole=not pointer)
        self.is_object = members is not None
        self._members: dict[str, Raw] = members or {}
        if not self.is_object:
            faults.add(pointer, "wrong_type", _value(text, whole=not pointer), detail=_object_of(names))
            return
        self._refuse_duplicates(text)
        for name, raw in self._members.items():
            if name not in names:
                faults.add(pointer, "unknown_field", {name: _value(bytes(raw))}, detail=_known(names))

    def _refuse_duplicates(self, text: bytes) -> None:
        """Refuse a member that is named twice: the decoder drops the first, but its quotes are in the text."""
        if any('"' in name for name in self._members):
            return
        named_once = sum(2 + bytes(raw).count(_QUOTE) for raw in self._members.values())
        if text.count(_QUOTE) != named_once:
            raise PayloadError.at(self.pointer, "duplicate_member")

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def read(self, name: str, rule: Callable[..., T], *known: Any) -> T | None:
        """Apply a rule to a required member; without it, or if it breaks the rule, note that and return None."""
        place = f"{self.pointer}/{name}"
        if name not in self._members:
            self._faults.add(place, "missing_field")
            return None
        return self._faults.check(place, rule, _value(bytes(self._members[name])), *known)

    def text(self, name: str, rule: Callable[..., T], *known: Any) -> T | None:
        """The same for a member that must be a text."""
        return self.read(name, _of_text, rule, *known)

    def items(self, name: str) -> list[Raw] | None:
        """The items of a member that must be an array, unread."""
        place = f"{self.pointer}/{name}"
        if name not in self._members:
            self._faults.add(place, "missing_field")
            return None
        text = bytes(self._members[name])
        items: list[Raw] | None = _decode(text, list[Raw])
        if items is None:
            self._faults.add(place, "wrong_type", _value(text), detail=_ARRAY)
        return items


def _of_text(sent: object, rule: Callable[..., T], *known: Any) -> T:
    if not isinstance(sent, str):
        raise BrokenRuleError("wrong_type", _TEXT)
    return rule(sent, *known)


@cache
def _known(names: tuple[str, ...]) -> Advice:
    return Advice("Expected: {names}.", names=", ".join(names))


@cache
def _object_of(names: tuple[str, ...]) -> Advice:
    return Advice("Expected here: an object, in braces. Its members are: {names}.", names=", ".join(names))


def _value(text: bytes, *, whole: bool = False) -> Any:
    """Decode a JSON value, unless it is too long to be valid."""
    if len(text) > _LONGEST:
        return _decode(text, Raw, whole=whole)
    value = _decode(text, Any, whole=whole)
    if value is None and text != b"null":
        # The decoder refuses numbers that are too large for a float. Python reads them as infinite.
        _decode(text, Raw, whole=whole)
        try:
            return float(text)
        except ValueError:
            return None
    return value


def _decode(text: bytes, kind: Any, *, whole: bool = False) -> Any:
    """Decode a value of a kind; None for another kind. Refuses the payload if it is not JSON.

    The refusal names line and column if the text is the ``whole`` body.
    """
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError:
        return None
    except UnicodeDecodeError:
        raise PayloadError("not_utf8") from None
    except RecursionError:
        raise PayloadError("not_json") from None
    except msgspec.DecodeError as error:
        raise PayloadError("not_json", detail=json_place.advice(text, str(error)) if whole else "") from None
