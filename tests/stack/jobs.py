"""The jobs of a coordinator's day, as docs/how-to/coordinate.md names them: each as steps from the start page.

Only the steps change when a screen does. Each job ends when it is done, and is told the agency that it is about.
"""

import re
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.stack.stack import PASSWORD, USUAL, Agency, Federation, ago
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
    walk.page.locator(".messagelist li").first.wait_for()


def _screen(walk: Walk, name: str) -> None:
    walk.link(name, walk.page.locator("nav.screens, .all-screens").first)


def _of_start(walk: Walk, name: str) -> None:
    walk.link(name, walk.page.locator(".all-screens"))


def _filter(walk: Walk, name: str, value: str) -> None:
    filters = walk.page.locator("#desk-filters details", has=walk.page.get_by_text(f"{name}:"))
    walk.click(filters.locator("summary"))
    walk.link(value, filters)


def _search(walk: Walk, term: str) -> None:
    walk.write(walk.page.locator("#searchbar"), term)
    walk.button("Search")


def _reason(walk: Walk, text: str) -> None:
    walk.write(walk.page.locator("#id_reason"), text)


def _confirm(walk: Walk, button: str) -> None:
    walk.write(walk.page.get_by_label("Your password"), PASSWORD)
    walk.button(button)


def _save(walk: Walk) -> None:
    walk.button("Save")
    _done(walk)


@job("Decide on a held report", HELD_ONE)
def decide(walk: Walk, _: Federation, agency: str) -> None:
    walk.go(walk.page.get_by_role("link", name="held reports wait"))
    walk.go(walk.page.get_by_role("row", name=agency).get_by_role("link", name="R102"))
    walk.button("Release the held report")
    _reason(walk, "The agency confirmed it by telephone.")
    walk.button("Release 1 report")
    _done(walk)


@job("Decide on several held reports of one agency", HELD_MANY)
def decide_several(walk: Walk, _: Federation, agency: str) -> None:
    walk.go(walk.page.get_by_role("link", name="held reports wait"))
    for row in walk.page.get_by_role("row", name=agency).all():
        walk.click(row.locator("input.action-select"))
    walk.choose(walk.page.get_by_label("Action:"), value="release")
    walk.button("Go")
    _reason(walk, "A campaign of three days.")
    walk.button("Release 3 reports")
    _done(walk)


@job("Close another finding", EXPLAINED)
def close(walk: Walk, _: Federation, agency: str) -> None:
    walk.go(walk.page.locator(".silences a", has_text=agency))
    walk.button("Resolve this finding")
    _reason(walk, "Explained by the agency.")
    walk.button("Resolve 1 finding")
    _done(walk)


@job("Add an agency, up to its first accepted report", NEW)
def add_agency(walk: Walk, federation: Federation, agency: str) -> None:
    page = walk.page
    _screen(walk, "Agencies")
    walk.link("Add agency")
    walk.write(page.locator("#id_code"), agency)
    walk.look_for("country", "Slovenia", "SI")
    walk.write(page.locator("#id_name"), "Police of Slovenia")
    walk.click(page.get_by_text("Add another Schedule"))
    walk.choose(page.locator("#id_schedules-0-indicator"), label="HELP_VISITS")
    walk.choose(page.locator("#id_schedules-0-frequency"), value="D")
    walk.write(page.locator("#id_schedules-0-valid_from"), ago(3))
    walk.write(page.locator("#id_schedules-0-deadline_minutes"), "60")
    _reason(walk, "They join today.")
    _save(walk)
    secret = _issue(walk, agency)
    _enter_set_up(walk, agency)
    Agency(federation.stack, *secret, "HELP_VISITS").send(agency[:2], {ago(1): USUAL})
    _screen(walk, "Start")
    assert page.get_by_role("row", name=re.compile(rf"^{agency} 1 \d{{4}}-")).count() == 1


def _issue(walk: Walk, agency: str) -> tuple[str, str]:
    _screen(walk, "Credentials")
    walk.link("Add credential")
    walk.choose(walk.page.get_by_label("Agency"), label=agency)
    _reason(walk, "Their first one.")
    _confirm(walk, "Issue a credential")
    shown = walk.page.locator("dd code").all_inner_texts()
    return shown[0], shown[1]


def _enter_set_up(walk: Walk, agency: str) -> None:
    page = walk.page
    _screen(walk, "Start")
    _of_start(walk, "Set-ups")
    walk.link("Add set-up")
    walk.look_for("agency", agency, agency)
    walk.write(page.locator("#id_valid_from"), ago(3))
    walk.write(page.locator("#id_computers"), "4")
    walk.click(page.get_by_label("BITTORRENT"))
    walk.choose(page.locator("#id_counting"), value="shares")
    walk.write(page.locator("#id_location_source"), "A table")
    walk.write(page.locator("#id_location_date"), "2026-11-01")
    _reason(walk, "As they wrote.")
    _save(walk)


@job("See what a silent agency last did, and where to ask it", FELL_SILENT)
def ask_silent(walk: Walk, _: Federation, agency: str) -> None:
    page = walk.page
    walk.go(page.locator(".silences a", has_text=agency))
    _screen(walk, "Submissions")
    _filter(walk, "Agency", agency)
    assert page.locator("#result_list tbody tr").count() > 0
    _screen(walk, "Credentials")
    _search(walk, agency)
    _screen(walk, "Agencies")
    walk.link(agency)
    page.locator("#id_contact, .field-contact").first.wait_for()


@job("Mark a break that releases held reports", HELD_BY_LEVEL)
def mark_break(walk: Walk, _: Federation, agency: str) -> None:
    page = walk.page
    _begin_annotation(walk, "change", "New computers count since this day")
    walk.look_for("agency", agency, agency)
    walk.choose(page.locator("#id_indicator"), label="HELP_VISITS")
    walk.click(page.locator("#id_is_break"))
    _reason(walk, "As the agency wrote.")
    _save(walk)


@job("Add an annotation")
def annotate(walk: Walk, _: Federation, _agency: str) -> None:
    _begin_annotation(walk, "campaign", "A campaign of all agencies in spring")
    _reason(walk, "Agreed at the last meeting.")
    _save(walk)


def _begin_annotation(walk: Walk, kind: str, text: str) -> None:
    page = walk.page
    _screen(walk, "Time axis")
    walk.link("Add annotation")
    walk.choose(page.get_by_label("Kind"), value=kind)
    walk.write(page.get_by_label("Text"), text)
    walk.write(page.locator("#id_start_0"), ago(2))
    walk.write(page.locator("#id_start_1"), "00:00")


@job("Rotate a credential")
def rotate(walk: Walk, federation: Federation, agency: str) -> None:
    _screen(walk, "Credentials")
    walk.link(federation.agencies[agency].client_id)
    walk.link("Issue a successor")
    _reason(walk, "The yearly change.")
    _confirm(walk, f"Issue a successor of {federation.agencies[agency].client_id}")
    walk.page.get_by_text("This is shown once.").wait_for()


@job("Register a signing key")
def register_key(walk: Walk, _: Federation, agency: str) -> None:
    key = Ed25519PrivateKey.generate().public_key()
    _screen(walk, "Signing keys")
    walk.link("Add signing key")
    walk.choose(walk.page.get_by_label("Agency"), label=agency)
    walk.write(
        walk.page.get_by_label("Public key"), key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    )
    _reason(walk, "Their first key.")
    _confirm(walk, "Register a signing key")
    _done(walk)


@job("Invite somebody of an agency")
def invite(walk: Walk, _: Federation, agency: str) -> None:
    _of_start(walk, "Agency accounts")
    walk.link("Add agency account")
    walk.choose(walk.page.get_by_label("Agency"), label=agency)
    walk.write(walk.page.get_by_label("User name"), "statistics-office")
    _reason(walk, "Asked for by the agency.")
    _confirm(walk, "Invite somebody of an agency")
    walk.page.locator("code").first.wait_for()


@job("Change the detail of a country", "")
def change_detail(walk: Walk, _: Federation, _agency: str) -> None:
    page = walk.page
    _of_start(walk, "Details")
    walk.link("Add detail")
    walk.choose(page.get_by_label("Country"), label="NZ New Zealand")
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
    _of_start(walk, "Audit events")
    _search(walk, "kari")
    assert "The agency confirmed it by telephone." in walk.page.locator("#result_list").inner_text()


@job("Find out what was changed about an agency, and why")
def audit_of_agency(walk: Walk, federation: Federation, agency: str) -> None:
    page = walk.page
    _screen(walk, "Held reports")
    _filter(walk, "Decision", "released")
    _filter(walk, "Agency", agency)
    assert "released by kari" in page.locator("#result_list").inner_text()
    _screen(walk, "Agencies")
    walk.link(agency)
    walk.link("History")
    assert "Change history" in page.locator("main").inner_text()
    _screen(walk, "Credentials")
    _screen(walk, "Audit")
    _search(walk, f'"credential {federation.agencies[agency].client_id}"')
    assert "The yearly change." in page.locator("#result_list").inner_text()


@job("See whether a credential is used", HELD_MANY)
def see_use(walk: Walk, federation: Federation, agency: str) -> None:
    client_id = federation.agencies[agency].client_id
    _screen(walk, "Credentials")
    assert walk.page.get_by_role("link", name=client_id).count() == 1
    _screen(walk, "Audit")
    _search(walk, f"credential {client_id}")
    assert "submission.accepted" in walk.page.locator("#result_list").inner_text()


@job("Look up a submission of an agency")
def look_up(walk: Walk, _: Federation, agency: str) -> None:
    _screen(walk, "Submissions")
    _filter(walk, "Agency", agency)
    walk.go(walk.page.locator("#result_list tbody tr th a").first)
