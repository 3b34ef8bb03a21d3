"""What is wrong with a payload: the first hundred faults by place and code, and the count of all."""

from collections.abc import Callable
from typing import Any, TypeVar

from api.problems import LISTED, Fault, Problem
from p2p_core.traces import looks_like_trace

T = TypeVar("T")


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
            raise Problem("invalid_payload", faults=self.listed, fault_count=self.count)
