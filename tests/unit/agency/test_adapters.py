"""What the adapters make of what their clients say."""

import struct
import threading
from contextlib import contextmanager
from itertools import islice
from socket import SO_LINGER, SOL_SOCKET, create_server
from types import SimpleNamespace

import pytest

from p2p_agency.collect.adapters import AdapterError, amule, external_connections, qbittorrent, torrent
from p2p_agency.collect.adapters.external_connections import Tag
from p2p_agency.collect.counter import MOST_BLOCKS

# --- torrent ----------------------------------------------------------------------------------------------------------


def a_torrent(*files, piece=2 * torrent._BLOCK):
    """A torrent with files of these sizes, one after the other. A negative size is padding."""
    layout = SimpleNamespace(
        num_files=lambda: len(files),
        file_size=lambda n: abs(files[n]),
        file_offset=lambda n: sum(map(abs, files[:n])),
        file_flags=lambda n: int(files[n] < 0),
    )
    info = SimpleNamespace(
        info_hashes=lambda: SimpleNamespace(get_best=lambda: "f"),
        num_pieces=lambda: -(-layout.file_offset(len(files)) // piece),
        piece_length=lambda: piece,
        layout=lambda: layout,
    )
    return torrent._Torrent(info)


def a_peer(pieces=100):
    """A peer that gets a file of pieces of two blocks. The last piece has one byte."""
    return torrent._Peer(a_torrent((pieces - 1) * 2 * torrent._BLOCK + 1), "192.0.2.1")


def sent(shape, blocks):
    """What is told of a peer that gets these blocks, and closes the connection."""
    peer = torrent._Peer(shape, "192.0.2.1")
    for piece, block in blocks:
        peer.gets(piece, block)
    return [(upload.sent, upload.complete) for upload in peer.tell(has_left=True)]


@pytest.mark.parametrize(
    ("piece", "files", "numbered"),
    [
        (32_768, [51_200], [(0, 0), (0, 1), (1, 0), (1, 1)]),
        (16_384, [51_200], [(0, 0), (1, 0), (2, 0), (3, 0)]),
        (20_000, [50_000], [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0)]),
        (32_768, [20_000, 100, 0, 20_000], [(0, 0), (0, 1), (1, 0)]),
        (65_536, [20_000, -45_536, 20_000, -45_536], [(0, 0), (0, 1), (1, 0), (1, 1)]),
        (65_536, [65_536, 1, -65_535, 16_384], [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (2, 0)]),
        (65_536, [10, -196_598, 10], [(0, 0), (3, 0)]),
        (32_768, [16_000, -384, 16_000], [(0, 0), (0, 1)]),
        (32_768, [40_000, -50_000, 10_000], [(0, 0), (0, 1), (1, 0), (2, 1), (3, 0)]),
    ],
)
def test_blocks_with_bytes_of_a_file_are_numbered_and_blocks_of_padding_alone_are_not(piece, files, numbered):
    shape = a_torrent(*files, piece=piece)
    blocks = [(n, block) for n in range(shape.pieces) for block in range(-(-piece // torrent._BLOCK))]
    found = {block: sent(shape, [block]) for block in blocks}
    assert {block for block, told in found.items() if told} == set(numbered)
    assert [found[block][0][0] for block in numbered] == [[(n, n + 1)] for n in range(shape.blocks)]


def test_a_peer_that_got_all_files_and_no_padding_had_finished():
    """It closes the connection before it has told about any piece."""
    shape = a_torrent(*[20_000, -242_144] * 8, piece=262_144)
    blocks = [(piece, block) for piece in range(8) for block in (0, 1)]
    assert sent(shape, blocks) == [([(n, n + 1) for n in range(16)], True)]
    assert sent(shape, blocks[::2])[0][1] is False


def test_a_peer_is_complete_without_the_pieces_that_have_only_padding():
    peer = torrent._Peer(a_torrent(10, -196_598, 10, piece=65_536), "192.0.2.1")
    for piece, complete in (("0", []), ("3", [True])):
        peer.says("HAVE", piece)
        assert [upload.complete for upload in peer.tell()] == complete


def test_a_peer_is_told_of_when_blocks_were_sent_and_once_when_it_is_complete():
    peer = a_peer(pieces=2)
    assert peer.tell() == []
    peer.gets(1, 0)
    assert [(upload.sent, upload.complete, upload.blocks) for upload in peer.tell()] == [([(2, 3)], False, 3)]
    assert peer.tell() == []
    peer.says("HAVE", "0")
    peer.says("HAVE", "1")
    assert [(upload.sent, upload.complete) for upload in peer.tell()] == [([], True)]
    assert peer.tell() == []


@pytest.mark.parametrize(("message", "numbers"), [("HAVE_ALL", ""), ("BITFIELD", "11")])
def test_a_peer_that_comes_complete_is_told_as_complete(message, numbers):
    peer = a_peer(pieces=2)
    peer.says(message, numbers)
    assert [upload.complete for upload in peer.tell()] == [True]


@pytest.mark.parametrize(
    ("told", "sent", "finished"), [(94, 0, False), (94, 1, True), (0, 96, True), (0, 95, True), (0, 94, False)]
)
def test_a_peer_that_leaves_had_finished_if_at_most_a_twentieth_of_the_pieces_is_untold(told, sent, finished):
    peer = a_peer()
    for piece in range(told):
        peer.says("HAVE", str(piece))
    for piece in range(99, 99 - sent, -1):
        for block in range(2 if piece < 99 else 1):
            peer.gets(piece, block)
    peer.tell()
    assert any(upload.complete for upload in peer.tell(has_left=True)) == finished


def test_a_peer_that_got_nothing_is_not_said_to_have_finished():
    peer = a_peer(pieces=3)
    peer.says("HAVE", "0")
    assert peer.tell(has_left=True) == []


def test_the_log_of_libtorrent_is_read():
    read = torrent._SAYS.search
    assert read("ca1ded peer 192.0.2.1:50761 <== HAVE [ piece: 4 ]").groups() == ("HAVE", "4")
    assert read("ca1ded peer 192.0.2.1:50761 <== BITFIELD [ 0110 ]").groups() == ("BITFIELD", "0110")
    assert read("ca1ded peer 192.0.2.1:50761 <== HAVE_ALL [  ]").groups() == ("HAVE_ALL", "")
    assert read("ca1ded peer 192.0.2.1:50761 <== HAVE_NONE [  ]") is None
    assert read("ca1ded peer 192.0.2.1:50761 ==> HAVE [ piece: 4 ]") is None


def test_without_torrents_or_libtorrent_the_adapter_says_what_to_do(tmp_path, monkeypatch):
    with pytest.raises(AdapterError, match="no torrents"):
        next(torrent.watch(folder=str(tmp_path), listen="127.0.0.1:0"))
    monkeypatch.setattr(torrent, "libtorrent", None)
    with pytest.raises(AdapterError, match="not installed"):
        next(torrent.watch(folder=str(tmp_path)))


def test_a_torrent_that_is_too_large_is_said_with_its_name(tmp_path):
    info = {b"length": (64 << 30) + 1, b"name": b"large", b"piece length": 1 << 26, b"pieces": bytes(20 * 1025)}
    (tmp_path / "large.torrent").write_bytes(torrent.libtorrent.bencode({b"info": info}))
    with pytest.raises(AdapterError, match=r"^large\.torrent has more than 64 GiB"):
        next(torrent.watch(folder=str(tmp_path), listen="127.83.11.1:17096"))


# --- aMule ------------------------------------------------------------------------------------------------------------


def number(name, value):
    return Tag(name, value.to_bytes(8, "big"), ())


def a_file(size, sent):
    return Tag(0x0400, b"\1", (number(0x0303, size), Tag(0x031E, b"hash", ()), number(0x0401, sent)))


def a_client(client, session, state=0, file=1, parts=b"", address=(192, 0, 2, 1)):
    address = int.from_bytes(bytes(address), "little")
    values = (number(0x0609, session), number(0x0610, address), number(0x061C, state), number(0x061F, file))
    return Tag(0x0600, bytes([client]), (*values, Tag(0x062B, parts, ()), Tag(0x0100, b"a name", ())))


def uploads_of(monkeypatch, *looks):
    """What the adapter tells after each look at aMule."""
    answers = iter([(file, Tag(0x0600, b"", clients)) for file, *clients in looks])

    class Connection:
        def __init__(self, *_):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def changes(self):
            return next(answers)

    monkeypatch.setattr(amule, "Connection", Connection)
    monkeypatch.setattr(amule.time, "sleep", lambda _: None)
    found = islice(amule.watch(password="x"), len(looks))
    return [[(upload.address, upload.sent[0][1], upload.complete) for upload in one.uploads] for one in found]


def test_a_client_of_amule_gets_the_bytes_of_the_file_however_they_were_compressed(monkeypatch):
    size = 50 * 10_240
    found = uploads_of(
        monkeypatch,
        [a_file(size, 1000), a_client(4, 0)],
        [a_file(size, 1000 + size // 2), a_client(4, 900)],
        [a_file(size, 1000 + size), a_client(4, 1700)],
        [a_file(size, 1000 + size), a_client(4, 1800, state=8, file=0)],
        [a_file(size, 1000 + size), a_client(4, 1800, state=8, file=0)],
    )
    assert found[1:] == [[("192.0.2.1", 25, False)], [("192.0.2.1", 50, False)], [("192.0.2.1", 50, True)], []]


def test_two_clients_of_amule_share_what_was_sent_of_the_file(monkeypatch):
    size = 50 * 10_240
    found = uploads_of(
        monkeypatch,
        [a_file(size, 0), a_client(4, 0), a_client(5, 0, address=(192, 0, 2, 2))],
        [a_file(size, size), a_client(4, 300), a_client(5, 700, address=(192, 0, 2, 2))],
    )
    assert found[1] == [("192.0.2.1", 15, False), ("192.0.2.2", 35, False)]


def test_a_client_that_leaves_early_is_not_complete_and_its_turns_add_up(monkeypatch):
    size = 50 * 10_240
    found = uploads_of(
        monkeypatch,
        [a_file(size, 0), a_client(4, 0)],
        [a_file(size, size // 2), a_client(4, 500)],
        [a_file(size, size // 2), a_client(4, 500, state=1)],
        [a_file(size, size), a_client(4, 500, state=0)],
        [a_file(size, size), a_client(4, 490, state=8)],
    )
    assert [one[-1][1:] for one in found if one][-1] == (50, True)
    assert not any(complete for one in found[:4] for *_, complete in one)


def test_a_client_with_all_parts_is_complete(monkeypatch):
    size = 2 * 9_728_000
    found = uploads_of(
        monkeypatch, [a_file(size, 0), a_client(4, 0, parts=b"\1")], [a_file(size, 0), a_client(4, 0, parts=b"\3")]
    )
    assert [[complete for *_, complete in one] for one in found] == [[], [True]]


def test_a_client_of_amule_that_gets_a_very_large_file_counts(monkeypatch):
    size = 256 << 30
    found = uploads_of(
        monkeypatch, [a_file(size, 0), a_client(4, 0)], *([a_file(size, n), a_client(4, n)] for n in (size // 4, size))
    )
    assert found[1:] == [[("192.0.2.1", MOST_BLOCKS // 4, False)], [("192.0.2.1", MOST_BLOCKS, False)]]


def _answer(code, body=b"\0\0", flags=0x20):
    return struct.pack(">IIB", flags, len(body) + 1, code) + body


def _salt(value):
    return b"\0\1" + struct.pack(">HBI", 0x0B << 1, 5, 8) + value.to_bytes(8, "big")


@contextmanager
def an_amule(*answers):
    """Something that answers like aMule; what it was asked is in the list."""
    asked = []

    def serve():
        client, _ = server.accept()
        with client:
            for answer in answers:
                asked.append(client.recv(1024))
                client.sendall(answer)

    with create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1], asked
        thread.join()


def test_the_password_is_proved_and_tags_inside_tags_are_read():
    inner = struct.pack(">HBI", 0x0609 << 1, 2, 1) + b"\7"
    outer = struct.pack(">HBI", 0x0600 << 1 | 1, 2, len(inner) + 1) + b"\0\1" + inner + b"\4"
    answers = _answer(0x4F, _salt(0xABC)), _answer(0x04), _answer(0x22, b"\0\1" + outer)
    with (
        an_amule(*answers) as (port, asked),
        external_connections.Connection("127.0.0.1", port, "secret") as connection,
    ):
        assert connection.changes() == (Tag(0x0600, b"\4", (Tag(0x0609, b"\7", ()),)),)
    # MD5 of the MD5 of the password and the MD5 of the salt in capital hexadecimal letters.
    assert asked[1][-16:].hex() == "4ce84871caed50de0af4452089dce8f1"


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ([_answer(0x4F, _salt(1)), _answer(0x03)], "password"),
        ([_answer(0x4F, _salt(1), flags=0x21)], "is not the External Connections"),
        ([b"HTTP/1.1 400 Bad Request\r\n\r\n"], "is not the External Connections"),
        ([_answer(0x4F, b"\0\1" + struct.pack(">HBI", 2, 2, 99))], "does not fit"),
        ([b""], "closed"),
    ],
)
def test_what_is_not_the_program_that_was_meant_is_an_error_that_says_what_to_do(answers, says):
    with an_amule(*answers) as (port, _), pytest.raises(AdapterError, match=says):
        external_connections.Connection("127.0.0.1", port, "secret")


@pytest.fixture
def free_port():
    with create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.mark.parametrize("adapter", [amule, qbittorrent])
def test_a_client_that_does_not_run_is_said_with_the_place_of_the_settings_and_no_secret(adapter, free_port):
    place = f"127.0.0.1:{free_port}"
    settings = {"port": free_port} if adapter is amule else {"username": "a", "url": f"http://a:secret@{place}"}
    with pytest.raises(AdapterError, match=f"^No program answers at {place}. Start ") as error:
        next(adapter.watch(password="secret", **settings))
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("adapter", [amule, qbittorrent])
def test_a_client_that_hangs_is_said(adapter, monkeypatch):
    for module in (external_connections, qbittorrent):
        monkeypatch.setattr(module, "_TIMEOUT", 0.1)
    with create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        settings = {"port": port} if adapter is amule else {"username": "a", "url": f"http://127.0.0.1:{port}"}
        with pytest.raises(AdapterError, match="does not answer"):
            next(adapter.watch(password="secret", **settings))


def test_a_port_that_no_program_has_is_said():
    with pytest.raises(AdapterError, match="correct `host` and `port`"):
        next(amule.watch(password="secret", port=99_999))


def test_a_program_that_breaks_the_connection_is_said():
    def serve():
        client, _ = server.accept()
        # Only when the other side has connected for sure.
        client.recv(1)
        client.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        client.close()

    with create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(AdapterError, match=r"aMule has (broken|closed) the connection"):
            next(amule.watch(password="secret", port=server.getsockname()[1]))
        thread.join()


def test_a_file_that_is_no_torrent_is_said_with_its_name(tmp_path):
    (tmp_path / "broken.torrent").write_bytes(b"x")
    with pytest.raises(AdapterError, match=r"^broken\.torrent is not a torrent"):
        next(torrent.watch(folder=str(tmp_path), listen="127.83.11.1:17094"))
