"""The addresses of what web/ is built into."""

from django import template
from django.templatetags.static import static

from api.site import built as built_files

register = template.Library()


@register.simple_tag
def built(of: str) -> str:
    """Return the address of a built file, or of the file that it would be built of."""
    return static(built_files.files().get(of, f"site/{of}"))
