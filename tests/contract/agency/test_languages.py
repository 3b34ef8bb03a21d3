"""Each text of the pages of an agency is in the language of the page."""

import html
import re
from datetime import timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
from babel import Locale
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation
from django.utils.translation import gettext

from api.site import catalogues
from countries.accounts import credentials
from federation.models.submissions import Submission
from tests import factories
from tests.contract.agency.conftest import account, figure, text_of
from tests.contract.agency.test_attacks import odd_workbook
from tests.contract.callers import BEGAN, COLUMNS, Caller, hour, report
from tests.contract.site.test_languages import NAMES, words

NORWEGIAN = Locale("nb")
OWN = NAMES | set(
    re.findall(
        r"\w+",
        f"{[*NORWEGIAN.months['format']['wide'].values()]} {[*NORWEGIAN.months['format']['abbreviated'].values()]}"
        " Norge Kripos NO KRIPOS DOWNLOADS BitTorrent eDonkey R105 TOTP MiB Database",
    )
)


def untranslated(answer) -> set[str]:
    """The words of a page outside the marks, without what is in a language of its own, and names of rows."""
    page = re.sub(r'<(?!html)(\w+)\b[^>]* lang="\w\w"[^>]*>.*?</\1>', " ", answer.content.decode(), flags=re.DOTALL)
    left = words(page)
    while (shorter := re.sub(r"⟦[^⟦⟧]*⟧", " ", left)) != left:
        left = shorter
    return set(re.findall(r"\w*[^\W\d_]{2,}\w*", left)) - OWN


@pytest.fixture
def marked(monkeypatch):
    monkeypatch.setattr(translation._trans, "gettext", lambda text: f"⟦{text}⟧")
    monkeypatch.setattr(translation._trans, "ngettext", lambda one, many, number: f"⟦{one if number == 1 else many}⟧")


def test_every_text_is_marked_for_translation(analyst, agency, marked):
    Caller(agency=agency).send(report(("NO", "BITTORRENT", 5)))
    finding = factories.FindingFactory.create(agency=agency)
    for back in range(5):
        figure(agency, finding.period - timedelta(weeks=back), 5, frequency="H")
    factories.SetupFactory.create(agency=agency, location_source="Database", local_days=True, time_zone="UTC")
    credentials.issue(agency=agency, by="kari", now=BEGAN, networks=["192.0.2.0/24"])
    addresses = ["", "send/", "submissions/", f"submissions/{Submission.objects.get().pk}/", "set-up/"]
    addresses += ["submissions/?day=x", "findings/", "findings/?all", f"findings/{finding.pk}/"]
    # In English, findings have the sentences of the API.
    pages = {address: analyst.get(f"/nb/agency/{address}") for address in addresses}
    pages |= {value: analyst.post("/nb/agency/send/", {"file": file_of(value)}) for value in ("500", "many", "1.234")}
    new, half = Client(), Client()
    half.force_login(account(agency, "bo").user)
    pages |= {address: new.get(f"/nb/agency/{address}/") for address in ("sign-in", "invitation/x/y")}
    new.handler.enforce_csrf_checks = True
    pages["expired"] = new.post("/nb/agency/sign-in/", headers={"Accept": "text/html"})
    pages["set up"] = half.get("/nb/agency/second-factor/")
    assert pages["500"].context["findings"]
    assert {address: found for address, page in pages.items() if (found := untranslated(page))} == {}


@pytest.mark.parametrize("language", catalogues.languages())
def test_faults_of_a_workbook_are_in_the_language_of_the_page(analyst, language):
    content = odd_workbook(value="1.234").getvalue()
    address = f"/{language}/agency/send/"
    refused = html.unescape(text_of(analyst.post(address, {"file": SimpleUploadedFile("numbers.xlsx", content)})))
    file = SimpleUploadedFile("numbers.xlsx", content)
    coloured = analyst.post(address, {"file": file, "coloured": "1"}).content
    comments = html.unescape(ZipFile(BytesIO(coloured)).read("xl/comments1.xml").decode())
    with translation.override(language):
        told = gettext(
            "It is not certain whether this is {digits} or a fraction. Write whole numbers without separators."
        )
        title = gettext("The value is not clearly a whole number")
    assert f"{title}. {told.format(digits=1234)}" in refused
    assert told.format(digits=1234) in comments


def file_of(value):
    # Of unknown countries, so that there is a finding.
    rows = f"{COLUMNS}\nDOWNLOADS,H,{hour()},_U,BITTORRENT,{value}\n"
    return SimpleUploadedFile("numbers.csv", rows.encode())
