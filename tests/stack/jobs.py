"""The jobs of a coordinator's day, as docs/how-to/coordinate.md names them: each as steps from the start page.

Only the steps change when a screen does. Each job ends when it is done, and is told the agency that it is about.
"""

from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.stack.stack import DAYS, PASSWORD, USUAL, Agency, Federation, ago
from tests.stack.walk import Walk

#: Each job with the agency that it is about: these agencies are of no other test.
JOBS: "dict[str, tuple[Callable[[Walk, Federation, str], None], str]]" = {}
HELD_ONE, HELD_MANY, HELD_BY_LEVEL, FELL_SILENT, EXPLAINED = "AT-BK", "BE-FCCU", "CZ-NCOZ", "EE-PBGB", "LV-VP"
WALKED = (HELD_ONE, HELD_MANY, HELD_BY_LEVEL, FELL_SILENT, EXPLAINED)
NEW = "SI-POL"


def job(name: str, agency: str = HELD_ONE) -> Any:
    def named(steps: Any) -> Any:
        JOBS[name] = (steps, agency)
        return steps

    return named


def _done(walk: Walk) -> None:
    walk.page.locator(".messagelist .success").first.wait_for()


def _add(walk: Walk, screen: str) -> None:
    walk.link(f"Add: {screen}", walk.page.locator(".all-screens"))


def _to_agency(walk: Walk, agency: str) -> None:
    walk.link(agency, walk.page.locator("table.board"))


def _to_held(walk: Walk, agency: str) -> None:
    """Go from a square of the board with a held report to the finding that holds it."""
    walk.go(walk.page.locator("table.board tbody", has_text=agency).locator("td.held a").first)


def _reason(walk: Walk, text: str) -> None:
    walk.write(walk.page.get_by_label("Reason"), text)


def _confirm(walk: Walk, button: str) -> None:
    walk.write(walk.page.get_by_label("Your password"), PASSWORD)
    walk.button(button)


def _save(walk: Walk) -> None:
    walk.button("Save")
    _done(walk)


def _said(walk: Walk) -> str:
    return str(walk.page.locator("main").inner_text())


@job("Decide on a held report", HELD_ONE)
def decide(walk: Walk, _: Federation, agency: str) -> None:
    _to_held(walk, agency)
    _reason(walk, "The agency confirmed it by telephone.")
    walk.button("Release")
    walk.page.get_by_text("1 report released.").wait_for()


@job("Decide on several held reports of one agency", HELD_MANY)
def decide_several(walk: Walk, _: Federation, agency: str) -> None:
    _to_held(walk, agency)
    _reason(walk, "A campaign of three days.")
    walk.button("Release")
    walk.page.get_by_text("3 reports released.").wait_for()


@job("Close another finding", EXPLAINED)
def close(walk: Walk, _: Federation, agency: str) -> None:
    walk.go(walk.page.locator(".silences a", has_text=agency))
    _reason(walk, "Explained by the agency.")
    walk.button("Resolve this finding")
    walk.page.get_by_text("1 finding resolved.").wait_for()


@job("Add an agency, up to its first accepted report", NEW)
def add_agency(walk: Walk, federation: Federation, agency: str) -> None:
    page = walk.page
    _add(walk, "Agencies")
    walk.write(page.locator("#id_code"), agency)
    walk.write(page.locator("#id_name"), "Police of Slovenia")
    walk.choose(page.locator("#id_schedules-0-indicator"), label="HELP_VISITS")
    walk.choose(page.locator("#id_schedules-0-frequency"), value="D")
    walk.write(page.locator("#id_schedules-0-valid_from"), ago(3))
    _write_set_up(walk)
    _reason(walk, "They join today.")
    _save(walk)
    walk.link("Issue a credential", page.locator(".next"))
    _reason(walk, "Their first one.")
    _confirm(walk, "Issue a credential")
    client_id, secret = page.locator("dd code").all_inner_texts()[:2]
    Agency(federation.stack, client_id, secret, "HELP_VISITS").send(agency[:2], {ago(1): USUAL})
    walk.link(f"I have saved the secret. Go to {agency}")
    assert f"HELP_VISITS day {ago(1)}" in page.locator(".at-a-glance").inner_text()


def _write_set_up(walk: Walk) -> None:
    page = walk.page
    walk.write(page.locator("#id_setups-0-valid_from"), ago(3))
    walk.write(page.locator("#id_setups-0-computers"), "4")
    walk.click(page.locator("#id_setups-0-networks").get_by_label("BITTORRENT"))
    walk.choose(page.locator("#id_setups-0-counting"), value="shares")
    walk.write(page.locator("#id_setups-0-location_source"), "A table")
    walk.write(page.locator("#id_setups-0-location_date"), "2026-11-01")


@job("See what a silent agency last did, and where to ask it", FELL_SILENT)
def ask_silent(walk: Walk, federation: Federation, agency: str) -> None:
    _to_agency(walk, agency)
    said = _said(walk)
    assert f"HELP_VISITS day {ago(DAYS)} to {ago(10)}" in said
    assert f"{federation.agencies[agency].client_id}: last token at" in said
    assert "Public contact" in said


@job("Mark a break that releases held reports", HELD_BY_LEVEL)
def mark_break(walk: Walk, _: Federation, agency: str) -> None:
    page = walk.page
    _to_held(walk, agency)
    walk.link("Mark a break instead")
    assert f"It releases 1 held report of {agency}, HELP_VISITS:" in _said(walk)
    walk.write(page.get_by_label("Text"), "New computers count since this day")
    _reason(walk, "As the agency wrote.")
    walk.click(page.get_by_label("Release these reports"))
    _save(walk)
    assert "The break released 1 held report." in page.locator(".messagelist").inner_text()


@job("Add an annotation")
def annotate(walk: Walk, _: Federation, _agency: str) -> None:
    page = walk.page
    _add(walk, "Annotations")
    walk.choose(page.get_by_label("Kind"), value="campaign")
    walk.write(page.get_by_label("Text"), "A campaign of all agencies in spring")
    walk.write(page.locator("#id_start_0"), ago(2))
    walk.write(page.locator("#id_start_1"), "00:00")
    _reason(walk, "Agreed at the last meeting.")
    _save(walk)


@job("Rotate a credential")
def rotate(walk: Walk, federation: Federation, agency: str) -> None:
    title = f"Issue a successor of {federation.agencies[agency].client_id}"
    _to_agency(walk, agency)
    walk.link(title)
    _reason(walk, "The yearly change.")
    _confirm(walk, title)
    walk.page.get_by_text("This is shown once.").wait_for()


@job("Register a signing key")
def register_key(walk: Walk, _: Federation, agency: str) -> None:
    key = Ed25519PrivateKey.generate().public_key()
    _add(walk, "Signing keys")
    walk.choose(walk.page.get_by_label("Agency"), label=agency)
    walk.write(
        walk.page.get_by_label("Public key"), key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    )
    _reason(walk, "Their first key.")
    _confirm(walk, "Register a signing key")
    _done(walk)


@job("Invite somebody of an agency")
def invite(walk: Walk, _: Federation, agency: str) -> None:
    _add(walk, "Agency accounts")
    walk.choose(walk.page.get_by_label("Agency"), label=agency)
    walk.write(walk.page.get_by_label("User name"), "statistics-office")
    _reason(walk, "Asked for by the agency.")
    _confirm(walk, "Invite somebody of an agency")
    walk.page.get_by_text("This link is shown once.").wait_for()


@job("Change the detail of a country", "")
def change_detail(walk: Walk, _: Federation, _agency: str) -> None:
    page = walk.page
    _add(walk, "Details")
    walk.choose(page.get_by_label("Country"), label="New Zealand (NZ)")
    walk.choose(page.get_by_label("Indicator"), label="HELP_VISITS")
    walk.write(page.get_by_label("Valid from"), "2098-01-01")
    for name in ("Finest step:", "Finest step by network:"):
        walk.choose(page.get_by_label(name), value="M")
    _reason(walk, "Few events.")
    walk.button("Save")
    walk.button("Save this change")
    _done(walk)


@job("Find out what a person changed, and why", "")
def audit_of_person(walk: Walk, _: Federation, _agency: str) -> None:
    walk.link("kari", walk.page.get_by_role("region", name="What people did"))
    assert "The agency confirmed it by telephone." in _said(walk)


@job("Find out what was changed about an agency, and why")
def audit_of_agency(walk: Walk, _: Federation, agency: str) -> None:
    _to_agency(walk, agency)
    walk.link("What people changed about it")
    said = _said(walk)
    assert f"kari released the report of {agency}" in said
    assert "The yearly change." in said


@job("See whether a credential is used", HELD_MANY)
def see_use(walk: Walk, federation: Federation, agency: str) -> None:
    _to_agency(walk, agency)
    assert f"{federation.agencies[agency].client_id}: last token at" in _said(walk)


@job("Look up a submission of an agency")
def look_up(walk: Walk, _: Federation, agency: str) -> None:
    walk.go(walk.page.get_by_role("link", name=f"The last submission of {agency}"))
    assert f"Submission of {agency}" in _said(walk)
