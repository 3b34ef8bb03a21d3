"""Faults of a payload: the place and code of the first hundred, and the number of all faults, up to a limit."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, Self, TypeVar

from p2p_core.payloads.payload_codes import PAYLOAD_CODES
from p2p_core.traces import looks_like_trace

T = TypeVar("T")

#: The largest number of listed faults.
LISTED: Final = 100
#: After so many faults, nothing more is read: finding a fault takes ten times as long as reading a value.
MOST: Final = 100_000


class Advice(str):
    """A sentence that says how to fix something, in English. Pages write it in other languages.

    So it keeps its template and what is filled in. `make messages` finds the template by the name of the class.
    """

    __slots__ = ("template", "values")
    template: str
    values: Mapping[str, str | int]

    def __new__(cls, template: str, **values: str | int) -> Self:
        filled = {name: f"{value:,}" if isinstance(value, int) else value for name, value in values.items()}
        found = super().__new__(cls, template.format(**filled))
        found.template, found.values = template, values
        return found


class Fault(NamedTuple):
    """One thing that is wrong with a payload: what is wrong, and where (as a JSON pointer).

    ``detail`` says how to fix it at this place. It is empty if the advice of the code says all.
    """

    pointer: str
    code: str
    detail: str = ""

    @property
    def advice(self) -> str:
        return self.detail or PAYLOAD_CODES[self.code].advice

    def document(self) -> dict[str, str]:
        """The fault as an item of `errors`, in an answer of the API and in a verdict of `p2p-agency check`."""
        title = PAYLOAD_CODES[self.code].title
        return {"pointer": self.pointer, "code": self.code, "title": title, "detail": self.advice}


class PayloadError(Exception):
    """A payload is refused. ``faults`` are the first of ``fault_count`` faults.

    ``detail`` is a sentence of ours, or empty. In CSV, ``earlier`` has the row that a row counts the same as, by the
    pointer of the fault. The header is row 1, and empty rows do not count.
    """

    def __init__(
        self, code: str, *, detail: str = "", faults: Sequence[Fault] = (), fault_count: int | None = None
    ) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.faults = faults
        self.earlier: Mapping[str, int] = {}
        self.fault_count = len(faults) if fault_count is None else fault_count

    @classmethod
    def at(cls, pointer: str, code: str, detail: str = "") -> Self:
        """A payload that cannot be read because of one fault."""
        return cls(code, detail=detail, faults=[Fault(pointer, code, detail)])


def rest_not_read() -> Advice:
    return Advice(
        "There are {count} faults or more, and the rest was not read. Correct what is listed first.", count=MOST
    )


class BrokenRuleError(Exception):
    """A value breaks a rule. The caller knows where the value is. ``detail`` is that of a :class:`Fault`."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


class Faults:
    """Collects faults, never the values that were sent."""

    def __init__(self, limit: int = LISTED) -> None:
        self.listed: list[Fault] = []
        self.count = 0
        self._limit = limit

    def add(self, pointer: str, code: str, sent: object = None, *, detail: str = "") -> None:
        """Add a fault. If the value looks like a trace of a person, that is the fault. The value is not stored."""
        self.count += 1
        if len(self.listed) < self._limit:
            is_trace = looks_like_trace(sent)
            self.listed.append(Fault(pointer, "personal_trace") if is_trace else Fault(pointer, code, detail))
        if self.count == MOST:
            raise PayloadError("invalid_payload", detail=rest_not_read(), faults=self.listed, fault_count=self.count)

    def check(self, pointer: str, rule: Callable[..., T], sent: Any, *known: Any) -> T | None:
        """Apply a rule to a value; if the value breaks it, note that and return None."""
        try:
            return rule(sent, *known)
        except BrokenRuleError as broken:
            self.add(pointer, broken.code, sent, detail=broken.detail)
            return None

    def refuse_any(self, detail: str = "") -> None:
        """Refuse the payload if anything is wrong with it."""
        if self.count:
            raise PayloadError("invalid_payload", detail=detail, faults=self.listed, fault_count=self.count)
