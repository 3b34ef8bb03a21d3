"""Bad heads of requests: their framing, their header fields, their first line and its address."""

from tests.contract.raw_requests import MARK, MARK_BYTES, Case, chunked, get, post, reporting

FRAMING = [
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
        "`chunked` twice in one field",
        chunked(b"0\r\n\r\n").replace(b"chunked", b"chunked, chunked"),
        "400 not_json",
    ),
    Case(
        "Framing",
        "`chunked` in two fields",
        post(b"0\r\n\r\n", *[b"Transfer-Encoding: chunked"] * 2, length=b""),
        "400 not_json",
    ),
    Case(
        "Framing",
        "`chunked`, then another coding",
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
    Case("Framing", "a chunk whose size is no number", chunked(b"zz\r\n" + MARK_BYTES), "400"),
    Case("Framing", "a chunk of negative size", chunked(b"-5\r\n" + MARK_BYTES), "400"),
    Case("Framing", "a chunk with more bytes than its size says", chunked(b"5\r\nabcdefgh\r\n0\r\n\r\n"), "400"),
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
        get("/healthz", b"Content-Length: 2") + b"{}" + MARK_BYTES + b"\r\n\r\n",
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
    Case("Framing", "another expectation", get("/healthz", b"Expect: " + MARK_BYTES), "200"),
]
HEADERS = [
    *(
        Case("Header fields", what, get("/healthz", field), answer)
        for what, field, answer in (
            ("a blank before the colon", b"X-A : " + MARK_BYTES, "400"),
            ("no colon", MARK_BYTES, "400"),
            ("no name", b": " + MARK_BYTES, "400"),
            ("a folded value", b"X-A: a\r\n " + MARK_BYTES, "200"),
            ("a lone CR in a value", b"X-A: a\rX-B: " + MARK_BYTES, "400"),
            ("a lone LF in a value", b"X-A: a\nX-B: " + MARK_BYTES, "400"),
            ("a NUL in a value", b"X-A: \0" + MARK_BYTES, "400"),
            ("a control character in a value", b"X-A: \x1b[31m" + MARK_BYTES, "400"),
            ("a name with an umlaut", b"X-\xc3\xbc: " + MARK_BYTES, "400"),
            (
                "the name `X_Forwarded_For`, which some programs read as `X-Forwarded-For`",
                b"X_Forwarded_For: " + MARK_BYTES,
                "200",
            ),
            ("the name `Content_Length`, with an underscore", b"Content_Length: 5", "200"),
        )
    ),
    Case("Header fields", "40 KiB in all", get("/healthz", *[b"X-A: " + b"b" * 8000] * 5), "431"),
    Case(
        "Header fields",
        "a head of 70 KiB without an end",
        get("/healthz", *[b"X-A: " + b"b" * 8000] * 9)[:-2],
        "431",
    ),
    Case(
        "Header fields",
        "a token that is not ASCII",
        post(b"{}").replace(b"{token}", b"\xff" + MARK_BYTES),
        "401 invalid_token",
    ),
    Case("Header fields", "an invalid ETag", get("/api/v1/networks/", b'If-None-Match: W/"' + MARK_BYTES), "200"),
    Case(
        "Header fields",
        "an invalid Accept",
        get("/api/v1/networks/", b"Accept: ;;,/" + MARK_BYTES),
        "406 not_acceptable",
    ),
    Case(
        "Header fields",
        "an Idempotency-Key that is not ASCII",
        post(reporting(), b"Idempotency-Key: \xe9" + MARK_BYTES),
        "400 bad_idempotency_key",
    ),
    Case(
        "Header fields",
        "an upgrade to an unknown protocol",
        get("/healthz", b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAA"),
        "200",
    ),
]
HOSTS = [
    Case("Host", "none", b"GET /healthz HTTP/1.1\r\n\r\n", "400 bad_request"),
    Case("Host", "two", get("/healthz", b"Host: localhost"), "400 bad_request"),
    Case(
        "Host",
        "the name of another host",
        get("/api/v1/networks/").replace(b"localhost", MARK_BYTES + b".example"),
        "400 bad_request",
    ),
    Case(
        "Host",
        "ours with a suffix",
        get("/api/v1/networks/").replace(b"localhost", b"localhost." + MARK_BYTES + b".example"),
        "400 bad_request",
    ),
    Case(
        "Host",
        "with blanks and a path",
        get("/api/v1/networks/").replace(b"localhost", b"a b/" + MARK_BYTES),
        "400 bad_request",
    ),
    Case(
        "Host",
        "with a user",
        get("/api/v1/networks/").replace(b"localhost", MARK_BYTES + b"@localhost"),
        "400 bad_request",
    ),
    Case("Host", "the name of another host in the URL, which is ignored", get(f"http://{MARK}.example/healthz"), "200"),
    Case(
        "Host",
        "the name of another host, from a proxy that is not trusted, which is ignored",
        get("/api/v1/networks/", b"X-Forwarded-Host: " + MARK_BYTES),
        "200",
    ),
]
LINES = [
    *(
        Case("First line", what, line + b"\r\nHost: localhost\r\n\r\n", answer)
        for what, line, answer in (
            ("no version", b"GET /healthz", "200"),
            ("HTTP/2.0", b"GET /healthz HTTP/2.0", "200"),
            ("HTTP/9.9", b"GET /healthz HTTP/9.9", "200"),
            ("a version in small letters", b"GET /healthz http/1.1", "400"),
            ("text after the version", b"GET /healthz HTTP/1.1" + MARK_BYTES, "400"),
            ("the first line of HTTP/2", b"PRI * HTTP/2.0", "404"),
            ("the first bytes of TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "400"),
            ("a method in small letters", b"get /healthz HTTP/1.1", "400"),
            ("a method with a character that is not allowed", b"G@T /healthz HTTP/1.1", "400"),
            ("no address", b"GET  HTTP/1.1", "400"),
            ("a blank in the address", b"GET /a " + MARK_BYTES + b" HTTP/1.1", "400"),
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
ADDRESSES = [
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
