"""The sentences of findings on the pages of an agency: each rule, in each language."""

import html
import re
from datetime import timedelta

import pytest
from babel import Locale
from django.utils import translation
from django.utils.translation import gettext

from api.agency.templatetags.findings import PageWords
from api.site import catalogues
from p2p_core.codes import NETWORK_NAMES
from p2p_core.rules.rulebook import ABOUT_NO_AGENCY, RULES, say
from tests.contract.agency.conftest import text_of
from tests.factories import FindingFactory
from tests.unit.core.test_sentences import MONTH, SENTENCES, TWO

#: The rules about agencies. Only coordinators see the others.
OF_AGENCIES = [rule.id for rule in RULES.values() if rule.about not in ABOUT_NO_AGENCY]
CASES = {case[0]: case for case in reversed(SENTENCES)}
HOUR = timedelta(hours=1)
NORWEGIAN = Locale("nb")
#: What Norwegian pages write without a catalogue: periods, countries, and names of networks and of a source.
OWN = set(
    re.findall(
        r"\w+",
        f"{[*NORWEGIAN.territories.values()]} {[*NETWORK_NAMES.values()]}"
        f" {[*NORWEGIAN.days['format']['wide'].values()]} {[*NORWEGIAN.months['format']['wide'].values()]}"
        f" {[*NORWEGIAN.months['format']['abbreviated'].values()]} UTC A table".casefold(),
    )
)


def said(language, *finding):
    """The sentence as :func:`text_of` returns it."""
    with translation.override(language):
        return html.escape(" ".join(say(*finding, PageWords()).split()))


def places(text):
    """A translation in which only the places are left that are filled in."""
    return " ".join(re.findall(r"\{\w+\}|%\(\w+\)[sd]", text))


def test_every_rule_about_agencies_is_tested():
    assert list(dict.fromkeys(rule for rule, *_ in SENTENCES)) == OF_AGENCIES


@pytest.mark.parametrize("case", SENTENCES, ids=lambda case: f"{case[0]} {case[-1]}")
def test_every_word_is_from_a_catalogue(monkeypatch, case):
    monkeypatch.setattr(translation._trans, "gettext", places)
    monkeypatch.setattr(translation._trans, "ngettext", lambda one, many, number: places(one if number == 1 else many))
    assert set(re.findall(r"[^\W\d_]{2,}", said("nb", *case[:-1]).casefold())) <= OWN


@pytest.mark.parametrize(
    ("language", "case", "sentence"),
    [
        (
            "de", ("R102", "H", TWO, TWO, {"value": 1204, "usual": 96.0}),
            "3. November 2026, 14:00 UTC liegt beim 12-Fachen des Üblichen (Dienstag, 14:00 UTC): 1.204 gegenüber 96.",
        ),
        (
            "sv", ("R102", "H", TWO, TWO + 4 * HOUR, {"value": 3, "usual": 100.5, "whole_frequency": "D"}),
            ("3 november 2026, 14:00 – 18:00 UTC: Dessa perioder är långt från det vanliga. "
            "Den första perioden är långt under det vanliga (tisdag, hela dagen): 3 mot 100,5."),
        ),
        (
            "fr", ("R103", "M", MONTH, MONTH, {"value": 10_540, "before": 10_000, "share": 0.054}),
            "Novembre 2026 : une correction tardive a changé le chiffre de 10 000 à 10 540, soit 5,4 %.",
        ),
        (
            "pl", ("R202", "H", TWO, TWO + HOUR, {"periods": 2}),
            "Brak liczb (2 godziny): 3 listopada 2026, 14:00 – 15:00 UTC.",
        ),
        (
            "pl", ("R202", "H", TWO, TWO + 4 * HOUR, {"periods": 5}),
            "Brak liczb (5 godzin): 3 listopada 2026, 14:00 – 18:00 UTC.",
        ),
    ],
)  # fmt: skip
def test_periods_and_numbers_are_written_as_elsewhere_in_the_language(language, case, sentence):
    assert said(language, *case) == sentence


@pytest.mark.parametrize("language", catalogues.languages())
def test_findings_are_in_the_language_of_the_page(analyst, agency, language):
    names = ("rule", "frequency", "period", "last_period", "facts")
    rows = [FindingFactory.create(agency=agency, **dict(zip(names, case, strict=False))) for case in CASES.values()]
    listed = text_of(analyst.get(f"/{language}/agency/findings/"))
    for case in CASES.values():
        assert said(language, *case[:-1]) in listed
        assert html.escape(case[-1]) not in listed
    page = text_of(analyst.get(f"/{language}/agency/findings/{rows[-1].pk}/"))
    rule = RULES[rows[-1].rule]
    with translation.override(language):
        assert f"{rule.id} {gettext(rule.name)}" in page
        assert html.escape(gettext(rule.advice)) in page
    assert rule.advice not in page


def test_english_pages_say_what_the_api_says(analyst, agency):
    finding = FindingFactory.create(agency=agency)
    case = (finding.rule, finding.frequency, finding.period, finding.last_period, finding.facts)
    assert html.escape(say(*case)) in text_of(analyst.get(f"/agency/findings/{finding.pk}/"))
