"""Every message of structures fits the standard's own schemas, and holds what was asked for, no more and no less."""

import json

import pytest

from tests.contract.sdmx.structures_messages import (
    DETAILS,
    FORMS,
    TYPES,
    address,
    artefacts,
    faults,
    federation,
)
from tests.oracles import sdmx_references

REFERENCES = ("none", "parents", "parentsandsiblings", "children", "descendants", "all", "codelist", "dataflow")


@pytest.fixture
def ask(client, db):
    """Asks for a structure in a form, and returns the content."""
    federation()

    def asked(form, path):
        root, accept, content_type = FORMS[form]
        answer = client.get(address(root, path), headers={"accept": accept})
        assert (answer.status_code, answer["Content-Type"]) == (200, content_type), answer.content
        return answer.content

    return asked


@pytest.mark.parametrize("form", FORMS)
def test_each_type_with_what_goes_with_it_fits_the_schema_in_each_detail(ask, form):
    for kind in TYPES:
        for detail in DETAILS:
            content = ask(form, f"{kind}?references=all&detail={detail}")
            assert faults(form, content) == [], (kind, detail)


@pytest.mark.parametrize("form", ["xml21", "json20"])
def test_references_are_those_of_the_oracle(ask, form):
    root = FORMS[form][0]
    more = ("ancestors",) if root == "3.0" else ()
    for name in sdmx_references.REFERS:
        kind, own = name.split()
        for reference in (*REFERENCES, *more):
            found = artefacts(form, ask(form, f"{kind}/{'*' if root == '3.0' else 'all'}/{own}?references={reference}"))
            assert set(found) == sdmx_references.around({name}, reference, root), (name, reference)


@pytest.mark.parametrize(
    ("path", "beside"),
    [
        ("conceptscheme/P2PEU/CS_P2P/1.0.0/FREQ?references=children", {"codelist CL_FREQ"}),
        ("conceptscheme/P2PEU/CS_P2P/1.0.0/VINTAGE?references=codelist", set()),
        ("conceptscheme/P2PEU/CS_P2P/1.0.0/VINTAGE?references=parents", {"datastructure DSD_P2P_VINTAGE"}),
        (
            "dataproviderscheme/P2PEU/DATA_PROVIDERS/1.0/NO-KRIPOS?references=parents",
            {"provisionagreement PA_NO-KRIPOS"},
        ),
        (
            "dataproviderscheme/P2PEU/DATA_PROVIDERS/1.0/P2PEU?references=provisionagreement",
            {"provisionagreement PA_P2P", "provisionagreement PA_P2P_VINTAGE"},
        ),
    ],
)
@pytest.mark.parametrize("form", ["xml21", "json20"])
def test_references_of_items_are_theirs(ask, form, path, beside):
    found = set(artefacts(form, ask(form, path)))
    assert {name for name in found if not name.startswith(("agencyscheme", path.split("/", 1)[0]))} == beside


def test_raw_is_the_same_as_full(ask):
    """No list extends another."""
    both = [artefacts("xml30", ask("xml30", f"codelist?references=all&detail={detail}")) for detail in ("raw", "full")]
    assert both[0] == both[1]


def test_several_references_are_those_of_each(ask):
    found = artefacts("xml30", ask("xml30", "dataflow/P2PEU/P2P?references=children,codelist"))
    assert set(found) == {"dataflow P2P", "datastructure DSD_P2P", "agencyscheme AGENCIES", *sdmx_references.LISTS}


@pytest.mark.parametrize("form", FORMS)
def test_all_there_is_is_found_by_one_word(ask, form):
    word = "*" if FORMS[form][0] == "3.0" else "structure"
    assert set(artefacts(form, ask(form, word))) == set(sdmx_references.REFERS)


@pytest.mark.parametrize("form", FORMS)
def test_only_what_is_asked_for_is_answered(ask, form):
    assert list(artefacts(form, ask(form, "codelist/P2PEU/CL_FREQ"))) == ["codelist CL_FREQ"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("detail", "own", "other"),
    [
        ("full", "full", "full"),
        ("allstubs", "stub", "stub"),
        ("allcompletestubs", "complete", "complete"),
        ("referencestubs", "full", "stub"),
        ("referencecompletestubs", "full", "complete"),
        ("AllStubs", "stub", "stub"),
        ("referencepartial", "full", "full"),
    ],
)
def test_detail_says_how_much_is_told(ask, form, detail, own, other):
    found = artefacts(form, ask(form, f"datastructure/P2PEU/DSD_P2P?references=parents&detail={detail}"))
    structure, flow = found["datastructure DSD_P2P"], found["dataflow P2P"]
    # The structure has no description; the flow has one.
    assert structure.is_stub == structure["external"] == (own != "full")
    assert flow["external"] == (other != "full")
    assert flow["described"] == (other != "stub")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("detail", ["allstubs", "allcompletestubs"])
def test_stub_of_a_list_has_no_items_and_says_where_they_are(ask, form, detail):
    content = ask(form, f"codelist/P2PEU/CL_FREQ?detail={detail}")
    assert artefacts(form, content)["codelist CL_FREQ"].is_stub
    assert f"http://testserver{address(FORMS[form][0], 'codelist/P2PEU/CL_FREQ/1.0.0')}".encode() in content


@pytest.mark.parametrize("form", FORMS)
def test_partial_references_have_only_what_is_used(ask, form):
    """P2P has no VINTAGE, and nobody but the federation provides P2P_VINTAGE; codes can all be used."""
    of_flow = artefacts(form, ask(form, "dataflow/P2PEU/P2P?references=all&detail=referencepartial"))
    concepts = of_flow["conceptscheme CS_P2P"]
    assert concepts["partial"]
    assert "VINTAGE" not in concepts["content"]
    assert {"FREQ", "TIME_PERIOD", "OBS_VALUE", "VALID_FROM"} < set(concepts["content"])
    assert of_flow["dataproviderscheme DATA_PROVIDERS"]["content"] == ["P2PEU", "NO-KRIPOS"]
    countries = of_flow["codelist CL_COUNTRY"]
    assert (countries["partial"], len(countries["content"])) == (False, 254)
    of_past = artefacts(form, ask(form, "dataflow/P2PEU/P2P_VINTAGE?references=all&detail=referencepartial"))
    assert "VINTAGE" in of_past["conceptscheme CS_P2P"]["content"]
    assert not of_past["conceptscheme CS_P2P"]["partial"]
    assert (
        of_past["dataproviderscheme DATA_PROVIDERS"] | {"content": ["P2PEU"], "partial": True}
        == of_past["dataproviderscheme DATA_PROVIDERS"]
    )


def test_partial_does_not_touch_what_is_asked_for(ask):
    found = artefacts("xml21", ask("xml21", "conceptscheme/P2PEU/CS_P2P?references=parents&detail=referencepartial"))
    assert "VINTAGE" in found["conceptscheme CS_P2P"]["content"]


@pytest.mark.parametrize(
    ("form", "path"),
    [
        ("xml21", "codelist/P2PEU/CL_FREQ/1.0.0/D+M+D"),
        ("xml21", "codelist/all/CL_FREQ+CL_NETWORK/latest/D+M"),
        ("json10", "codelist/P2PEU/all/1.0.0/D+M+nothing"),
        ("xml30", "codelist/P2PEU/CL_FREQ/1.0.0/D,M"),
        ("json20", "codelist/*/*/~/M,D/"),
        ("json20", "*/*/*/*/D,M"),
        ("json20", "codelist/P2PEU/CL_FREQ/1.0.0/D%2CM"),
    ],
)
def test_items_asked_for_are_a_partial_list(ask, form, path):
    content = ask(form, path)
    assert faults(form, content) == []
    found = artefacts(form, content)
    assert list(found) == ["codelist CL_FREQ"]
    assert (found["codelist CL_FREQ"]["content"], found["codelist CL_FREQ"]["partial"]) == (["D", "M"], True)


def test_list_of_the_items_asked_for_is_partial_though_it_has_no_others(ask):
    found = artefacts("xml30", ask("xml30", "agencyscheme/SDMX/AGENCIES/1.0/P2PEU"))
    assert (found["agencyscheme AGENCIES"]["content"], found["agencyscheme AGENCIES"]["partial"]) == (["P2PEU"], True)


@pytest.mark.parametrize(
    ("form", "path"),
    [
        ("xml21", "dataflow/P2PEU/P2P/latest"),
        ("xml21", "dataflow/P2PEU/P2P/all/"),
        ("xml21", "dataflow/all/P2P/1.0.0"),
        ("xml21", "dataflow/P2PEU+ECB/P2P+EXR/1.0.0+2.0"),
        ("xml21", "dataflow/P2PEU%2BECB/P2P"),
        ("xml30", "dataflow/P2PEU/P2P/+"),
        ("xml30", "dataflow/P2PEU/P2P/%2B"),
        ("xml30", "dataflow/P2PEU/P2P/~/"),
        ("xml30", "dataflow/*/P2P/*"),
        ("xml30", "dataflow/%2A/P2P/%2A"),
        ("xml30", "dataflow/ECB,P2PEU/EXR,P2P/2.0.0,1.0+.0"),
        ("xml30", "dataflow/ECB%2CP2PEU/P2P/1.0.0"),
    ],
)
def test_short_and_long_forms_name_the_same(ask, form, path):
    assert list(artefacts(form, ask(form, path))) == ["dataflow P2P"]


@pytest.mark.parametrize("path", ["agencyscheme/SDMX/AGENCIES/+", "dataproviderscheme/P2PEU/*/+"])
def test_lists_of_organisations_are_stable(ask, path):
    """Their version is 1.0 for good, and clients ask for the latest stable one."""
    assert len(artefacts("xml30", ask("xml30", path))) == 1


@pytest.mark.parametrize("form", FORMS)
def test_notes_and_that_numbers_are_made_up_stand_with_the_flow(ask, form):
    content = ask(form, "dataflow/P2PEU/P2P").decode()
    note = "A download is not a person & not an <offence>."
    assert (
        note if form.startswith("json") else note.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    ) in content
    assert "Some agencies here are invented" in content


@pytest.mark.parametrize("form", ["json10", "json20"])
def test_schema_is_named_where_clients_look_for_it(ask, form):
    content = ask(form, "dataflow")
    version = {"json10": "1.0", "json20": "2.0.0"}[form]
    assert f"{version}/sdmx-json-structure-schema.json".encode() in content[:350]
    assert json.loads(content)["meta"]["test"] is True


@pytest.mark.parametrize("form", ["xml21", "xml30"])
def test_xml_begins_as_clients_expect(ask, form):
    content = ask(form, "dataflow")
    assert content.startswith(b"<?xml")
    assert f"schemas/v{form[3]}_{form[4]}/message".encode() in content[:1000]
    assert b"MeasureRelationship" not in ask(form, "datastructure")
