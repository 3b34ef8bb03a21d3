"""Which form an Accept means, where media types have versions."""

import pytest
from django.test import RequestFactory

from api.problems import Problem
from api.sdmx import negotiation
from api.sdmx.data_views import OFFERS_3
from api.sdmx.structure_messages import JSON_10, JSON_20, ML_21, ML_30, NEWER, OLDER

ML, SJ = "application/vnd.sdmx.structure+xml", "application/vnd.sdmx.structure+json"


CALLED = {ML_21: "xml21", JSON_10: "json10", ML_30: "xml30", JSON_20: "json20"}


def agreed(accept, offers, **given):
    headers = {} if accept is None else {"HTTP_ACCEPT": accept}
    return CALLED[negotiation.agreed(RequestFactory().get("/", **headers), offers, given)]


@pytest.mark.parametrize(
    ("accept", "older", "newer"),
    [
        (None, "xml21", "xml30"),
        ("", "xml21", "xml30"),
        ("application/xml;q=.1, application/json;q=0.5", "json10", "json20"),
        ("*/*", "xml21", "xml30"),
        ("application/*", "xml21", "xml30"),
        ("application/xml", "xml21", "xml30"),
        ("text/xml", "xml21", "xml30"),
        ("application/json", "json10", "json20"),
        (ML, "xml21", "xml30"),
        (SJ, "json10", "json20"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "xml21", "xml30"),
        ("application/json, */*;q=0.5", "json10", "json20"),
        (f"{ML};q=0.5, {SJ}", "json10", "json20"),
        ("*/*, application/xml;q=0", "json10", "json20"),
        (f"{ML};version=9, application/json;q=0.1", "json10", "json20"),
        ("APPLICATION/JSON", "json10", "json20"),
        ("application/json;q=1.0;version=1", "json10", "json20"),
    ],
)
def test_form_that_is_liked_best(accept, older, newer):
    assert (agreed(accept, OLDER), agreed(accept, NEWER)) == (older, newer)


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (f"{ML};version=2.1", "xml21"),
        (f'{ML}; version="2.1"', "xml21"),
        (f"{ML};q=0.3;version=2.1", "xml21"),
        (f"{SJ};version=1.0", "json10"),
        (f"{SJ};version=1.0.0", "json10"),
        (f"{ML};version=3.0.0", "xml30"),
        (f"{SJ};version=2.0.0;q=0.9, {ML};version=3.0.0;q=0.8", "json20"),
    ],
)
def test_version_is_looked_at(accept, form):
    right, wrong = (OLDER, NEWER) if form in ("xml21", "json10") else (NEWER, OLDER)
    assert agreed(accept, right) == form
    with pytest.raises(Problem, match="not_acceptable"):
        agreed(accept, wrong)


CSV = "application/vnd.sdmx.data+csv;version=2.0.0"


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (f"{CSV};labels=id;timeFormat=original;keys=none", "csv"),
        (f'{CSV}; labels = "id" ; q=0.5', "csv"),
        (f"{CSV};file=true", "csv"),
        (f"{CSV};labels=both, application/json;q=0.1", "json"),
        (f"{CSV};labels=both, {CSV};q=0.1", "csv"),
        (f"{CSV};LABELS=name", None),
        (f'{CSV}; labels = "both"', None),
        (f"{CSV};labels=ids", None),
        (f"{CSV};timeFormat=normalized", None),
        (f"{CSV};keys=obs", None),
        (f"{CSV};key=series", None),
    ],
)
def test_csv_is_had_without_labels_and_keys_only(accept, form):
    request = RequestFactory().get("/", HTTP_ACCEPT=accept)
    if form:
        assert negotiation.agreed(request, OFFERS_3, {}).form == form
        return
    with pytest.raises(Problem) as refused:
        negotiation.agreed(request, OFFERS_3, {})
    assert refused.value.code == "not_acceptable"
    assert "no other labels than id, timeFormat than original and keys than none" in refused.value.detail


@pytest.mark.parametrize("accept", [None, "application/xml", "text/csv", f"{ML};version=9"])
def test_format_of_a_link_goes_before_accept(accept):
    assert (agreed(accept, OLDER, format="json"), agreed(accept, NEWER, format="xml")) == ("json10", "xml30")
    with pytest.raises(Problem) as refused:
        agreed(accept, OLDER, format="csv")
    assert (refused.value.code, refused.value.detail) == ("bad_parameter", "The formats are xml, json.")


@pytest.mark.parametrize("accept", ["text/csv", "*/*;q=0", f"{ML};version=1", "nonsense", "application/vnd.sdmx.*"])
def test_what_fits_nothing_is_refused_with_what_would(accept):
    with pytest.raises(Problem) as refused:
        agreed(accept, OLDER)
    assert f"{ML};version=2.1" in refused.value.detail
