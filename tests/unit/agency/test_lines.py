"""The contract of the adapter `lines`."""

import os
import socket
import threading
from itertools import islice

import msgspec
import pytest

from p2p_agency.collect.adapters import AdapterError, Batch, lines

LINE = b'{"network":"EDONKEY","address":"192.0.2.1","file":"1","blocks":4,"sent":[[0,2],[3,4]],"complete":true}\n'


def read(*chunks):
    return list(lines._read(iter([*chunks, b""]).__next__))


def test_a_line_is_a_transfer():
    [batch] = read(LINE)
    [upload] = batch.uploads
    assert (upload.network, upload.file, upload.blocks, upload.sent, upload.complete) == (
        "EDONKEY",
        "1",
        4,
        [(0, 2), (3, 4)],
        True,
    )


def test_what_may_be_left_out_is_nothing_sent_and_not_complete():
    [batch] = read(b'{"network":"ARES","address":"192.0.2.1","file":"1","blocks":4}\n')
    assert (batch.uploads[0].sent, batch.uploads[0].complete) == ([], False)


def test_an_empty_line_says_that_the_client_works():
    assert read(b"\n", b"\r\n") == [Batch([])] * 2


def test_lines_may_come_in_pieces_and_many_at_once():
    found = read(LINE[:10], LINE[10:] + LINE * 3 + LINE[:50], LINE[50:])
    assert [len(batch.uploads) for batch in found] == [4, 1]


@pytest.mark.parametrize(
    "bad",
    [
        b"{}", b"[]", b"null", b"x", b"\xff\xfe", b"{" * 5000, LINE[:-3], LINE.replace(b"EDONKEY", b"OTHERS"),
        LINE.replace(b"true", b"1"), LINE.replace(b'"blocks":4', b'"blocks":"4"'), LINE.replace(b"[0,2]", b"[0]"),
        LINE.replace(b'"file"', b'"name":"x","file"'), LINE.replace(b'"blocks":4', b'"blocks":1e99'),
    ],
)  # fmt: skip
def test_a_line_that_breaks_the_contract_is_left_out_and_counted(bad):
    [batch] = read(LINE + bad.strip() + b"\n" + LINE)
    assert (len(batch.uploads), batch.unread) == (2, 1)


@pytest.mark.parametrize(("last", "expected"), [(LINE.strip(), (2, 0)), (LINE[:-3], (1, 1)), (b"", (1, 0))])
def test_a_last_line_that_a_client_cut_off_counts_as_unread_unless_it_is_whole(last, expected):
    found = read(LINE + last)
    assert (sum(len(batch.uploads) for batch in found), sum(batch.unread for batch in found)) == expected


def test_a_line_that_does_not_end_is_an_error_that_does_not_show_it():
    with pytest.raises(AdapterError, match="too long") as error:
        read(b"192.0.2.1" * 10_000)
    assert "192" not in str(error.value)


def test_a_client_may_come_again_to_the_socket_and_only_the_owner_may_use_it(tmp_path):
    path = tmp_path / "lines.sock"
    found = lines.watch(path=str(path))

    def send():
        for _ in range(2):
            with socket.socket(socket.AF_UNIX) as client:
                while client.connect_ex(str(path)):
                    pass
                client.sendall(LINE)

    sender = threading.Thread(target=send)
    sender.start()
    assert [len(batch.uploads) for batch in islice(found, 2)] == [1, 1]
    assert path.stat().st_mode & 0o777 == 0o600
    sender.join()
    found.close()


def test_a_named_pipe_is_read_and_outlives_its_client(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    found = lines.watch(path=str(path))
    uploads = []
    for _ in range(2):
        with path.open("r+b", buffering=0) as client:
            client.write(LINE)
            uploads += next(found).uploads
    assert len(uploads) == 2
    found.close()


def test_a_file_at_the_path_is_not_removed(tmp_path):
    path = tmp_path / "file"
    path.write_text("x")
    with pytest.raises(AdapterError, match="is a file"):
        next(lines.watch(path=str(path)))
    assert path.read_text() == "x"


def test_the_contract_in_the_documentation_is_accepted():
    from config.env import ROOT

    text = (ROOT / "docs/how-to/collect.md").read_text()
    block = text.split("```json\n")[1].split("```")[0]
    for line in block.splitlines():
        msgspec.json.decode(line, type=lines.Upload)
