"""Which format an Accept means, if media types have versions."""

import pytest
from django.test import RequestFactory

from api.problems import Problem
from api.sdmx import queries
from api.sdmx.v21 import DIALECT as V21
from api.sdmx.v30 import DIALECT as V30

ML, SJ = "application/vnd.sdmx.structure+xml", "application/vnd.sdmx.structure+json"
CSV = "application/vnd.sdmx.data+csv;version=2.0.0"


def agreed(accept, formats=V30.formats_of_structures, **given):
    headers = {} if accept is None else {"HTTP_ACCEPT": accept}
    return queries.agreed_format(RequestFactory().get("/", **headers), formats, given).word


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, "xml"),
        ("", "xml"),
        ("*/*", "xml"),
        ("application/*", "xml"),
        ("application/xml", "xml"),
        ("text/xml", "xml"),
        ("application/json", "json"),
        ("APPLICATION/JSON", "json"),
        (ML, "xml"),
        (SJ, "json"),
        ("application/xml;q=.1, application/json;q=0.5", "json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "xml"),
        ("application/json, */*;q=0.5", "json"),
        ("*/*, application/json", "json"),
        (f"{ML};q=0.5, {SJ}", "json"),
        ("*/*, application/xml;q=0", "json"),
        (f"{ML};version=9, application/json;q=0.1", "json"),
        ("application/json;q=1.0;version=1", "json"),
        (f'{ML}; version="3.0.0"', "xml"),
        (f"{ML};q=0.3;version=3.0", "xml"),
        (f"{SJ};version=2.0.0;q=0.9, {ML};version=3.0.0;q=0.8", "json"),
    ],
)
def test_preferred_format(accept, form):
    assert agreed(accept) == form


@pytest.mark.parametrize(
    "accept",
    [f"{ML};version=2.1", f"{SJ};version=1.0.0", "text/csv", "*/*;q=0", "nonsense", "application/vnd.sdmx.*"],
)
def test_what_fits_nothing_is_refused_with_what_would(accept):
    with pytest.raises(Problem) as refused:
        agreed(accept)
    assert refused.value.code == "not_acceptable"
    assert f"{ML};version=3.0.0" in refused.value.detail


def test_version_of_21():
    assert agreed(f"{ML};version=2.1", V21.formats_of_structures) == "xml"
    with pytest.raises(Problem, match="not_acceptable"):
        agreed(f"{ML};version=3.0.0", V21.formats_of_structures)


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
def test_csv_comes_without_labels_and_keys_only(accept, form):
    if form:
        assert agreed(accept, V30.formats_of_data) == form
        return
    with pytest.raises(Problem) as refused:
        agreed(accept, V30.formats_of_data)
    assert refused.value.code == "not_acceptable"
    assert "only labels=id, timeFormat=original and keys=none are offered" in refused.value.detail


@pytest.mark.parametrize("accept", [None, "application/xml", "text/csv", f"{ML};version=9"])
def test_format_of_a_link_goes_before_accept(accept):
    assert agreed(accept, format="json") == "json"
    with pytest.raises(Problem) as refused:
        agreed(accept, format="csv")
    assert (refused.value.code, refused.value.detail) == ("not_implemented", "Expected for format: xml, json.")
