"""The public contact of an agency is an address and nothing more, because readers follow it."""

import pytest
from django.core.exceptions import ValidationError

from countries.models.agencies import check_contact


@pytest.mark.parametrize(
    "text",
    ["office@example.org", "press.office+eu@police.example.org", "https://example.org/contact?a=1&b=2#form"],
)
def test_page_or_mailbox_is_a_contact(text):
    check_contact(text)


@pytest.mark.parametrize(
    "text",
    [
        "office?subject=Pay&body=evil@example.org",
        "office@example.org?subject=Pay",
        "office%0A@example.org",
        '"a b"@example.org',
        "one@example.org,other@example.org",
        "http://example.org/",
        "javascript:alert(1)",
        "https://example.org@other.example/",
        "https://example.org/\N{RIGHT-TO-LEFT OVERRIDE}gro",
        "office@ex\N{CYRILLIC SMALL LETTER A}mple.org",
        "https://example.org/\x01",
        "somebody",
    ],
)
def test_anything_more_is_refused(text):
    with pytest.raises(ValidationError, match="This is no contact"):
        check_contact(text)
