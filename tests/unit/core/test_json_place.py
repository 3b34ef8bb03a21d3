"""A syntax error in JSON names its line and column."""

import pytest

from p2p_core.payloads import answers, json_place
from p2p_core.payloads.faults import PayloadError


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ('{"answer": confirmed}', "line 1, column 12"),
        ('{\n  "answer": confirmed}', "line 2, column 13"),
        ('{\r\n  "answer": confirmed}', "line 2, column 13"),
        ('{"remark": "é漢😀", x}', "line 1, column 19"),
        ('{"remark": "é",\n "answer": x}', "line 2, column 12"),
        ('{"answer": "confirmed"} x', "line 1, column 25"),
        ('{"answer": "confirmed"\n', "ends too early, at line 2, column 1"),
        ('{"remark": "\\ud83d"}', "cannot be read at line 1, column 19"),
        ('{"remark": "\\\\ud83d", "answer": "confirmed"', "ends too early, at line 1, column 44"),
        ('{"remark": "\\ud83d\\ude', "ends too early, at line 1, column 23"),
        ("", "ends too early, at line 1, column 1"),
        ('\ufeff{"answer": "confirmed"}', "begins with a byte order mark. Leave it out."),
        ("INDICATOR,FREQ\n", "looks like CSV. Send it with Content-Type: text/csv."),
        ('"INDICATOR";"FREQ"\n', "looks like CSV. Send it with Content-Type: text/csv."),
    ],
)
def test_syntax_error_names_its_place(body, place):
    with pytest.raises(PayloadError) as refused:
        answers.read(body.encode())
    assert refused.value.code == "not_json"
    assert place in refused.value.detail


def test_column_of_a_line_longer_than_a_piece():
    text = "é".encode() * 1_500_000
    assert json_place.place_of(b"\n" + text, 1 + len(text)) == (2, 1_500_001)
