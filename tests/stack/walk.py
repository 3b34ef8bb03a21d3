"""Counts what a job takes in a browser."""

from typing import Any


class Walk:
    """One person at one page: each click and each choice counts, and so does each page that is loaded.

    A typed text is not a click.
    """

    def __init__(self, page: Any) -> None:
        self.page = page
        self.clicks = self.screens = self.fields = 0
        page.on("load", self._count_screen)

    def _count_screen(self, _: Any) -> None:
        self.screens += 1

    def stop(self) -> tuple[int, int]:
        """The clicks and the screens."""
        self.page.remove_listener("load", self._count_screen)
        return self.clicks, self.screens

    def click(self, target: Any) -> None:
        """Click something that opens no page."""
        self.clicks += 1
        target.click()

    def go(self, target: Any) -> None:
        """Click something that opens a page."""
        self.clicks += 1
        with self.page.expect_event("load"):
            target.click()

    def link(self, name: str, within: Any = None) -> None:
        """Follow the first link of a name."""
        self.go((within or self.page).get_by_role("link", name=name, exact=True).first)

    def button(self, name: str) -> None:
        """Press a button that opens a page."""
        self.go(self.page.get_by_role("button", name=name, exact=True))

    def choose(self, field: Any, **what: str) -> None:
        """Choose from a menu: one click, because a menu opens with the same press."""
        self.clicks += 1
        field.select_option(**what)

    def look_for(self, field: str, term: str, shown: str) -> None:
        """Choose from a field that searches while one types: one click opens it, and one chooses."""
        self.click(self.page.locator(f".field-{field} .select2-selection"))
        self.write(self.page.locator(".select2-search__field"), term)
        self.click(self.page.locator(".select2-results__option", has_text=shown).first)

    def write(self, field: Any, text: str) -> None:
        """Type a text."""
        self.fields += 1
        field.fill(text)
