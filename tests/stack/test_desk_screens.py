"""Each screen of the desk in a browser, on a tablet and on a wide screen, light and dark: axe, the keyboard, the width.

The walk is made from the URL resolver of the desk, so it finds a new screen by itself.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests import second_factor
from tests.integration.countries import addresses
from tests.stack import desk, screens
from tests.stack.stack import DAYS, HELD, PASSWORD, SILENT, USUAL, Stack, ago, serving

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.verify, pytest.mark.xdist_group("stack")]
#: Nothing is decided about the first. A report of the second is rejected.
AGENCY, DECIDED = HELD[:2]
#: A row of each table, and its addresses. Kari manages users too, so that she reaches each screen. Ola only looks.
_FILL = """
import json
from django.contrib.auth.models import Group, User
from django.db import transaction
from tests.integration.countries import addresses, desk_rows

User.objects.filter(username="kari").update(is_superuser=True)
User.objects.get(username="ola").groups.set(Group.objects.filter(name="observer"))
with transaction.atomic():
    rows = {model: [row] for model, row in desk_rows.make().items()}
screens = addresses.by_screen().items()
print(json.dumps({name: [one for route in routes for one in route.addresses(rows)] for name, routes in screens}))
"""
#: They answer with no page, or with a page of another part of the service.
_NO_SCREENS = ("/admin/r/", "/admin/logout/", "/admin/autocomplete/", "/admin/jsi18n/")
#: Sends the main form of a page as it is, whatever the browser would say.
_SEND = "document.querySelector('.submit-row').closest('form').submit()"


@pytest.fixture(scope="module")
def stack(tmp_path_factory) -> Iterator[Stack]:
    """A stack of its own: a row of each table would change what the other tests read."""
    with serving(tmp_path_factory.mktemp("screens")) as stack:
        yield stack


@pytest.fixture(scope="module")
def walked(stack) -> dict[str, list[str]]:
    """The addresses of each screen, with held reports of two agencies, a silent agency, and a row of each table."""
    agencies = stack.begin(("kari", "ola", "per"), dict.fromkeys((AGENCY, DECIDED, SILENT), ("HELP_VISITS", ago(DAYS))))
    for code, last in ((AGENCY, 0), (DECIDED, 0), (SILENT, 9)):
        usual = {ago(back): USUAL + back % 7 for back in range(last + 1, DAYS + 1)}
        agencies[code].send(code[:2], usual)
    for code in (AGENCY, DECIDED):
        agencies[code].send(code[:2], {ago(2): 5000, ago(3): 5000})
    stack.manage("settle", "--timeout", "60")
    found: dict[str, list[str]] = json.loads(stack.manage("shell", "--no-imports", "-c", _FILL))
    return found


@pytest.fixture(scope="module")
def page(chromium, stack, walked) -> Iterator[Any]:
    """Kari's window."""
    with chromium.new_context() as context:
        page = context.new_page()
        desk.sign_in(page, stack.url, "kari")
        yield page


@pytest.mark.parametrize("name", addresses.by_screen())
def test_screen_has_no_faults(page, stack, walked, name):
    """Also the forms with the errors of somebody who fills nothing in."""
    found, seen = {}, set()
    for address in walked[name]:
        if address.startswith(_NO_SCREENS):
            continue
        answer = page.goto(stack.url + address)
        assert answer.headers["content-type"].startswith("text/html"), address
        if page.url in seen:
            continue
        seen.add(page.url)
        found[address] = screens.faults_of(page)
        if answer.ok and not address.endswith(("/change/", "/delete/")) and page.locator(".submit-row").count():
            with page.expect_event("load"):
                page.evaluate(_SEND)
            found[f"{address}, sent"] = screens.faults_of(page, widths=(768,))
    assert not any(found.values()), screens.listed(found)


def _press(page: Any, button: str) -> None:
    page.get_by_role("button", name=button, exact=True).click()


def _open(page: Any, address: str, **fields: str) -> None:
    """Open a form and fill some of its fields in."""
    page.goto(address)
    for field, value in fields.items():
        target = page.locator(f"#id_{field}")
        if target.evaluate("field => field.matches('select')"):
            target.select_option(value)
        else:
            target.fill(value)


def confirm_break(page: Any, url: str) -> None:
    fields = {
        "kind": "change",
        "text": "New computers",
        "start_0": ago(4),
        "start_1": "00:00",
        "reason": "They said so.",
    }
    _open(page, f"{url}/admin/countries/annotation/add/", **fields)
    page.get_by_label("Break in series").check()
    _press(page, "Save")
    page.get_by_role("heading", name="What this change does").wait_for()


def confirm_detail(page: Any, url: str) -> None:
    fields = {"step": "M", "network_step": "M", "valid_from": "2099-02-01", "reason": "Few events."}
    _open(page, f"{url}/admin/countries/detail/add/", **fields)
    page.get_by_label("Country").select_option(label="San Marino (SM)")
    page.get_by_label("Indicator").select_option(label="HELP_VISITS")
    _press(page, "Save")
    page.get_by_role("heading", name="What this change does").wait_for()


def decide_several(page: Any, url: str) -> None:
    page.goto(f"{url}/admin/federation/hold/")
    page.locator("#action-toggle").check()
    page.get_by_label("Action:").select_option("release")
    _press(page, "Go")
    page.get_by_role("heading", name="Release").wait_for()


def decide(page: Any, url: str) -> None:
    """What is said after a decision, and the finding with its decision."""
    page.goto(f"{url}/admin/federation/hold/?agency={DECIDED}")
    page.get_by_role("link", name="R102").first.click()
    page.get_by_label("Reason").fill("Counted twice.")
    _press(page, "Reject")
    page.locator(".messagelist .success").wait_for()


def issue(page: Any, url: str) -> None:
    _open(page, f"{url}/admin/countries/credential/add/", password=PASSWORD)
    page.get_by_label("Agency").select_option(label=AGENCY)
    _press(page, "Issue a credential")
    page.get_by_text("This is shown once.").wait_for()


def invite(page: Any, url: str) -> None:
    _open(page, f"{url}/admin/countries/agencyaccount/add/", password=PASSWORD)
    page.get_by_label("Agency").select_option(label=AGENCY)
    page.get_by_label("User name").fill("statistics-office")
    _press(page, "Invite somebody of an agency")
    page.get_by_text("This link is shown once.").wait_for()


def find_nothing(page: Any, url: str) -> None:
    page.goto(f"{url}/admin/federation/report/?q=nothing-of-this-name")
    page.get_by_text("There is no report to show.").wait_for()


def open_calendar(page: Any, url: str) -> None:
    page.goto(f"{url}/admin/countries/annotation/add/")
    page.locator("#calendarlink0").click()
    page.locator("#calendarbox0").wait_for()


def look_for_agency(page: Any, url: str) -> None:
    page.goto(f"{url}/admin/countries/annotation/add/")
    page.locator(".field-agency .select2-selection").click()
    page.locator(".select2-results__option", has_text=AGENCY).wait_for()


def lose_session(page: Any, url: str) -> None:
    page.goto(f"{url}/admin/countries/annotation/add/")
    page.evaluate("document.querySelector('.submit-row').closest('form').csrfmiddlewaretoken.value = 'x'.repeat(64)")
    page.evaluate(_SEND)
    page.get_by_role("heading", name="The form has expired").wait_for()


STEPS: tuple[Callable[[Any, str], None], ...] = (
    confirm_break, confirm_detail, decide_several, decide, issue, invite, find_nothing, open_calendar, look_for_agency,
    lose_session,
)  # fmt: skip


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_what_a_form_leads_to_has_no_faults(page, stack, step):
    step(page, stack.url)
    found = {step.__name__: screens.faults_of(page)}
    assert not any(found.values()), screens.listed(found)


def test_sign_in_has_no_faults(chromium, stack, walked):
    """From a wrong password through the second factor to the sign-out, and locked out at the end."""
    found: dict[str, list[str]] = {}
    with chromium.new_context() as context:
        page = context.new_page()

        def look(name: str) -> None:
            page.get_by_role("heading", name=name).wait_for()
            found[name] = found.get(name, []) + screens.faults_of(page)

        page.goto(f"{stack.url}/admin/")
        found["login"] = screens.faults_of(page)
        desk.give_password(page, stack.url, "nobody")
        page.locator(".errornote").wait_for()
        found["refused"] = screens.faults_of(page)
        desk.give_password(page, stack.url, "per")
        look("Set up your second factor")
        page.get_by_label("Code").fill("000000")
        _press(page, "Set up")
        look("Set up your second factor")
        secret = second_factor.read(page.locator("code.secret").inner_text())
        page.get_by_label("Code").fill(second_factor.code(secret))
        _press(page, "Set up")
        look("Your recovery codes")
        page.get_by_role("link", name="Continue").click()
        _press(page, "Log out")
        look("You are signed out.")
        desk.give_password(page, stack.url, "per")
        look("Your second factor")
        page.get_by_label("Code").fill("000000")
        _press(page, "Continue")
        look("Your second factor")
        context.clear_cookies()
        for _ in range(5):
            desk.give_password(page, stack.url, "nobody")
            page.locator(".errornote").wait_for()
        look("Not now")
    assert not any(found.values()), screens.listed(found)


def test_what_is_refused_has_no_faults(chromium, stack, walked):
    found, status = {}, {}
    with chromium.new_context() as context:
        page = context.new_page()
        desk.sign_in(page, stack.url, "ola")
        silent = page.locator(".silences a").first.get_attribute("href")
        refused = {f"{silent}../resolve/": 403, "/admin/auth/user/": 403, "/admin/nothing/": 404}
        for address in refused:
            status[address] = page.goto(stack.url + address).status
            found[address] = screens.faults_of(page)
    assert status == refused
    assert not any(found.values()), screens.listed(found)
