"""Words that depend on a number."""


def amount(count: int, noun: str) -> str:
    """A count and its noun: 1 report, 2,000 reports."""
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"
