"""A proxy between the hosts and PostgreSQL that delays, stalls or cuts: `python -m tests.chaos.proxy FROM TO`.

Lines on standard input control it: `delay SECONDS` for each piece that passes, `stall` until `flow`, and `cut`.
"""

import asyncio
import contextlib
import sys

from config.processes import die_with_parent

_PIECE = 65536


class Proxy:
    """Passes connections on to a port of this machine."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._delay = 0.0
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._open: set[asyncio.StreamWriter] = set()

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            writer.transport.abort()
            return
        both = {writer, back}
        self._open |= both
        passing = [asyncio.create_task(self._pass(reader, back)), asyncio.create_task(self._pass(there, writer))]
        await asyncio.wait(passing, return_when=asyncio.FIRST_COMPLETED)
        for task in passing:
            task.cancel()
        for end in both:
            end.close()
        self._open -= both

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(_PIECE):
                await self._flowing.wait()
                if self._delay:
                    await asyncio.sleep(self._delay)
                writer.write(piece)
                await writer.drain()

    def tell(self, words: list[str]) -> None:
        match words:
            case ["delay", seconds]:
                self._delay = float(seconds)
            case ["stall"]:
                self._flowing.clear()
            case ["flow"]:
                self._flowing.set()
            case ["cut"]:
                for writer in self._open:
                    writer.transport.abort()


async def _run(port: int, to: int) -> None:
    proxy = Proxy(to)
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    async with await asyncio.start_server(proxy.connect, "127.0.0.1", port):
        while order := await orders.readline():
            proxy.tell(order.decode().split())


if __name__ == "__main__":
    die_with_parent()
    asyncio.run(_run(int(sys.argv[1]), int(sys.argv[2])))
