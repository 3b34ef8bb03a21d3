"""What people do at the desk, in a browser."""

import sys
from typing import Any

from tests import second_factor
from tests.stack.stack import PASSWORD

PYTHON = sys.executable
#: Faults that a page must not have, each with its description; checked in the page.
_FAULTS = """() => {
    const found = [];
    const shown = element => element.checkVisibility && element.checkVisibility();
    const named = element => (element.innerText || element.getAttribute('aria-label') || element.title
        || element.value || element.querySelector('[title]')?.title || '').trim();
    if (document.querySelectorAll('h1').length !== 1) found.push('not one h1');
    for (const table of document.querySelectorAll('table')) {
        // The script of Django's calendar makes its table.
        if (!shown(table) || table.closest('.calendarbox')) continue;
        if (!table.caption) found.push('table without caption');
        if (!table.querySelector('th[scope]')) found.push('table without headers');
    }
    for (const element of document.querySelectorAll('a[href], button, summary'))
        if (shown(element) && !named(element)) found.push('no name: ' + element.outerHTML.slice(0, 90));
    for (const field of document.querySelectorAll('input:not([type=hidden], [type=submit]), select, textarea'))
        if (shown(field) && !field.labels.length && !field.getAttribute('aria-label') && !field.title)
            found.push('no label: ' + field.outerHTML.slice(0, 90));
    for (const drawing of document.querySelectorAll('svg[role=img]'))
        if (!drawing.querySelector('title')) found.push('drawing without title');
    const root = document.documentElement;
    if (root.scrollWidth > root.clientWidth) found.push('wider than the window');
    for (const part of document.querySelectorAll('.results, .wide'))
        if (part.scrollWidth > part.clientWidth) found.push('table wider than the window');
    return found;
}"""


def sign_in(page: Any, url: str, name: str) -> None:
    """Sign in for the first time, which sets up a second factor."""
    give_password(page, url, name)
    secret = page.locator("code.secret").inner_text()
    page.get_by_label("Code").fill(second_factor.code(second_factor.read(secret)))
    page.get_by_role("button", name="Set up").click()
    page.get_by_role("link", name="Continue").click()
    page.get_by_role("heading", name="The coordinators' desk").wait_for()


def give_password(page: Any, url: str, name: str) -> None:
    page.goto(f"{url}/admin/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def faults(page: Any) -> list[str]:
    """What is wrong with a page for those who do not see it, use no mouse, or have a small window."""
    return list(page.evaluate(_FAULTS))


def messages(page: Any) -> list[str]:
    """What the desk says at the top of a page."""
    return list(page.locator(".messagelist li").all_inner_texts())


def tab_to(page: Any, selector: str, *, within: int = 120) -> None:
    """Press Tab until an element has the focus, and see that the focus is shown."""
    for _ in range(within):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            shown = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert shown != "none", f"no focus is shown at {selector}"
            return
    raise AssertionError(f"{within} times Tab did not lead to {selector}")
