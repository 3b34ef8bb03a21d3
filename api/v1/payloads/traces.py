"""Looks through a JSON value for what could lead to a person or a file."""

from countries.traces import is_trace


def looks_like_trace(sent: object) -> bool:
    """Say whether a text, or any name or text in a JSON value, looks like an address, a hash or an e-mail."""
    waiting = [sent]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting += [*item.keys(), *item.values()]
        elif isinstance(item, list):
            waiting += item
        elif isinstance(item, str) and is_trace(item):
            return True
    return False
