"""What is wrong with a payload: the first hundred faults by place and code, and the count of all."""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, TypeVar

from p2p_core.traces import looks_like_trace

T = TypeVar("T")

#: So many faults are listed.
LISTED: Final = 100


class Fault(NamedTuple):
    """One thing that is wrong with a payload: where, as a JSON pointer, and what."""

    pointer: str
    code: str


class PayloadError(Exception):
    """A payload is refused. ``faults`` are the first of ``fault_count``; ``detail`` is a sentence of ours, if any."""

    def __init__(
        self, code: str, *, detail: str = "", faults: Sequence[Fault] = (), fault_count: int | None = None
    ) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.faults = faults
        self.fault_count = len(faults) if fault_count is None else fault_count


class BrokenRuleError(Exception):
    """A value breaks the rule whose code this is; where it stood, the caller knows."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Faults:
    """Collects faults; nothing of what was sent is kept in it."""

    def __init__(self) -> None:
        self.listed: list[Fault] = []
        self.count = 0

    def add(self, pointer: str, code: str, sent: object = None) -> None:
        """Note a fault. What was sent is looked at and forgotten: a trace of a person weighs more than a slip."""
        self.count += 1
        if len(self.listed) < LISTED:
            self.listed.append(Fault(pointer, "personal_trace" if looks_like_trace(sent) else code))

    def check(self, pointer: str, rule: Callable[..., T], sent: Any, *known: Any) -> T | None:
        """Return what a rule reads from a value, or note that the value breaks it."""
        try:
            return rule(sent, *known)
        except BrokenRuleError as broken:
            self.add(pointer, broken.code, sent)
            return None

    def refuse_any(self) -> None:
        """Refuse the payload if anything is wrong with it."""
        if self.count:
            raise PayloadError("invalid_payload", faults=self.listed, fault_count=self.count)
