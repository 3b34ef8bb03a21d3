"""An eDonkey server that lets clients sign in and does nothing else: aMule asks no source before it has one."""

import socketserver
import struct
import sys

_LOGIN, _ID_CHANGE, _STATUS = 0x01, 0x40, 0x34


class Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while len(head := self.rfile.read(5)) == 5:
            body = self.rfile.read(struct.unpack("<I", head[1:])[0])
            if body[:1] == bytes([_LOGIN]):
                # An id that is the address in numbers is a high one: others can connect to this client.
                number = struct.unpack("<I", bytes(map(int, self.client_address[0].split("."))))[0]
                self._send(_ID_CHANGE, number, 0)
                self._send(_STATUS, 2, 1)

    def _send(self, code: int, *numbers: int) -> None:
        packet = bytes([code]) + struct.pack(f"<{len(numbers)}I", *numbers)
        self.wfile.write(b"\xe3" + struct.pack("<I", len(packet)) + packet)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


if __name__ == "__main__":
    with Server((sys.argv[1], 4661), Handler) as server:
        server.serve_forever()
