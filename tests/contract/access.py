"""Reads docs/reference/access.md, and lists every address of the URL resolver."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.urls import URLPattern, get_resolver
from django.urls.resolvers import LocalePrefixPattern

PAGE = Path(__file__).resolve().parents[2] / "docs/reference/access.md"
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
#: What a refusal may be where a table names no method.
REFUSALS = {"401", "403", "404", "405"}
Row = dict[str, str]


def tables() -> dict[str, list[Row]]:
    """Return the tables of the page by the headings over them; a row by its column names."""
    found: dict[str, list[Row]] = {}
    heading = ""
    columns: list[str] = []
    for line in PAGE.read_text().splitlines():
        if line.startswith("## "):
            heading, columns = line[3:], []
        elif line.startswith("|"):
            cells = [cell.strip().strip("`") for cell in line.strip("|").split("|")]
            if not columns:
                columns = cells
            elif set("".join(cells)) - set("-:"):
                found.setdefault(heading, []).append(dict(zip(columns, cells, strict=True)))
    return found


def kind_of(answer: Any) -> str:
    """Whether an answer let the caller in, or else how it refused the caller."""
    there = answer["Location"] if answer.status_code == 302 else ""
    if there.startswith(("/admin/login/?next=", "/agency/sign-in/")):
        return "sign in"
    if there.startswith(("/admin/second-factor/?next=", "/agency/second-factor/?next=")):
        return "second factor"
    if answer.status_code == 302 and answer["Location"] == "/admin/":
        # What Django's admin says of a row that is not there.
        return "404"
    return str(answer.status_code) if str(answer.status_code) in REFUSALS else "yes"


def addresses() -> list[str]:
    """Return every address, with its parameters as the URL configuration has them; pages without their language."""
    return list(_walk(get_resolver().url_patterns, "/"))


def _walk(patterns: Any, prefix: str) -> Iterator[str]:
    for each in patterns:
        own = "" if isinstance(each.pattern, LocalePrefixPattern) else str(each.pattern)
        # The admin has two that are expressions: of its apps, and for what nothing else fits.
        own = re.sub(r"^\^?\(\?P<(\w+)>.*\)/?\$$", r"<\1>", own)
        if isinstance(each, URLPattern):
            yield prefix + own
        else:
            yield from _walk(each.url_patterns, prefix + own)
