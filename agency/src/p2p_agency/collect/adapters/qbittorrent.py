"""Watches the uploads of qBittorrent, through its Web API.

About each peer, qBittorrent says two things: how many bytes it has sent over the connection, and which share of the
torrent the peer has. It does not say which blocks were sent. It disconnects a peer as soon as the peer is complete. So
a peer that was nearly complete, and is gone, counts as complete.
"""

import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final

import msgspec
import urllib3

from p2p_agency.collect.adapters import AdapterError, Batch
from p2p_agency.collect.counter import MOST_BLOCKS
from p2p_agency.collect.locator import Upload

_BLOCK: Final = 16 * 1024
#: A peer that is gone counts as complete if it had at least this share when it was last listed, some seconds before.
_NEARLY: Final = 0.8
_TIMEOUT: Final = 10.0


class _Torrent(msgspec.Struct):
    hash: str
    size: int


class _Values(msgspec.Struct):
    """What qBittorrent says about a peer: the bytes that it got, and its share of the torrent."""

    ip: str = ""
    uploaded: int = 0
    progress: float = 0


class _Listed(msgspec.Struct):
    peers: dict[str, _Values] = {}


class _Peer:
    def __init__(self, torrent: str, size: int, values: _Values) -> None:
        self._torrent, self._size = torrent, size
        self._values = values

    def tell(self, *, has_left: bool = False) -> Upload:
        sent = min(self._size, self._values.uploaded)
        has = max(self._values.progress, sent / self._size)
        complete = has >= 1 or (has_left and has >= _NEARLY)
        # A torrent of more than 64 GiB gets larger blocks.
        block = max(_BLOCK, -(-self._size // MOST_BLOCKS))
        blocks = -(-self._size // block)
        whole = blocks if sent == self._size else sent // block
        return Upload("BITTORRENT", self._values.ip, self._torrent, blocks, [(0, whole)], complete)


def watch(*, username: str, password: str, url: str = "http://127.0.0.1:8080") -> Iterator[Batch]:
    api = _Api(url, username, password)
    peers: dict[tuple[str, str], _Peer] = {}
    while True:
        before, peers = peers, {}
        for torrent in api.get("torrents/info", list[_Torrent], filter="completed"):
            listed = api.get("sync/torrentPeers", _Listed, hash=torrent.hash, rid="0")
            for name, values in listed.peers.items():
                if torrent.size:
                    peers[torrent.hash, name] = _Peer(torrent.hash, torrent.size, values)
        left = [peer.tell(has_left=True) for key, peer in before.items() if key not in peers]
        yield Batch([*(peer.tell() for peer in peers.values()), *left])
        time.sleep(1)


class _Api:
    """The Web API, signed in."""

    def __init__(self, url: str, username: str, password: str) -> None:
        self._url = f"{url.rstrip('/')}/api/v2/"
        # Some people write a name and a password into the address. These are left out.
        self._place = urllib3.util.parse_url(url).netloc
        self._pool = urllib3.PoolManager(timeout=_TIMEOUT, retries=False, headers={"Referer": url})
        fields = {"username": username, "password": password}
        answer = self._request("POST", "auth/login", fields=fields, encode_multipart=False)
        self._cookie = answer.headers.get("Set-Cookie", "").partition(";")[0]
        if not self._cookie:
            raise AdapterError("qBittorrent refuses the name or the password of its Web API.")

    def get(self, name: str, shape: Any, **parameters: str) -> Any:
        """An answer of this shape."""
        headers = {**self._pool.headers, "Cookie": self._cookie}
        answer = self._request("GET", name, fields=parameters, headers=headers)
        if answer.status != HTTPStatus.OK:
            raise AdapterError(f"qBittorrent answers {answer.status}.")
        try:
            return msgspec.json.decode(answer.data, type=shape)
        except msgspec.ValidationError as error:
            # The message names types and members. It never shows a value, because a value could be an address.
            raise AdapterError(
                f"The answer of {self._place} to {name} is not that of qBittorrent 5. {error}. "
                "Check that `url` leads to qBittorrent, and its version."
            ) from None
        except (ValueError, RecursionError):
            raise AdapterError(f"The program at {self._place} is not qBittorrent 5. Check `url`.") from None

    def _request(self, method: str, name: str, **more: Any) -> urllib3.BaseHTTPResponse:
        try:
            return self._pool.request(method, f"{self._url}{name}", **more)
        except urllib3.exceptions.ReadTimeoutError:
            raise AdapterError(
                f"The program at {self._place} does not answer. Check `url`. If it is right, start qBittorrent again."
            ) from None
        except urllib3.exceptions.HTTPError:
            raise AdapterError(
                f"No program answers at {self._place}. Start qBittorrent, and allow its Web API. If it uses another "
                "port, correct `url`."
            ) from None
