"""A process of the web server that, asked to stop, has its port closed at once, while it finishes what it has.

gunicorn's own keeps the port open until it ends, and the kernel goes on taking connections for it that nobody will
accept. A proxy takes them for connected, and may not repeat a POST that it has sent into one.
"""

from typing import Any

from gunicorn.workers.gthread import ThreadWorker


class LeavingWorker(ThreadWorker):  # type: ignore[misc]  # untyped
    """gunicorn's worker with threads, which takes in who has come and turns away who comes later."""

    sockets: list[Any]

    def set_accept_enabled(self, enabled: Any) -> None:
        """Accept or not, and at the end close the port; where somebody else holds it too, it stays open there."""
        super().set_accept_enabled(enabled)
        if not self.alive and not enabled:
            for listener in self.sockets:
                self._accept_all(listener)
                listener.close()
            self.sockets = []

    def _accept_all(self, listener: Any) -> None:
        """Accept those whom the kernel has taken already."""
        taken = -1
        while taken != self.nr_conns and self.nr_conns < self.worker_connections:
            taken = self.nr_conns
            self.accept(listener)
