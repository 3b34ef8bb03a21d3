"""Where the site of the federation explains an error, with an example."""

from collections.abc import Mapping
from itertools import islice
from typing import Any, Final
from urllib.parse import urljoin

#: A refusal with many kinds of faults names the explanations of the first ones. They are all on one page.
_MOST: Final = 3


def full(address: str, reference: str) -> str:
    """The full address that a reference means at this federation. Empty if it cannot be read."""
    try:
        return urljoin(address, reference)
    except ValueError:
        return ""


def links(document: Mapping[str, Any]) -> list[str]:
    """Lines with the addresses that explain a refusal: each fault, or the refusal itself if it lists none.

    Empty if `type` is no full address, for example because another program has answered.
    """
    page, mark, _ = document.get("type", "").partition("#")
    if not mark or not page.startswith(("http://", "https://")):
        return []
    codes = dict.fromkeys([fault["code"] for fault in document.get("errors", [])] or [document["code"]])
    return [f"  Explanation and example: {page}#{code}" for code in islice(codes, _MOST)]
