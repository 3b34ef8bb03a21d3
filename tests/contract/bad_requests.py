"""Bad inputs, as bytes, and the answer to each: the source of docs/reference/bad-inputs.md.

MARK is in every place whose content might be returned or logged.
"""

import gzip
import sys
from collections.abc import Callable
from typing import NamedTuple

MARK = "zq7mark"
_MARK = MARK.encode()
HOUR = "2026-01-05T09:00"
COLUMNS = "INDICATOR,FREQ,TIME_PERIOD,COUNTRY,NETWORK,OBS_VALUE"


class Case(NamedTuple):
    """One bad input. ``{token}`` in it is an agency's; ``answers`` are expected, or fewer and the connection's end."""

    group: str
    what: str
    raw: bytes | Callable[[], bytes]
    answer: str
    answers: int = 1
    #: Whether the client closes its side when it has sent all.
    ends: bool = False

    def sent(self, token: str) -> bytes:
        raw = self.raw if isinstance(self.raw, bytes) else self.raw()
        return raw.replace(b"{token}", token.encode())


def get(
    target: str | bytes = "/healthz", *fields: bytes, version: bytes = b"HTTP/1.1", method: bytes = b"GET"
) -> bytes:
    target = target if isinstance(target, bytes) else target.encode()
    return b"\r\n".join([b" ".join([method, target, version]), b"Host: localhost", *fields, b"", b""])


def post(body: bytes, *fields: bytes, media: bytes = b"application/json", length: bytes | None = None) -> bytes:
    announced = str(len(body)).encode() if length is None else length
    return (
        get(
            "/api/v1/submissions/",
            b"Authorization: Bearer {token}",
            b"Content-Type: " + media,
            *([b"Content-Length: " + announced] if announced else []),
            *fields,
            method=b"POST",
        )
        + body
    )


def chunked(body: bytes) -> bytes:
    return post(body, b"Transfer-Encoding: chunked", length=b"")


def packed(body: bytes) -> bytes:
    return post(body, b"Content-Encoding: gzip")


def reporting(value: str = "3", *, country: str = '"NO"', more: str = "", encoding: str = "utf-8") -> bytes:
    """A submission that would be accepted without the change that is made to it."""
    cell = f'{{"country": {country}, "network": "ARES", "value": {value}{more}}}'
    report = f'{{"frequency": "H", "period": "{HOUR}", "observations": [{cell}]}}'
    return f'{{"indicator": "DOWNLOADS", "reports": [{report}]}}'.encode(encoding)


def rows(*cells: str) -> bytes:
    return post("\n".join([COLUMNS, *cells]).encode(), media=b"text/csv")


def row(indicator: str = "DOWNLOADS", country: str = "NO", value: str = "3") -> str:
    return f"{indicator},H,{HOUR},{country},ARES,{value}"


def _bomb() -> bytes:
    return packed(gzip.compress(bytes(129 * 2**20), 9))


def _members() -> bytes:
    return packed(gzip.compress(bytes(2**20), 9) * 130)


_FRAMING = [
    Case(
        "Framing", "a length and chunks", post(b"0\r\n\r\n", b"Transfer-Encoding: chunked", length=b"5"), "400 not_json"
    ),
    Case("Framing", "two lengths that differ", post(b"{}", b"Content-Length: 9"), "400"),
    Case("Framing", "two lengths that agree", post(b"{}", b"Content-Length: 2"), "400"),
    *(
        Case("Framing", f"a length of `{shown}`", post(b"{}", length=length), "400")
        for shown, length in (
            ("-1", b"-1"),
            ("+2", b"+2"),
            ("2, 2", b"2, 2"),
            ("0x2", b"0x2"),
            ("2 2", b"2 2"),
            ("²", b"\xb2"),
            ("1e3", b"1e3"),
        )
    ),
    Case(
        "Framing",
        "chunks twice in one field",
        chunked(b"0\r\n\r\n").replace(b"chunked", b"chunked, chunked"),
        "400 not_json",
    ),
    Case(
        "Framing",
        "chunks in two fields",
        post(b"0\r\n\r\n", *[b"Transfer-Encoding: chunked"] * 2, length=b""),
        "400 not_json",
    ),
    Case(
        "Framing",
        "chunks, then another coding",
        chunked(b"").replace(b"chunked", b"chunked, identity"),
        "501",
    ),
    Case("Framing", "a coding that is not known", chunked(b"").replace(b"chunked", b"xchunked"), "501"),
    Case(
        "Framing",
        "a coding behind a vertical tab",
        chunked(b"").replace(b" chunked", b"\x0bchunked"),
        "400",
    ),
    Case("Framing", "chunks in HTTP/1.0", chunked(b"0\r\n\r\n").replace(b"HTTP/1.1", b"HTTP/1.0"), "400 not_json"),
    Case("Framing", "a chunk whose size is no number", chunked(b"zz\r\n" + _MARK), "400"),
    Case("Framing", "a chunk of negative size", chunked(b"-5\r\n" + _MARK), "400"),
    Case("Framing", "a chunk without its end", chunked(b"5\r\nabcdefgh\r\n0\r\n\r\n"), "400"),
    Case(
        "Framing",
        "a chunk larger than 2^64, then the end",
        chunked(b"fffffffffffffffff\r\nabc"),
        "closed",
        ends=True,
    ),
    Case("Framing", "a body shorter than announced", post(b"{}", length=b"500"), "closed", ends=True),
    Case("Framing", "a large body shorter than announced", post(b"{}", length=b"500000"), "closed", ends=True),
    Case(
        "Framing",
        "a body longer than announced",
        get("/healthz", b"Content-Length: 2") + b"{}" + _MARK + b"\r\n\r\n",
        "200, 400",
        2,
    ),
    Case("Framing", "two requests in one go", get() + get("/nothing"), "200, 404 not_found", 2),
    Case("Framing", "a request, then the end of input", get(), "200", ends=True),
    Case("Framing", "half a head, then the end of input", get()[:-2], "closed", ends=True),
    Case("Framing", "nothing at all", b"", "closed", ends=True),
    Case(
        "Framing",
        "`Expect: 100-continue`, then the body",
        post(b"{}", b"Expect: 100-continue"),
        "100, 422 invalid_payload",
        2,
    ),
    Case("Framing", "another expectation", get("/healthz", b"Expect: " + _MARK), "200"),
]

_HEADERS = [
    *(
        Case("Header fields", what, get("/healthz", field), answer)
        for what, field, answer in (
            ("a blank before the colon", b"X-A : " + _MARK, "400"),
            ("no colon", _MARK, "400"),
            ("no name", b": " + _MARK, "400"),
            ("a folded value", b"X-A: a\r\n " + _MARK, "200"),
            ("a lone CR in a value", b"X-A: a\rX-B: " + _MARK, "400"),
            ("a lone LF in a value", b"X-A: a\nX-B: " + _MARK, "400"),
            ("a NUL in a value", b"X-A: \0" + _MARK, "400"),
            ("a control character in a value", b"X-A: \x1b[31m" + _MARK, "400"),
            ("a name with an umlaut", b"X-\xc3\xbc: " + _MARK, "400"),
            (
                "the name `X_Forwarded_For`, which some programs read as `X-Forwarded-For`",
                b"X_Forwarded_For: " + _MARK,
                "200",
            ),
            ("the name `Content_Length`, with an underscore", b"Content_Length: 5", "200"),
        )
    ),
    Case("Header fields", "40 KiB in all", get("/healthz", *[b"X-A: " + b"b" * 8000] * 5), "431"),
    Case(
        "Header fields",
        "a head without an end",
        get("/healthz", *[b"X-A: " + b"b" * 8000] * 9)[:-2],
        "431",
    ),
    Case(
        "Header fields",
        "a token that is not ASCII",
        post(b"{}").replace(b"{token}", b"\xff" + _MARK),
        "401 invalid_token",
    ),
    Case("Header fields", "an invalid ETag", get("/api/v1/networks/", b'If-None-Match: W/"' + _MARK), "200"),
    Case(
        "Header fields",
        "an invalid Accept",
        get("/api/v1/networks/", b"Accept: ;;,/" + _MARK),
        "406 not_acceptable",
    ),
    Case(
        "Header fields",
        "an Idempotency-Key that is not ASCII",
        post(reporting(), b"Idempotency-Key: \xe9" + _MARK),
        "400 bad_idempotency_key",
    ),
    Case(
        "Header fields",
        "an upgrade to an unknown protocol",
        get("/healthz", b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAA"),
        "200",
    ),
]

_HOSTS = [
    Case("Host", "none", b"GET /healthz HTTP/1.1\r\n\r\n", "400 bad_request"),
    Case("Host", "two", get("/healthz", b"Host: localhost"), "400 bad_request"),
    Case(
        "Host",
        "the name of another host",
        get("/api/v1/networks/").replace(b"localhost", _MARK + b".example"),
        "400 bad_request",
    ),
    Case(
        "Host",
        "ours with a suffix",
        get("/api/v1/networks/").replace(b"localhost", b"localhost." + _MARK + b".example"),
        "400 bad_request",
    ),
    Case(
        "Host",
        "with blanks and a path",
        get("/api/v1/networks/").replace(b"localhost", b"a b/" + _MARK),
        "400 bad_request",
    ),
    Case(
        "Host", "with a user", get("/api/v1/networks/").replace(b"localhost", _MARK + b"@localhost"), "400 bad_request"
    ),
    Case("Host", "the name of another host in the URL, which is ignored", get(f"http://{MARK}.example/healthz"), "200"),
    Case(
        "Host",
        "the name of another host, from a proxy that is not trusted, which is ignored",
        get("/api/v1/networks/", b"X-Forwarded-Host: " + _MARK),
        "200",
    ),
]

_LINES = [
    *(
        Case("First line", what, line + b"\r\nHost: localhost\r\n\r\n", answer)
        for what, line, answer in (
            ("no version", b"GET /healthz", "200"),
            ("HTTP/2.0", b"GET /healthz HTTP/2.0", "200"),
            ("HTTP/9.9", b"GET /healthz HTTP/9.9", "200"),
            ("a version in small letters", b"GET /healthz http/1.1", "400"),
            ("text after the version", b"GET /healthz HTTP/1.1" + _MARK, "400"),
            ("the first line of HTTP/2", b"PRI * HTTP/2.0", "404"),
            ("the first bytes of TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "400"),
            ("a method in small letters", b"get /healthz HTTP/1.1", "400"),
            ("a method of other characters", b"G@T /healthz HTTP/1.1", "400"),
            ("no address", b"GET  HTTP/1.1", "400"),
            ("a blank in the address", b"GET /a " + _MARK + b" HTTP/1.1", "400"),
            ("bytes that are not ASCII in the address", b"GET /\xff\xfe HTTP/1.1", "400"),
            ("a NUL in the address", b"GET /\0 HTTP/1.1", "404"),
        )
    ),
    Case("First line", "5,000 characters", get("/" + "a" * 5000), "404"),
    Case("First line", "40,000 characters", get("/" + "a" * 40_000), "431"),
    *(
        Case(
            "First line",
            f"the method `{method.decode()}`",
            get("/api/v1/networks/", method=method),
            "405 method_not_allowed",
        )
        for method in (b"TRACE", b"DELETE", b"PROPFIND", b"ZQ7")
    ),
    Case("First line", "`CONNECT`", get("elsewhere.example:443", method=b"CONNECT"), "404 not_found"),
    Case("First line", "`TRACE` for the URL of the health check", get(method=b"TRACE"), "405 method_not_allowed"),
]

_ADDRESSES = [
    *(
        Case("Address", f"`{shown}`", get(target), "404")
        for shown, target in (
            ("//elsewhere.example/", f"//{MARK}.example/"),
            ("/../../etc/passwd", "/../../etc/passwd"),
            ("/%2e%2e/%2e%2e/etc/passwd", "/%2e%2e/%2e%2e/etc/passwd"),
            ("/static/../config/settings.py", "/static/../config/settings.py"),
            ("/static/%2e%2e/%2e%2e/config/settings.py", "/static/%2e%2e/%2e%2e/config/settings.py"),
            ("/static/..%2f..%2fconfig/settings.py", "/static/..%2f..%2fconfig/settings.py"),
            ("/static//etc/passwd", "/static//etc/passwd"),
            ("/static/%00", "/static/%00"),
            ("/%00", "/%00" + MARK),
            ("/%ff%fe", "/%ff%fe" + MARK),
            ("/api/v1/networks/;a=b", f"/api/v1/networks/;{MARK}=b"),
            ("/api/v1/%2fnetworks/", "/api/v1/%2fnetworks/"),
            ("/api%2fv1/networks/..", "/api%2fv1/networks/.."),
            ("/API/V1/NETWORKS/", "/API/V1/NETWORKS/"),
            ("/%c0%ae%c0%ae/", "/%c0%ae%c0%ae/"),
            ("/healthz\\..\\", "/healthz%5c..%5c"),
        )
    ),
    Case("Address", "`//`", get("//"), "200"),
    Case("Address", "`*`", get("*"), "404"),
    Case("Address", "a parameter that is not known", get(f"/api/v1/networks/?{MARK}=1"), "400 unknown_parameter"),
    Case(
        "Address",
        "300 parameters",
        get("/api/v1/networks/?" + "&".join(f"a{n}" for n in range(300))),
        "400 unknown_parameter",
    ),
    Case("Address", "1,100 parameters", get("/api/v1/networks/?" + "&a=" * 1100), "400 bad_request"),
    Case("Address", "a parameter twice", get("/api/v1/help-services/?country=NO&country=SE"), "400 repeated_parameter"),
    Case(
        "Address",
        "bytes that are not UTF-8 in a parameter",
        get(f"/api/v1/help-services/?country=%ff{MARK}"),
        "422 unknown_country",
    ),
    Case("Address", "a NUL in a parameter", get(f"/api/v1/help-services/?country=%00{MARK}"), "422 unknown_country"),
    Case("Address", "a percent sign alone", get(f"/api/v1/help-services/?country=%zz{MARK}"), "422 unknown_country"),
    Case(
        "Address",
        "a date in the year 99999",
        get("/api/v1/aggregates/?indicator=DOWNLOADS&frequency=D&start=99999-01-01&end=99999-01-02"),
        "422 bad_period",
    ),
    Case(
        "Address",
        "an invented cursor",
        get(f"/api/v1/aggregates/?indicator=DOWNLOADS&frequency=D&start=2026-01-01&end=2026-01-02&cursor={MARK}"),
        "400 bad_cursor",
    ),
    Case(
        "Address",
        "4,000 characters of countries",
        get(
            "/api/v1/aggregates/?indicator=DOWNLOADS&frequency=D&start=2026-01-01&end=2026-01-02&country="
            + "NO," * 1300
        ),
        "422 unknown_country",
    ),
]

_JSON = [
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
            ("a comment", b"/* " + _MARK + b" */" + reporting(), "400 not_json"),
            ("UTF-16", reporting(encoding="utf-16"), "400 nul_character"),
            ("UTF-16 without a mark", reporting(encoding="utf-16-le"), "400 nul_character"),
            ("Latin-1", reporting(country='"Å"', encoding="latin-1"), "400 not_utf8"),
            ("a byte order mark", b"\xef\xbb\xbf" + reporting(), "400 not_json"),
            ("an overlong slash", reporting().replace(b"NO", b"\xc0\xaf"), "400 not_utf8"),
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

_CSV = [
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
            ("semicolons after a comma", COLUMNS, [row().replace(",", ";")], "400 not_csv"),
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

_PACKED = [
    Case("Packed", "129 MiB of zeros in 130 KiB", _bomb, "413 body_too_large"),
    Case("Packed", "the same in 130 members", _members, "413 body_too_large"),
    Case("Packed", "100,000 empty members", lambda: packed(gzip.compress(b"") * 100_000), "400 bad_gzip"),
    Case(
        "Packed",
        "packed twice",
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
        lambda: packed(gzip.compress(reporting()) + _MARK),
        "400 bad_gzip",
    ),
    Case(
        "Packed",
        "a compression that is not known",
        post(reporting(), b"Content-Encoding: br"),
        "415 unsupported_encoding",
    ),
    Case("Packed", "gzip twice", post(reporting(), b"Content-Encoding: gzip, gzip"), "415 unsupported_encoding"),
]

CASES = [*_FRAMING, *_HEADERS, *_HOSTS, *_LINES, *_ADDRESSES, *_JSON, *_CSV, *_PACKED]

#: Those that take their time, with what is sent first; they are asked beside all others.
SLOW = [
    Case("Slowness", "a head that does not end", get()[:-2], "closed"),
    Case("Slowness", "a form that does not end", post(b"a", length=b"20"), "closed"),
    Case("Slowness", "a large body that does not end", post(b"{", length=b"500000"), "closed"),
    Case("Slowness", "chunks that do not end", chunked(b"5\r\n{"), "closed"),
    Case(
        "Slowness",
        "no token, and a large body that does not end",
        post(b"{", length=b"500000").replace(b"{token}", _MARK),
        "closed",
    ),
    Case("Slowness", "lines that end with LF only", get().replace(b"\r\n", b"\n"), "closed"),
    Case("Slowness", "an empty line", b"\r\n\r\n", "closed"),
    Case("Slowness", "a connection that says nothing", b"", "closed"),
]


def table() -> str:
    """Return what the page lists."""
    lines, group = [], ""
    for case in (*CASES, *SLOW):
        if case.group != group:
            group = case.group
            lines += ["", f"## {group}", "", "| input | answer |", "|---|---|"]
        lines.append(f"| {case.what} | {_shown(case.answer)} |")
    return "\n".join(lines[1:]) + "\n"


def _shown(answer: str) -> str:
    parts = [part.split(" ") for part in answer.split(", ")]
    return ", ".join(" ".join([part[0], *(f"`{code}`" for code in part[1:])]) for part in parts)


if __name__ == "__main__":
    sys.stdout.write(table())
