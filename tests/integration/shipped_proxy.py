"""The shipped nginx in front of hosts, and requests to it."""

import http.client
import http.server
import socket
import threading
from contextlib import contextmanager
from functools import partial

from config.embedded.process import free_port
from tests.cluster import nginx

PUBLIC = {"Cache-Control": "public, max-age=60"}


class Answer:
    def __init__(self, answer):
        self.status, self.headers, self.body = answer.status, answer.headers, answer.read()

    @property
    def cache(self):
        return self.headers["X-Cache"]


def ask(port, path, method="GET", body=None, context=None, **headers):
    kind = partial(http.client.HTTPSConnection, context=context) if context else http.client.HTTPConnection
    asking = kind("localhost" if context else "127.0.0.1", port, timeout=60)
    try:
        asking.request(method, path, body, {"Host": f"localhost:{port}", **headers})
        return Answer(asking.getresponse())
    finally:
        asking.close()


def ask_raw(port, *lines, body=b""):
    """What comes back for bytes that no client library would send."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as raw:
        raw.sendall("".join(f"{line}\r\n" for line in (*lines, "")).encode() + body)
        received = b""
        while piece := raw.recv(65_536):
            received += piece
    return received.decode(errors="replace")


class Host:
    """A web host that keeps what reached it, and answers what it is told to."""

    def __init__(self):
        self.reached, self.headers, self.status, self.breaks = [], dict(PUBLIC), 200, False
        host = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                length = int(self.headers.get("Content-Length") or 0)
                self.rfile.read(length)
                host.reached.append((self.command, self.path, self.headers))
                if host.breaks:
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                body = f"answer {len(host.reached)}".encode()
                self.send_response(host.status)
                for name, value in host.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET  # noqa: N815  http.server calls it so

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_port}"
        # It looks so often whether it is to stop.
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def proxy(folder, *upstreams, **more):
    port = free_port()
    process = nginx.start(folder, upstreams=upstreams, port=port, **more)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(60)
