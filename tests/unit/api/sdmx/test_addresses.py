"""Addresses and parameters of both dialects, read into queries: the grammar alone, without a database."""

from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from api.problems import Problem
from api.sdmx import v21, v30
from api.sdmx.flows import ATTRIBUTES, P2P, P2P_VINTAGE
from api.sdmx.queries import MOST_VINTAGES, STRUCTURES, Codes, DataQuery, Shape
from api.sdmx.times import Times

ANY = Codes()
KEY = "D.DOWNLOADS.NO._T"
FLOW = "dataflow/P2PEU/P2P/1.0.0"
VINTAGES = "dataflow/P2PEU/P2P_VINTAGE/1.0.0"


def codes(query):
    """Return what is wanted of each dimension of which not all is."""
    return {name: one for name, one in query.codes.items() if one != ANY}


def only(**named):
    return {name: Codes(frozenset(text.split("+"))) for name, text in named.items()}


NORWAY = only(FREQ="D", INDICATOR="DOWNLOADS", COUNTRY="NO", NETWORK="_T")


def refused(read, path, **parameters):
    with pytest.raises(Problem) as problem:
        read(path, parameters)
    return problem.value.code


@pytest.mark.parametrize(
    ("key", "wanted"),
    [
        ("", {}),
        ("all", {}),
        ("*", {}),
        ("...", {}),
        ("*.*.*.*", {}),
        (KEY, NORWAY),
        (f"{KEY}/", NORWAY),
        (".DOWNLOADS.NO._T", only(INDICATOR="DOWNLOADS", COUNTRY="NO", NETWORK="_T")),
        ("D+M..NO+SE.", only(FREQ="D+M", COUNTRY="NO+SE")),
    ],
)
@pytest.mark.parametrize(("read", "before"), [(v21.data, "P2P"), (v30.data, FLOW)])
def test_keys_have_codes_or_nothing_in_each_place(read, before, key, wanted):
    query = read(f"{before}/{key}", {})
    assert (query.flow, codes(query)) == (P2P, wanted)


def test_key_of_30_may_leave_out_places_at_its_end():
    assert codes(v30.data(f"{FLOW}/D.DOWNLOADS", {})) == only(FREQ="D", INDICATOR="DOWNLOADS")
    assert refused(v21.data, "P2P/D.DOWNLOADS.NO") == "bad_sdmx_query"


@pytest.mark.parametrize("vintage", ["2026-11-24", "2026-11-24T10:16:02.481Z", "2026-11-24+2026-11-23T10:00:00.1Z"])
def test_key_of_a_past_view_ends_with_days_or_instants(vintage):
    for query in (v21.data(f"P2P_VINTAGE/{KEY}.{vintage}", {}), v30.data(f"{VINTAGES}/{KEY}.{vintage}", {})):
        assert (query.flow, query.vintages) == (P2P_VINTAGE, frozenset(vintage.split("+")))
    assert v30.data(VINTAGES, {}).vintages is None
    assert v30.data(FLOW, {}).vintages is None


@pytest.mark.parametrize(
    "path",
    ["P2P", "P2PEU,P2P", "P2PEU,P2P,1.0.0", "all,P2P,latest", "P2P/all", "P2P/all/all/", "P2PEU,P2P/all/P2PEU"],
)
def test_flow_of_21(path):
    assert v21.data(path, {}) == DataQuery(P2P, dict.fromkeys(P2P.dimensions, ANY))


@pytest.mark.parametrize(
    "path",
    [
        "dataflow/P2PEU/P2P/1.0.0", "dataflow/P2PEU/P2P", "*/P2PEU/P2P/+", "dataflow/*/P2P/*", "dataflow/P2PEU/P2P/~/",
        "datastructure/P2PEU/DSD_P2P/1.0.0", "provisionagreement/P2PEU/PA_P2P/1.0.0/*", "*/*/PA_P2P",
    ],
)  # fmt: skip
def test_flow_of_30(path):
    assert v30.data(path, {}) == DataQuery(P2P, dict.fromkeys(P2P.dimensions, ANY))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("NO", Codes(frozenset({"NO"}))),
        ("eq:NO", Codes(frozenset({"NO"}))),
        ("NO,SE", Codes(frozenset({"NO", "SE"}))),
        ("ne:NO", Codes(excluded=frozenset({"NO"}))),
        ("ne:NO+ne:SE", Codes(excluded=frozenset({"NO", "SE"}))),
    ],
)
def test_filters_of_codes(text, wanted):
    assert v30.data(FLOW, {"c[COUNTRY]": text}).codes["COUNTRY"] == wanted


def test_key_and_filters_hold_both():
    query = v30.data(f"{FLOW}/..NO+SE.", {"c[COUNTRY]": "NO,DK"})
    assert query.codes["COUNTRY"].among(["NO", "SE", "DK"]) == {"NO"}
    query = v30.data(f"{FLOW}/..NO+SE.", {"c[COUNTRY]": "ne:NO"})
    assert query.codes["COUNTRY"].among(["NO", "SE", "DK"]) == {"SE"}
    assert ANY.among(["NO", "SE"]) == {"NO", "SE"}
    assert v30.data(VINTAGES, {"c[VINTAGE]": "2026-11-24,2026-11-23"}).vintages == {"2026-11-24", "2026-11-23"}


def day(number):
    return int(datetime(2026, 11, number, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("asked", "first", "after"),
    [
        ({"startPeriod": "2026-11-02"}, day(2), None),
        ({"endPeriod": "2026-11-02"}, None, day(3)),
        ({"startPeriod": "2026-11-02", "endPeriod": "2026-11-02"}, day(2), day(3)),
        ({"startPeriod": "2026-W45"}, day(2), None),
        ({"startPeriod": "2026-M11"}, day(1), None),
        ({"startPeriod": "2026-11-01T00:00:01"}, day(1) + 1, None),
        ({"endPeriod": "2026-11-02T23:00:00Z"}, None, day(3)),
        ({"endPeriod": "2026-11-03T00:00:00+01:00"}, None, day(3)),
    ],
)
def test_periods_of_21(asked, first, after):
    times = v21.data("P2P", asked).times
    assert times == Times(Times().start if first is None else first, Times().end if after is None else after)


@pytest.mark.parametrize(
    ("text", "first", "after"),
    [
        ("ge:2026-11-02", day(2), None),
        ("gt:2026-11-01", day(2), None),
        ("le:2026-11-02", None, day(3)),
        ("lt:2026-11-03", None, day(3)),
        ("gt:2026-10+lt:2026-11-03", day(1), day(3)),
        ("ge:2026-Q4+ge:2026-11-02", day(2), None),
        ("ge:2026-S2+ge:2026-11", day(1), None),
    ],
)
def test_times_of_30(text, first, after):
    times = v30.data(FLOW, {"c[TIME_PERIOD]": text}).times
    assert times == Times(Times().start if first is None else first, Times().end if after is None else after)


def test_period_alone_is_that_period_and_none_inside_it():
    times = v30.data(FLOW, {"c[TIME_PERIOD]": "2026-11"}).times
    assert (times.start, times.end, times.exact) == (day(1), day(30) + 86_400, (day(1), day(30) + 86_400))


@pytest.mark.parametrize(
    ("read", "path"), [(v21.data, "P2P"), (v30.data, FLOW), (v21.availability, "P2P"), (v30.availability, FLOW)]
)
def test_changes_and_past_views_are_asked_for_alike(read, path):
    query = read(path, {"updatedAfter": "2026-11-01T00:00:00Z", "asOf": "2026-11-02T01:00:00+01:00"})
    query = getattr(query, "data", query)
    assert query.updated_after == datetime(2026, 11, 1, tzinfo=UTC)
    assert query.as_of == datetime(2026, 11, 2, tzinfo=UTC)


def test_sdmx1_writes_another_name_for_changes():
    assert v30.data(FLOW, {"updateAfter": "2026-11-01T00:00"}).updated_after == datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("read", "path", "asked", "shape"),
    [
        (v21.data, "P2P", {}, Shape(measure=True, attributes=ATTRIBUTES)),
        (v21.data, "P2P", {"detail": "dataonly"}, Shape(measure=True, attributes=())),
        (v21.data, "P2P", {"detail": "serieskeysonly"}, Shape(measure=False, attributes=())),
        (v21.data, "P2P", {"detail": "nodata"}, Shape(measure=False, attributes=())),
        (v30.data, FLOW, {"attributes": "dsd", "measures": "all"}, Shape(measure=True, attributes=ATTRIBUTES)),
        (v30.data, FLOW, {"attributes": "none"}, Shape(measure=True, attributes=())),
        (v30.data, FLOW, {"measures": "none"}, Shape(measure=False, attributes=ATTRIBUTES)),
        (
            v30.data,
            FLOW,
            {"attributes": "VALID_FROM,OBS_STATUS", "measures": "OBS_VALUE"},
            Shape(measure=True, attributes=("OBS_STATUS", "VALID_FROM")),
        ),
        (v21.data, "P2P", {"dimensionAtObservation": "AllDimensions"}, Shape(at_observation="AllDimensions")),
        # Keys alone are those of series.
        (
            v21.data,
            "P2P",
            {"dimensionAtObservation": "AllDimensions", "detail": "nodata"},
            Shape(measure=False, attributes=(), at_observation="TIME_PERIOD"),
        ),
    ],
)
def test_what_is_shown(read, path, asked, shape):
    assert read(path, asked).shape == shape


def test_numbers():
    query = v30.data(FLOW, {"firstNObservations": "1", "lastNObservations": "2", "offset": "0", "limit": "4"})
    assert (query.first, query.last, query.offset, query.limit) == (1, 2, 0, 4)


@pytest.mark.parametrize(
    ("read", "path"),
    [
        (v21.availability, "P2P/D.../all/COUNTRY"),
        (v30.availability, f"{FLOW}/D/COUNTRY"),
        (v30.availability, f"{FLOW}/D.*/COUNTRY/"),
    ],
)
def test_availability_of_one_dimension(read, path):
    query = read(path, {"references": "all", "mode": "exact"})
    assert (codes(query.data), query.dimensions, query.references) == (only(FREQ="D"), ("COUNTRY",), True)


@pytest.mark.parametrize(("read", "path"), [(v21.availability, "P2P"), (v30.availability, f"{FLOW}/*/*")])
def test_availability_of_all_dimensions(read, path):
    query = read(path, {})
    assert (query.dimensions, query.references) == ((*P2P.dimensions, "TIME_PERIOD"), False)


@pytest.mark.parametrize(
    ("read", "path", "names"),
    [
        (v21.structures, "dataflow", ("", "", "")),
        (v21.structures, "dataflow/all/all/latest/", ("", "", "")),
        (v21.structures, "dataflow/P2PEU/P2P/1.0.0", ("P2PEU", "P2P", "1.0.0")),
        (v21.structures, "dataflow/ECB/all/all/all", ("ECB", "", "")),
        (v30.structures, "structure/dataflow", ("", "", "")),
        (v30.structures, "structure/dataflow/*/*/~", ("", "", "")),
        (v30.structures, "structure/dataflow/P2PEU/P2P/+/", ("P2PEU", "P2P", "")),
        (v30.structures, "structure/dataflow/P2PEU/P2P/1.0.0/*", ("P2PEU", "P2P", "1.0.0")),
    ],
)
def test_structures(read, path, names):
    query = read(path, {"references": "children", "detail": "referencepartial"})
    assert (query.kinds, query.agency, query.id, query.version) == ({"dataflow"}, *names)
    assert (query.references, query.detail) == ("children", "referencepartial")


def test_all_types_of_structures():
    for query in (v21.structures("structure", {}), v30.structures("structure", {}), v30.structures("structure/*", {})):
        assert query.kinds == {*STRUCTURES}


@pytest.mark.parametrize("read", [v21.schema, v30.schema])
def test_schemas(read):
    query = read("provisionagreement/P2PEU/PA_P2P/1.0.0/", {"dimensionAtObservation": "AllDimensions"})
    assert query.at_observation == "AllDimensions"
    assert (query.kinds, query.id) == ({"provisionagreement"}, "PA_P2P")


@pytest.mark.parametrize(
    ("read", "path"),
    [
        (v21.data, "P2P/D.DOWNLOADS.NO._T.X"), (v30.data, f"{FLOW}/{KEY}.X"), (v21.data, "P2P/D.DOWNLOADS.N O._T"),
        (v21.data, "P2P/D.DOWNLOADS.NO+."), (v21.data, ",,/all"), (v21.data, "a,b,c,d"), (v21.data, "P2P/all/all/all"),
        (v30.data, f"{FLOW}/all/all"), (v21.data, f"P2P_VINTAGE/{KEY}.tomorrow"), (v30.data, f"{VINTAGES}/{KEY}.2026"),
        (v30.availability, f"{FLOW}/*/COUNTRY/more"), (v21.structures, "dataflow/a b"), (v30.schema, "dataflow/P2PEU"),
        (v21.structures, "codelist/P2PEU/CL_FREQ/1.0.0/D/more"), (v30.schema, "dataflow/P2PEU/*/1.0.0"),
    ],
)  # fmt: skip
def test_path_that_cannot_be_read(read, path):
    assert refused(read, path) == "bad_sdmx_query"


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("startPeriod", "yesterday", "bad_sdmx_query"), ("endPeriod", "2026-13", "bad_sdmx_query"),
        ("startPeriod", "2026-Q5", "bad_sdmx_query"), ("startPeriod", "2026-11-31", "bad_sdmx_query"),
        ("updatedAfter", "2026-11-01", "bad_sdmx_query"), ("asOf", "now", "bad_sdmx_query"),
        ("firstNObservations", "0", "bad_parameter"), ("lastNObservations", "-1", "bad_parameter"),
        ("lastNObservations", "٣", "bad_parameter"), ("firstNObservations", "1" * 19, "bad_parameter"),
    ],
)  # fmt: skip
def test_value_that_cannot_be_read(name, text, code):
    assert refused(v21.data, "P2P", **{name: text}) == code


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("c[COUNTRY]", "NO,", "bad_sdmx_query"), ("c[TIME_PERIOD]", "ge:soon", "bad_sdmx_query"),
        ("c[TIME_PERIOD]", "", "bad_sdmx_query"), ("limit", "0", "bad_parameter"), ("offset", "x", "bad_parameter"),
    ],
)  # fmt: skip
def test_value_of_30_that_cannot_be_read(name, text, code):
    assert refused(v30.data, FLOW, **{name: text}) == code


def test_questions_that_contradict_themselves():
    times = {"updatedAfter": "2026-11-02T00:00:00Z", "asOf": "2026-11-01T00:00:00Z"}
    assert refused(v21.data, "P2P", **times) == "bad_sdmx_query"
    assert refused(v21.data, "P2P_VINTAGE", asOf="2026-11-01T00:00:00Z") == "bad_sdmx_query"
    assert refused(v30.data, VINTAGES, updatedAfter="2026-11-01T00:00:00Z") == "bad_sdmx_query"
    days = [f"2026-{month:02}-{number:02}" for month in (1, 3) for number in range(1, 32)]
    assert v30.data(f"{VINTAGES}/{KEY}.{'+'.join(days[:MOST_VINTAGES])}", {})
    assert refused(v30.data, f"{VINTAGES}/{KEY}.{'+'.join(days)}") == "bad_sdmx_query"


@pytest.mark.parametrize(
    ("read", "path", "code"),
    [
        (v21.data, "EXR", "unknown_structure"), (v21.data, "ECB,P2P", "unknown_structure"),
        (v21.data, "P2PEU,P2P,2.0.0", "unknown_structure"), (v30.data, "dataflow/ECB/P2P", "unknown_structure"),
        (v30.data, "dataflow/P2PEU/DSD_P2P", "unknown_structure"), (v30.data, "*/P2PEU/X", "unknown_structure"),
        (v30.data, "dataflow/P2PEU/PA_NO-KRIPOS", "unknown_structure"),
        (v21.data, "P2P/all/NO-KRIPOS", "agency_not_published"),
        (v30.data, "provisionagreement/P2PEU/PA_NO-KRIPOS/1.0.0", "agency_not_published"),
        (v30.availability, "*/P2PEU/PA_NO-KRIPOS", "agency_not_published"),
    ],
)  # fmt: skip
def test_what_does_not_exist_or_is_not_public(read, path, code):
    assert refused(read, path) == code


#: Words of the standard that are not documented as supported, and some that no standard has.
UNDOCUMENTED = [
    (v21.data, "P2P", "includeHistory=true"), (v30.data, FLOW, "includeHistory=true"), (v30.data, FLOW, "sort=FREQ"),
    (v21.data, "P2P", "reportingYearStartDay=--07-01"), (v21.data, "P2P", "dimensionAtObservation=FREQ"),
    (v21.data, "P2P", "detail=some"), (v21.data, "P2P", "nonsense=1"), (v21.data, "P2P", "c[COUNTRY]=NO"),
    (v21.data, "P2P", "limit=1"), (v30.data, FLOW, "startPeriod=2026"), (v30.data, FLOW, "c[OBS_VALUE]=ge:100"),
    (v30.data, FLOW, "c[OBS_STATUS]=O"), (v30.data, FLOW, "c[NOTHING]=1"), (v30.data, FLOW, "c[VINTAGE]=2026-11-24"),
    (v30.data, FLOW, "c[COUNTRY]=sw:N"), (v30.data, FLOW, "c[COUNTRY]=ne:NO,ne:SE"), (v30.data, FLOW, "c[FREQ]=ge:H"),
    (v30.data, FLOW, "c[TIME_PERIOD]=ne:2026"), (v30.data, FLOW, "c[TIME_PERIOD]=2026,2025"),
    (v30.data, VINTAGES, "c[VINTAGE]=ge:2026-11-24"), (v30.data, FLOW, "attributes=series"),
    (v30.data, FLOW, "measures=OBS"), (v30.data, f"{FLOW}/D,M", ""), (v30.data, f"{FLOW},2.0.0", ""),
    (v30.data, "dataflow/P2PEU/P2P/1.0+.0", ""), (v30.data, "dataflow/P2PEU/*/1.0.0", ""),
    (v30.data, "metadataflow/P2PEU/P2P", ""), (v30.data, "dataflow,datastructure/P2PEU/P2P", ""),
    (v21.availability, "P2P", "mode=available"), (v21.availability, "P2P", "references=codelist"),
    (v21.availability, "P2P", "detail=full"), (v30.availability, FLOW, "limit=1"),
    (v30.availability, f"{FLOW}/*/OBS_VALUE", ""), (v30.availability, f"{FLOW}/*/COUNTRY,FREQ", ""),
    (v21.structures, "categoryscheme", ""), (v21.structures, "hierarchicalcodelist/P2PEU", ""),
    (v21.structures, "metadata/P2P", ""), (v21.structures, "nothing", ""), (v21.structures, "codelist/A+B", ""),
    (v21.structures, "codelist/P2PEU/CL_FREQ/1.0.0/D", ""), (v21.structures, "codelist", "references=parents"),
    (v21.structures, "codelist", "detail=allstubs"), (v21.structures, "codelist", "asOf=2026-01-01T00:00:00Z"),
    (v30.structures, "registration/id", ""), (v30.structures, "structure/hierarchy", ""),
    (v30.structures, "structure/codelist/P2PEU/*/1.+", ""), (v30.structures, "structure/codelist/A,B", ""),
    (v30.structures, "structure/codelist", "references=children,codelist"), (v30.structures, "dataflow/P2PEU", ""),
    (v21.schema, "metadataflow/P2PEU/P2P", ""), (v21.schema, "dataflow/P2PEU/P2P", "explicitMeasure=true"),
    (v30.schema, "dataflow/P2PEU/P2P", "deletion=True"), (v30.schema, "dataflow/P2PEU/P2P,P2P_VINTAGE", ""),
    (v30.schema, "dataflow/P2PEU/P2P", "dimensionAtObservation=COUNTRY"),
]  # fmt: skip


@pytest.mark.parametrize(("read", "path", "query"), UNDOCUMENTED)
def test_what_is_not_documented_is_not_offered_and_says_what_is(read, path, query):
    name, _, text = query.partition("=")
    problem = problem_of(read, path, {name: text} if query else {})
    assert problem is not None
    assert (problem.code, bool(problem.detail)) == ("not_implemented", True)


@given(st.sampled_from(["detail", "references", "nonsense"]), st.text(min_size=1))
def test_any_other_word_is_not_offered(name, text):
    offered = {"full", "allcompletestubs", "referencepartial", "none", "children", "descendants", "parentsandsiblings"}
    assume(text not in {*offered, "all", *STRUCTURES})
    assert refused(v21.structures, "dataflow", **{name: text}) == "not_implemented"
    assert refused(v30.structures, "structure/dataflow", **{name: text}) == "not_implemented"


@given(
    st.text(),
    st.dictionaries(st.sampled_from(["startPeriod", "asOf", "c[TIME_PERIOD]", "c[COUNTRY]", "limit"]), st.text()),
)
def test_any_question_is_read_or_refused(path, parameters):
    for dialect in (v21.DIALECT, v30.DIALECT):
        for read in (dialect.data, dialect.availability, dialect.structures, dialect.schema):
            for at in (path, f"P2P/{path}", f"{FLOW}/{path}"):
                problem = problem_of(read, at, parameters)
                assert problem is None or (problem.code in REFUSALS and problem.detail)


#: With nothing else can a question be refused for how it is written.
REFUSALS = {"bad_sdmx_query", "bad_parameter", "unknown_structure", "agency_not_published", "not_implemented"}


def problem_of(read, path, parameters):
    try:
        read(path, parameters)
    except Problem as problem:
        return problem
    return None
