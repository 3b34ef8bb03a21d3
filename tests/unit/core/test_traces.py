"""Which texts look like an address, a hash or an e-mail, and which do not."""

import time

import pytest

from p2p_core.codes import COUNTRIES, GROUPS, NETWORKS
from p2p_core.traces import looks_like_trace

TRACES = [
    "192.0.2.17",
    "192.0.2.17:6881",
    "from 192.0.2.17 on",
    "It was 192.0.2.17.",
    "１９２.０.２.１７",
    "١٩٢.٠.٢.١٧",
    "192.0\u200b.2.17",
    "::1",
    "2001:db8::17",
    "[2001:DB8::17]:6881",
    "fe80::1%eth0",
    "::ffff:192.0.2.17",
    "It was 2001:db8::17.",
    "at:2001:db8:0:0:0:0:0:17",
    "00:1b:63:84:45:e6",
    "00-1B-63-84-45-E6",
    "001b.6384.45e6",
    "someone@example.org",
    "user@host",
    "d41d8cd98f00b204e9800998ecf8427e",
    "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709",
    "urn:sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "CHK@SVbD9~HM5nzf3AX4yFCBc-A4dhNUF5DPJZLL5NX5Brs,bA7qLNJR7IXRKn6uS5PAySjIM6azPFvK",
    "0b6c2f0e-8a52-4f0e-9d0c-3f1f6a1c2b7d",
]


@pytest.mark.parametrize("text", TRACES)
@pytest.mark.parametrize("wrap", [str, lambda text: {text: 1}, lambda text: [{"deep": [None, text]}]])
def test_trace_is_recognised_at_any_place(text, wrap):
    assert looks_like_trace(wrap(text))


@pytest.mark.parametrize(
    "text",
    [
        *COUNTRIES,
        *GROUPS,
        *NETWORKS,
        "DOWNLOADS",
        "NO-KRIPOS",
        "2026-11-24T10:15:61Z",
        "2026-11-24T10:15:02.481+01:00",
        "2026-W48",
        "note",
        "12345",
        "1.2.3",
        "a sentence: with colons: and words",
        "Høyere tall på mandag kl. 10:15, så én maskin til.",
        "Kriminalpolizeiinspektionsleitstellenverwaltung",
        "",
    ],
)
def test_codes_times_and_words_are_no_traces(text):
    assert not looks_like_trace(text)


@pytest.mark.parametrize("value", [None, True, 3, 3.5, [], {}, ..., object()])
def test_what_is_no_text_is_no_trace(value):
    assert not looks_like_trace(value)


@pytest.mark.parametrize("unit", ["a", "1.", "a:", "aa:", "1", ":", "@ ", "aaaa."])
def test_long_texts_take_no_longer(unit):
    began = time.perf_counter()
    looks_like_trace(unit * 1_000_000)
    assert time.perf_counter() - began < 0.2


def test_deep_values_are_looked_through():
    value = "192.0.2.17"
    for _ in range(50_000):
        value = [value]
    assert looks_like_trace(value)
