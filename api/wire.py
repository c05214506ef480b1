"""Carry one request over a connection of our own opening, until a deadline."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

#: What opens a connection to a host and a port.
Opener = Callable[[str, int], socket.socket]


class Deadline:
    """Ends connections when the time is over, however slowly their bytes come."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds
        self._watched: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._timer.start()

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self._at

    def watch(self, connection: socket.socket) -> None:
        # TLS takes the socket over; a second one leads to the same connection.
        self._watched.append(connection.dup())
        if self.is_over:
            self._end()

    def close(self) -> None:
        self._timer.cancel()
        for one in self._watched:
            one.close()

    def _end(self) -> None:
        for one in self._watched:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


class Adapter(HTTPAdapter):
    """Connects by `opener` only, and verifies certificates by `tls` always."""

    def __init__(self, opener: Opener, tls: ssl.SSLContext) -> None:
        self._kinds = {
            "http": partial(_Plain, opener=opener),
            "https": partial(_Encrypted, opener=opener),
        }
        self._tls = tls
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._tls, **kwargs)

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        pool.ConnectionCls = self._kinds[pool.scheme]
        return pool

    def cert_verify(self, conn: Any, *_: Any) -> None:
        # The context has the authorities; those of requests would be read each time.
        conn.cert_reqs = "CERT_REQUIRED"


class _Plain(HTTPConnection):
    def __init__(self, *args: Any, opener: Opener, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._opener = opener

    def _new_conn(self) -> socket.socket:
        return self._opener(self._dns_host, self.port)


class _Encrypted(HTTPSConnection):
    def __init__(self, *args: Any, opener: Opener, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._opener = opener

    def _new_conn(self) -> socket.socket:
        return self._opener(self._dns_host, self.port)
