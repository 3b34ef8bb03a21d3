"""Breaks documents as senders do: tokens, cells, rows and bytes."""

from random import Random

from tests.fuzz import odd

#: Pieces of a JSON text for any place.
_PIECES = (
    "{", "}", "[", "]", ",", ":", '""', '"', "null", "true", "false", "{}", "[]", "[[]]", '{"a":1}', "//x", "/**/",
    '"indicator"', '"reports"', '"prepared"', '"frequency"', '"period"', '"status"', '"withdrawn"', '"observations"',
    '"country"', '"network"', '"value"', '"\\u0063ountry"', '"Country"', '"note"', f'"{odd.MARKER}"', '"a\\"b"',
    "\ufeff", "\u00a0", "\u2028", "\x0b", "'NO'", "NO", "\\u0022", '"\\ud83d"', '"\\udc00x"', '"\\x41"', '"\n"', '"\\',
    '"__proto__"', '"192.0.2.7"',
)  # fmt: skip
_OCTETS = (
    b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x80", b"\xe2\x82", b"\xef\xbb\xbf", b"\xff\xfe",
    b"\x00", b"\x1a", b"\r", b"\n", b"\r\n", b'"', b",", b"\\", b"\x7f", b"\xc2\x85", b"\xe2\x80\xa8", b"'", b";",
    b"\t", b" ",
)  # fmt: skip


def text_in_quotes(rng: Random, text: str) -> str:
    """Write a text as JSON does, or as it should not."""
    if rng.random() < 0.15:
        return f'"{text}"'
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(one: str) -> str:
    if one in '"\\':
        return "\\" + one
    return f"\\u{ord(one):04x}" if ord(one) < 32 or 0xD800 <= ord(one) < 0xE000 else one


def odd_token(rng: Random) -> str:
    """Return a replacement for a token."""
    which = rng.random()
    if which < 0.3:
        return rng.choice(odd.NUMBERS)
    if which < 0.7:
        texts = odd.TEXTS if which < 0.5 else odd.PERIODS if which < 0.65 else odd.INSTANTS
        return text_in_quotes(rng, rng.choice(texts))
    if which < 0.704:
        deep = rng.choice(("[", '{"a":')) * rng.choice((50, 2000, 200_000))
        return rng.choice((deep, text_in_quotes(rng, rng.choice(odd.LONG_TEXTS))))
    return rng.choice(_PIECES)


def tokens(rng: Random, sent: list[str]) -> list[str]:
    """Change one thing in a row of tokens."""
    at = rng.randrange(len(sent))
    which = rng.random()
    if which < 0.5:
        _replace_alike(rng, sent)
    elif which < 0.6:
        _leave_out_or_repeat(rng, sent)
    elif which < 0.7:
        sent[at] = odd_token(rng)
    elif which < 0.75:
        del sent[at]
    elif which < 0.8:
        sent.insert(at, odd_token(rng))
    elif which < 0.85:
        end = min(len(sent), at + rng.randrange(1, 12))
        sent[at:at] = sent[at:end]
    elif which < 0.93:
        _swap(rng, sent)
    else:
        start = rng.randrange(len(sent))
        sent[at : at + rng.randrange(8)] = sent[start : start + rng.randrange(1, 12)]
    return sent or [""]


def _swap(rng: Random, sent: list[str]) -> None:
    """Exchange two tokens, of one kind as a rule."""
    at = rng.randrange(len(sent))
    alike = [other for other in range(len(sent)) if sent[other][:1] == sent[at][:1]]
    other = rng.choice(alike) if rng.random() < 0.7 else rng.randrange(len(sent))
    sent[at], sent[other] = sent[other], sent[at]


def _leave_out_or_repeat(rng: Random, sent: list[str]) -> None:
    """Take a whole member, object or array out, or say it again, with the comma that parts it from the next."""
    starts = [at + 1 for at in range(len(sent) - 1) if sent[at] in ("{", "[", ",")]
    if not starts:
        return
    start = end = rng.choice(starts)
    depth = 0
    while end < len(sent) and (depth or sent[end] not in (",", "}", "]")):
        depth += (sent[end] in ("{", "[")) - (sent[end] in ("}", "]"))
        end += 1
    whole = sent[start:end]
    if rng.random() < 0.5:
        sent[start:start] = [*whole, ","]
    elif end < len(sent) and sent[end] == ",":
        del sent[start : end + 1]
    elif start and sent[start - 1] == ",":
        del sent[start - 1 : end]
    else:
        del sent[start:end]


def _replace_alike(rng: Random, sent: list[str]) -> None:
    """Replace a value by one that may stand for its member, so that the whole stays readable."""
    places = [at for at in range(2, len(sent)) if sent[at - 1] == ":" and sent[at][:1] not in ("{", "[")]
    if not places:
        return
    at = rng.choice(places)
    if rng.random() < 0.1:
        sent[at] = odd_token(rng)
    elif "value" in sent[at - 2]:
        sent[at] = odd_number(rng)
    else:
        known = {"period": odd.PERIODS, "prepared": odd.INSTANTS}
        sent[at] = text_in_quotes(rng, rng.choice(known.get(sent[at - 2].strip('"'), odd.TEXTS)))


def odd_number(rng: Random) -> str:
    """Return a number at the edge of what is allowed, or far beyond."""
    return rng.choice(odd.EDGES if rng.random() < 0.5 else odd.NUMBERS)


def repeated_member(rng: Random, sent: list[str]) -> list[str]:
    """Name a member twice: right after itself, as it was or with another value."""
    names = [at for at in range(len(sent) - 2) if sent[at + 1] == ":" and sent[at + 2][:1] not in ("{", "[")]
    if names:
        at = rng.choice(names)
        value = sent[at + 2] if rng.random() < 0.5 else odd_token(rng)
        sent[at:at] = [sent[at], ":", value, ","]
    return sent


def cells(rng: Random, table: list[list[str]]) -> list[list[str]]:
    """Change one thing in a table: a cell as a rule, else its rows."""
    row = rng.choice(table)
    if not row or rng.random() < 0.4:
        return _rows(rng, table, row)
    which = rng.random()
    if which < 0.65:
        at = rng.randrange(len(row))
        row[at] = odd_cell(rng, table[0][at] if at < len(table[0]) else "")
    elif which < 0.8:
        row[rng.randrange(len(row))] = rng.choice(rng.choice(table) or [""])
    elif which < 0.9:
        del row[rng.randrange(len(row))]
    else:
        row.insert(rng.randrange(len(row) + 1), odd_cell(rng))
    return table


def _rows(rng: Random, table: list[list[str]], row: list[str]) -> list[list[str]]:
    which = rng.random()
    if which < 0.1:
        table.insert(rng.randrange(len(table) + 1), [])
    elif which < 0.4:
        table.insert(rng.randrange(len(table) + 1), list(row))
    elif which < 0.5:
        table.remove(row)
    elif which < 0.75:
        _swap_column(rng, table)
    else:
        rng.shuffle(table)
    return table or [[""]]


def _swap_column(rng: Random, table: list[list[str]]) -> None:
    """Exchange two values of a column between rows, so that the rows stay of their form."""
    one, other = rng.choice(table), rng.choice(table)
    at = rng.randrange(max(1, min(len(one), len(other))))
    if at < min(len(one), len(other)):
        one[at], other[at] = other[at], one[at]


def odd_cell(rng: Random, column: str = "") -> str:
    """Return a value for a cell of a column."""
    which = rng.random()
    if which < 0.001:
        return rng.choice(odd.LONG_TEXTS)
    if column == "OBS_VALUE" and which < 0.9:
        return odd_number(rng)
    if column == "TIME_PERIOD" and which < 0.8:
        return rng.choice(odd.PERIODS)
    return rng.choice(odd.NUMBERS if which > 0.85 else odd.PERIODS if which > 0.7 else odd.TEXTS)


def octets(rng: Random, body: bytes) -> bytes:
    """Change some octets."""
    at = rng.randrange(len(body) + 1)
    which = rng.random()
    if which < 0.3:
        return body[:at]
    if which < 0.6:
        return body[:at] + rng.choice(_OCTETS) + body[at:]
    if which < 0.8:
        return body[:at] + rng.choice(_OCTETS) + body[at + 1 :]
    if which < 0.9:
        return body[:at] + body[at + rng.randrange(1, 5) :]
    return body[:at] + body + body[at:]


def encoded(text: str) -> bytes:
    """Encode a text, halves of surrogate pairs included, as a careless sender would."""
    return text.encode("utf-8", "surrogatepass")
