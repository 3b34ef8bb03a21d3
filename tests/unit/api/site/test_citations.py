"""Citations: what a reader must say of a number, as a sentence and as BibTeX."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.utils import translation

from api.site.citations import Citation

URL = "https://example.org/countries/no/?with=SE&start=2026-11-01&end=2026-11-30&as_of=2026-12-01T17:30:05.000Z"
CITATION = Citation(
    key="police2peer-no-se-2026-11-01-2026-11-30",
    indicator="Downloads of police files",
    places=["Norway", "Sweden"],
    period="1 November 2026 to 30 November 2026",
    known_at=datetime(2026, 12, 1, 17, 30, 5, tzinfo=UTC),
    version=114,
    url=URL,
    invented=False,
)


def test_sentence_says_who_what_where_when_and_as_of_when():
    assert CITATION.text == (
        "Police2Peer Federation (2026): Downloads of police files: Norway, Sweden, "
        "1 November 2026 to 30 November 2026. "
        f"As public on 1 December 2026, 17:30\N{NO-BREAK SPACE}UTC (version 114). CC BY 4.0. {URL}"
    )


def test_bibtex_says_the_same():
    assert CITATION.bibtex == (
        "@misc{police2peer-no-se-2026-11-01-2026-11-30,\n"
        "  author = {{Police2Peer Federation}},\n"
        "  title = {{Downloads of police files: Norway, Sweden, 1 November 2026 to 30 November 2026}},\n"
        "  year = {2026},\n"
        "  version = {114},\n"
        f"  url = {{{URL}}},\n"
        "  note = {As public on 2026-12-01T17:30:05.000Z (version 114). CC BY 4.0},\n"
        "}"
    )


def test_invented_numbers_are_called_so():
    invented = replace(CITATION, invented=True)
    assert "Invented numbers. As public on" in invented.text
    assert "note = {Invented numbers. As public on" in invented.bibtex


def test_signs_that_mean_something_to_tex_are_written_as_tex_writes_them():
    citation = replace(CITATION, indicator=r"50 % & more_of {#1} \ ~", places=["Åland"])
    assert r"{{50 \% \& more\_of \{\#1\} \textbackslash{} \textasciitilde{}: Åland, " in citation.bibtex
    assert r"50 % & more_of {#1} \ ~: Åland, " in citation.text


def test_without_a_version_the_time_stands_alone():
    citation = replace(CITATION, version=None)
    assert "version" not in citation.bibtex
    assert "17:30\N{NO-BREAK SPACE}UTC. CC BY 4.0." in citation.text


@pytest.mark.parametrize("language", ["de", "fi", "pl"])
def test_citation_and_bibtex_are_made_in_every_language(language):
    with translation.override(language):
        assert URL in CITATION.text
        assert CITATION.bibtex.count("{") == CITATION.bibtex.count("}")
