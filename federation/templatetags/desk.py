"""How the desk's pages write numbers and codes."""

from typing import Any

from django import template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.filter
def number(value: Any, otherwise: str = "–") -> str:
    """Write a number with separated thousands, or a word if there is none."""
    if value is None or value == "":
        return otherwise
    return f"{value:,.1f}" if isinstance(value, float) and not value.is_integer() else f"{int(value):,}"


@register.filter
def codes(text: str) -> SafeString:
    """Write text between grave accents as code."""
    parts = [conditional_escape(part) for part in text.split("`")]
    return mark_safe("".join(f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts)))  # noqa: S308  escaped above
