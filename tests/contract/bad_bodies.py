"""Bad bodies of submissions: JSON, CSV, and either of them packed."""

import gzip

from tests.contract.raw_requests import (
    COLUMNS,
    MARK,
    MARK_BYTES,
    Case,
    packed,
    post,
    reporting,
    row,
    rows,
)


def _bomb() -> bytes:
    return packed(gzip.compress(bytes(129 * 2**20), 9))


def _members() -> bytes:
    return packed(gzip.compress(bytes(2**20), 9) * 130)


JSON = [
    *(
        Case("JSON", what, post(body), answer)
        for what, body, answer in (
            ("100,000 brackets", b"[" * 100_000, "400 not_json"),
            ("100,000 objects in each other", b'{"a":' * 100_000, "400 not_json"),
            ("brackets where a value belongs", reporting("[" * 500 + "]" * 500), "422 invalid_payload"),
            ("brackets by the thousand where a value belongs", reporting("[" * 50_000 + "]" * 50_000), "400 not_json"),
            ("1 with 400 zeros", reporting("1" + "0" * 400), "422 invalid_payload"),
            ("a number of 50,000 digits", reporting("9" * 50_000), "422 invalid_payload"),
            ("`1e999`", reporting("1e999"), "422 invalid_payload"),
            ("`1e-999`", reporting("1e-999"), "422 invalid_payload"),
            ("`-0`", reporting("-0.0"), "422 invalid_payload"),
            ("`NaN`", reporting("NaN"), "400 not_json"),
            ("`-Infinity`", reporting("-Infinity"), "400 not_json"),
            ("`0x10`", reporting("0x10"), "400 not_json"),
            ("`007`", reporting("007"), "400 not_json"),
            ("a member twice", reporting("3", more=', "value": 4'), "400 duplicate_member"),
            (
                "a member twice, once escaped",
                reporting("3", more=', "v\\u0061lue": 4'),
                "400 duplicate_member",
            ),
            ("a comma too many", reporting("3,"), "400 not_json"),
            ("more after the end", reporting() + b"{}", "400 not_json"),
            ("a comment", b"/* " + MARK_BYTES + b" */" + reporting(), "400 not_json"),
            ("UTF-16", reporting(encoding="utf-16"), "400 nul_character"),
            ("UTF-16 without a mark", reporting(encoding="utf-16-le"), "400 nul_character"),
            ("Latin-1", reporting(country='"Å"', encoding="latin-1"), "400 not_utf8"),
            ("a byte order mark", b"\xef\xbb\xbf" + reporting(), "400 not_json"),
            (
                "a slash written in two bytes, which UTF-8 forbids",
                reporting().replace(b"NO", b"\xc0\xaf"),
                "400 not_utf8",
            ),
            ("half of a surrogate pair in UTF-8", reporting().replace(b"NO", b"\xed\xa0\x80"), "400 not_utf8"),
            ("half of a surrogate pair, escaped", reporting(country='"\\ud800"'), "400 not_json"),
            ("a NUL", reporting(country='"N\0"'), "400 nul_character"),
            ("a NUL, escaped", reporting(country='"N\\u0000"'), "422 invalid_payload"),
            ("a right-to-left override", reporting(country='"N\\u202eO"'), "422 invalid_payload"),
            (
                "a right-to-left override in a member",
                reporting("3", more=f', "\\u202e{MARK}": 1'),
                "422 invalid_payload",
            ),
            ("a letter that looks like another", reporting(country='"ΝΟ"'), "422 invalid_payload"),
            ("`__proto__`", reporting("3", more=', "__proto__": {"value": 1}'), "422 invalid_payload"),
            ("a script", reporting(country=f'"<script>{MARK}</script>"'), "422 invalid_payload"),
            (
                "SQL",
                reporting(country=f'"NO\'; DROP TABLE {MARK}; --"'),
                "422 invalid_payload",
            ),
        )
    ),
]
_BOTH = COLUMNS.replace("COUNTRY", "COUNTRY: Country")
CSV = [
    *(
        Case("CSV", what, rows(*cells), answer)
        for what, cells, answer in (
            ("a formula in place of a country", [row(country="=1+1")], "422 invalid_payload"),
            (
                "`+`, `-` or `@` before the code of a country",
                [row(country="+NO"), row(country="-NO"), row(country="@NO")],
                "422 invalid_payload",
            ),
            ("a formula that calls a program", [row(country=f"\"=cmd|' /C {MARK}'!A0\"")], "422 invalid_payload"),
            ("a formula in place of a value", [row(value="=1+1")], "422 invalid_payload"),
            ("a value with a plus", [row(value="+3")], "422 invalid_payload"),
            ("a formula in place of an indicator", [row(indicator="=1")], "422 invalid_payload"),
            ("an opening quote without a closing quote", [row(country=f'"{MARK}')], "400 not_csv"),
            ("text after a closing quote", [row(country=f'"NO"{MARK}')], "400 not_csv"),
            ("a cell of 200,000 characters", [row(country=MARK * 30_000)], "400 not_csv"),
            ("a row that is too long", [row() + f",{MARK}"], "400 not_csv"),
            ("a million commas", ["," * 1_000_000], "400 not_csv"),
            ("a digit of another script", [row(value="٣")], "422 invalid_payload"),
            ("a value with a blank", [row(value=" 3")], "422 invalid_payload"),
            ("`1_000`", [row(value="1_000")], "422 invalid_payload"),
        )
    ),
    Case(
        "CSV",
        "a header that is a formula",
        post(f"=1+1,{COLUMNS}\n".encode(), media=b"text/csv"),
        "422 invalid_payload",
    ),
    *(
        Case("CSV", what, post("\n".join([columns, *cells]).encode(), media=b"application/vnd.sdmx.data+csv"), answer)
        for what, columns, cells, answer in (
            (
                "an IP address in place of the name of a country",
                _BOTH,
                [row(country="NO: 192.0.2.7")],
                "422 invalid_payload",
            ),
            (
                "an IP address in place of a series key",
                f"OBS_KEY,{COLUMNS}",
                [f"2001:db8::7,{row()}"],
                "422 invalid_payload",
            ),
            (
                "ten thousand names of one country",
                _BOTH,
                [row(country=f"NO: {MARK}{number}") for number in range(10_001)],
                "413 too_many_names",
            ),
            ("another dataflow", f"DATAFLOW,{COLUMNS}", [f"{MARK}:X(1.0),{row()}"], "422 invalid_payload"),
            (
                "another agency's agreement",
                f"DATAFLOW,{COLUMNS}",
                [f"P2PEU:PA_{MARK}(1.0.0),{row()}"],
                "422 invalid_payload",
            ),
            ("a merge", f"{COLUMNS},ACTION", [row() + ",M"], "422 invalid_payload"),
            ("a withdrawal of all periods", f"{COLUMNS},ACTION", ["DOWNLOADS,H,*,,,,D"], "422 invalid_payload"),
            ("commas in the header, semicolons in the rows", COLUMNS, [row().replace(",", ";")], "400 not_csv"),
            ("tabs", COLUMNS.replace(",", "\t"), [row().replace(",", "\t")], "400 not_csv"),
            ("JSON", f'{{"indicator": "{MARK}", "reports": []}}', [], "400 not_csv"),
        )
    ),
    Case(
        "CSV",
        "SDMX-CSV of a future version",
        post(f"{COLUMNS}\n{row()}".encode(), media=b"application/vnd.sdmx.data+csv;version=3.0.0"),
        "415 unsupported_media_type",
    ),
    Case("CSV", "UTF-16", post(f"{COLUMNS}\n{row()}".encode("utf-16"), media=b"text/csv"), "400 nul_character"),
]
PACKED = [
    Case("Packed", "129 MiB of zeros in 130 KiB", _bomb, "413 body_too_large"),
    Case("Packed", "the same in 130 members", _members, "413 body_too_large"),
    Case("Packed", "100,000 empty members", lambda: packed(gzip.compress(b"") * 100_000), "400 bad_gzip"),
    Case(
        "Packed",
        "packed twice, `gzip` once in the head",
        lambda: packed(gzip.compress(gzip.compress(reporting(), mtime=0))),
        "400 nul_character",
    ),
    Case("Packed", "a body that is not packed", packed(reporting()), "400 bad_gzip"),
    Case("Packed", "cut off", lambda: packed(gzip.compress(reporting())[:-4]), "400 bad_gzip"),
    Case(
        "Packed",
        "a wrong sum at the end",
        lambda: packed(gzip.compress(reporting())[:-8] + b"12345678"),
        "400 bad_gzip",
    ),
    Case(
        "Packed",
        "more bytes after the end of the gzip data",
        lambda: packed(gzip.compress(reporting()) + MARK_BYTES),
        "400 bad_gzip",
    ),
    Case(
        "Packed",
        "a compression that is not known",
        post(reporting(), b"Content-Encoding: br"),
        "415 unsupported_encoding",
    ),
    Case(
        "Packed",
        "`gzip` twice in the head",
        post(reporting(), b"Content-Encoding: gzip, gzip"),
        "415 unsupported_encoding",
    ),
]
