"""The sections of docs/reference/errors.md, one for each code, and the requests and answers of their examples."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tests.oracles import signing

PAGE = Path(__file__).parents[2] / "docs/reference/errors.md"
_SECTION = re.compile(r"^### `(\w+)`\n\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
_TEXT = re.compile(r"\*\*(\d{3}) (.+?)\.\*\* (.+)", re.DOTALL)
_EXAMPLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FORM = "application/x-www-form-urlencoded"


class Request(NamedTuple):
    """What a command of an example sends."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes


class Section(NamedTuple):
    """The explanation of a code, and its example. ``answer`` is a part of the answer to the last of the commands."""

    code: str
    status: int
    title: str
    advice: str
    commands: list[str]
    answer: dict[str, Any]


def sections() -> list[Section]:
    return [_section(code, text) for code, text in _SECTION.findall(PAGE.read_text())]


def _section(code: str, text: str) -> Section:
    paragraph, _, rest = text.partition("\n\n")
    explained, example = _TEXT.fullmatch(paragraph.strip()), _EXAMPLE.search(rest)
    assert explained, f"{code} has no explanation: **status What is wrong.** How to fix it."
    assert example, f"{code} has no example"
    # The lines of a body are indented, so the answer begins at the last line that begins with a brace.
    sent, _, answer = example[1].rpartition("\n{")
    _, *commands = re.split(r"^\$ ", sent, flags=re.MULTILINE)
    status, title, advice = (" ".join(part.split()) for part in explained.groups())
    return Section(code, int(status), title, advice, commands, json.loads("{" + answer))


def request_of(command: str, values: dict[str, str]) -> Request:
    """The request of a command of curl. ``values`` are those of the variables of the shell."""
    for name, value in values.items():
        command = command.replace(f"${name}", value)
    printed, _, curl = command.replace("\\\n", "").rpartition("curl ")
    body = _printed(printed) if printed else b""
    method, url, headers = "", "", {}
    words = iter(shlex.split(curl))
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(":")
            headers[name.strip()] = value.strip()
        elif word in ("-d", "--json", "--data-binary"):
            sent = next(words)
            body, method = body if sent == "@-" else sent.encode(), method or "POST"
            headers.setdefault("Content-Type", "application/json" if word == "--json" else _FORM)
        else:
            assert word.startswith("http://localhost:8000/"), f"this word of a command is not known here: {word}"
            url = word.removeprefix("http://localhost:8000")
    return Request(method or "GET", url, headers, body)


def _printed(command: str) -> bytes:
    """What a command writes into the pipe: printf with octal escapes, or Python."""
    name, *words, pipe = shlex.split(command)
    assert (name in ("printf", "python3"), pipe) == (True, "|"), command
    if name == "python3":
        return subprocess.run([sys.executable, *words], check=True, capture_output=True).stdout
    return re.sub(rb"\\(\d{3})", lambda found: bytes([int(found[1], 8)]), words[0].encode())


def signature_of(request: Request, key: signing.Signer) -> str:
    """The signature of what Signature-Input names, in base64. The example has a variable in its place."""
    _, _, parameters = request.headers["Signature-Input"].partition("=")
    names = re.findall(r'"([^"]+)"', parameters.partition(")")[0])
    return str(signing.encoded(signing.sign(key.key, dict(_covered(names, request)), parameters)))


def _covered(names: Iterable[str], request: Request) -> Iterable[tuple[str, str]]:
    place = urlsplit(request.url)
    own = {"@method": request.method, "@path": place.path, "@query": f"?{place.query}"}
    headers = {name.lower(): value for name, value in request.headers.items()}
    for name in names:
        yield name, own.get(name) or headers[name]
