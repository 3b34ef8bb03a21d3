"""No text and no attribute can break out of XML."""

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from api.sdmx.sdmx_ml import PROLOGUE, element, group, text


@given(st.text(), st.text())
def test_any_text_is_one_element(inside, attribute):
    read = etree.fromstring((PROLOGUE + element("a", {"b": attribute}, text(inside))).encode("utf-8", "replace"))
    assert (read.tag, len(read)) == ("a", 0)
    assert set(read.attrib) <= {"b"}


@given(st.text(st.characters(min_codepoint=32, exclude_categories=("Cs", "Cn"))))
def test_text_comes_back_as_it_was(inside):
    read = etree.fromstring((PROLOGUE + element("a", {"b": inside}, text(inside))).encode())
    assert ((read.text or ""), read.get("b", "")) == (inside, inside)


def test_empty_things_are_short_or_not_there():
    assert element("a", {"b": None, "c": ""}) == "<a/>"
    assert group("a") == group("a", "", "") == ""
    assert group("a", "<b/>", "", "<c/>") == "<a>\n<b/>\n<c/>\n</a>"
