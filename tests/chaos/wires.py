"""TCP proxies between us and the servers, which can be cut, stalled and half open."""

import contextlib
import socket

from tests.proxy import Proxy


class Wire(Proxy):
    """A proxy that can also lose its far side without telling the near one."""

    def __init__(self, port):
        self._lost = set()
        super().__init__(port)

    def half_open(self):
        """Lose what is behind all present connections; clients are told nothing."""
        with self._lock:
            gone, self._sockets = self._sockets, []
        self._lost |= set(gone)
        for server in gone[1::2]:
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)

    def _join(self, client):
        # A node that is down refuses; so does its wire.
        try:
            super()._join(client)
        except OSError:
            client.close()

    def _copy(self, source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self.bytes_held = not self._flows.is_set()
                self._flows.wait()
                if source not in self._lost:
                    target.sendall(data)
        if source not in self._lost and target not in self._lost:
            with contextlib.suppress(OSError):
                target.shutdown(socket.SHUT_RDWR)
        self._swallow(source)

    def _swallow(self, source):
        # Whoever is on a lost wire talks on to nobody, until they give up.
        with contextlib.suppress(OSError):
            while source in self._lost and source.recv(65536):
                pass
        source.close()
