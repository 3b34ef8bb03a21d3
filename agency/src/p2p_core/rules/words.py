"""Whether the estimate of an intervention changed its word (R402)."""

from dataclasses import dataclass
from typing import Final

from p2p_core.rules.levels import Facts

#: The final words, as sentences write them. The other words depend on the time only.
FINAL_WORDS: Final = {"found": "found", "not_found": "not found", "cannot_be_told": "cannot be told"}


@dataclass(frozen=True, slots=True)
class WordChange:
    """The words of an estimate before and after a version."""

    intervention: int
    title: str
    before: str
    after: str


def changed(change: WordChange) -> Facts | None:
    """R402. A first verdict is expected, so it is no change."""
    if change.before == change.after or not {change.before, change.after} <= FINAL_WORDS.keys():
        return None
    return {
        "intervention": change.intervention,
        "title": change.title,
        "word_before": change.before,
        "word": change.after,
    }
