"""Connections with the federation: their time-outs, their certificates and the proxy of this machine."""

import http.client
import io
import ssl
import time
import urllib.request
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import urllib3

from p2p_agency.errors import SetUpError
from p2p_agency.settings import LOOPBACK

#: Seconds. It takes some time to store a large submission.
_TIMEOUT: Final = urllib3.Timeout(connect=10, read=120)
#: Seconds until the end of an answer.
_SLOWEST: Final = 300


class _Limited(io.RawIOBase):
    """The body of an answer, with a limit on the time for all of it: a limit for each octet would not be enough."""

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw, self._ends = raw, time.monotonic() + _SLOWEST

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if time.monotonic() > self._ends:
            raise TimeoutError
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fp = io.BufferedReader(_Limited(self.fp.detach()))


def _limited(pool: Any) -> Any:
    """A pool of connections whose answers end in time, with their headers."""
    connection = type("Connection", (pool.ConnectionCls,), {"response_class": _Response})
    return type("Pool", (pool,), {"ConnectionCls": connection})


_POOLS: Final = {"http": _limited(urllib3.HTTPConnectionPool), "https": _limited(urllib3.HTTPSConnectionPool)}


def _with_limits(pools: urllib3.PoolManager) -> urllib3.PoolManager:
    pools.pool_classes_by_scheme = _POOLS
    return pools


def pool_of(address: str) -> urllib3.PoolManager:
    """Connections with the certificates and the proxy that this machine uses."""
    parts = urlsplit(address)
    proxies = urllib.request.getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    context = ssl.create_default_context() if parts.scheme == "https" else None
    # A proxy would read the secret, because only addresses of this machine need no HTTPS.
    direct = parts.hostname in LOOPBACK or urllib.request.proxy_bypass(parts.hostname or "")
    if proxy and not direct:
        try:
            name = urllib3.util.parse_url(proxy).auth
            headers = urllib3.make_headers(proxy_basic_auth=unquote(name)) if name else None
            return _with_limits(
                urllib3.ProxyManager(proxy, proxy_headers=headers, timeout=_TIMEOUT, ssl_context=context)
            )
        except urllib3.exceptions.HTTPError:
            raise SetUpError(
                "The address of the proxy of this machine is wrong. Check HTTPS_PROXY, or the network settings of your "
                "system. It must begin with http:// or https://."
            ) from None
    return _with_limits(urllib3.PoolManager(timeout=_TIMEOUT, ssl_context=context))
