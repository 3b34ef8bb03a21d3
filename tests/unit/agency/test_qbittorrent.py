"""What the adapter makes of what qBittorrent says."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice

import pytest

from p2p_agency.collect.adapters import AdapterError, qbittorrent
from p2p_agency.collect.counter import MOST_BLOCKS

# --- qBittorrent ------------------------------------------------------------------------------------------------------


@contextmanager
def a_qbittorrent(*looks, password="secret", size=1_000_000):
    """A Web API with one torrent of this many bytes; each look at its peers gives the next."""
    answers = iter(looks)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.reply(b"", f"SID={'x' if f'password={password}' in body else ''}; path=/" if password in body else "")

        def do_GET(self):
            assert self.headers["Cookie"] == "SID=x"
            listed = [{"hash": "f", "size": size}]
            self.reply(json.dumps(listed if "info" in self.path else {"peers": next(answers)}).encode())

        def reply(self, body, cookie=""):
            self.send_response(200)
            if cookie:
                self.send_header("Set-Cookie", cookie)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_peer_of_qbittorrent_is_complete_if_it_is_seen_so_or_was_nearly_so_before_it_left(monkeypatch):
    monkeypatch.setattr(qbittorrent.time, "sleep", lambda _: None)

    def peer(uploaded, progress, ip="192.0.2.1"):
        return {"ip": ip, "uploaded": uploaded, "progress": progress}

    looks = [
        {"a": peer(100_000, 0.1), "b": peer(500_000, 0.85, "192.0.2.2")},
        {"a": peer(1_000_000, 0.99), "c": peer(300_000, 0.5, "192.0.2.3")},
        {"d": peer(200_000, 1, "192.0.2.4")},
    ]
    with a_qbittorrent(*looks) as url:
        watching = qbittorrent.watch(username="admin", password="secret", url=url)
        found = [
            {(upload.address, upload.sent[0][1], upload.complete) for upload in batch.uploads}
            for batch in islice(watching, 3)
        ]
        watching.close()
    assert found == [
        {("192.0.2.1", 6, False), ("192.0.2.2", 30, False)},
        {("192.0.2.1", 62, True), ("192.0.2.3", 18, False), ("192.0.2.2", 30, True)},
        {("192.0.2.4", 12, True), ("192.0.2.1", 62, True), ("192.0.2.3", 18, False)},
    ]


def test_a_peer_of_qbittorrent_that_gets_a_very_large_torrent_counts():
    size = 256 << 30
    with a_qbittorrent({"a": {"ip": "192.0.2.1", "uploaded": size // 4}}, size=size) as url:
        watching = qbittorrent.watch(username="admin", password="secret", url=url)
        [upload] = next(watching).uploads
        watching.close()
    assert (upload.blocks, upload.sent) == (MOST_BLOCKS, [(0, MOST_BLOCKS // 4)])


def test_a_wrong_password_of_qbittorrent_is_an_error_that_says_what_to_do():
    with a_qbittorrent() as url, pytest.raises(AdapterError, match="password"):
        next(qbittorrent.watch(username="admin", password="wrong", url=url))


@pytest.mark.parametrize(
    ("peers", "size", "says"),
    [
        (
            {},
            "1",
            r"to torrents/info is not that of qBittorrent 5. Expected `int`, got `str` - at `\$\[0\]\.size`\. Check",
        ),
        ([], 1, "to sync/torrentPeers .* Expected `object`, got `array` - at .* Check that `url` leads to qBittorrent"),
        ({"192.0.2.1:5": 5}, 1, "Expected `object`, got `int` - at"),
        ({"192.0.2.1:5": {"ip": "192.0.2.1", "uploaded": "192.0.2.1"}}, 1, "Expected `int`, got `str` - at"),
    ],
)
def test_an_answer_of_another_shape_says_what_was_expected_and_no_address(peers, size, says):
    with a_qbittorrent(peers, size=size) as url, pytest.raises(AdapterError, match=says) as error:
        next(qbittorrent.watch(username="admin", password="secret", url=url))
    assert "192.0.2" not in str(error.value)
