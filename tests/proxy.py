"""A TCP proxy on loopback that a test can cut, stall and refuse with."""

import contextlib
import socket
import threading


class Proxy:
    """Forwards connections to a port until told otherwise."""

    def __init__(self, port):
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._sockets = []
        self._lock = threading.Lock()
        self._refuses = False
        self._flows = threading.Event()
        self._flows.set()
        self._threads = []
        #: True once a stalled proxy has something to let through.
        self.bytes_held = False
        self._spawn(self._accept)

    def cut(self):
        """Close all connections; new ones are still taken."""
        with self._lock:
            sockets, self._sockets = self._sockets, []
        for it in sockets:
            with contextlib.suppress(OSError):
                it.shutdown(socket.SHUT_RDWR)

    def refuse(self):
        """Close all connections, and new ones as soon as they come."""
        self._refuses = True
        self.cut()

    def admit(self):
        """Take new connections again."""
        self._refuses = False

    def stall(self):
        """Keep all connections, but let nothing through."""
        self._flows.clear()

    def flow(self):
        """Let everything through again."""
        self._flows.set()

    def close(self):
        self._flows.set()
        self._refuses = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join(5)

    def _spawn(self, target, *args):
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._join(client)

    def _join(self, client):
        if self._refuses:
            client.close()
            return
        server = socket.create_connection(self._target)
        with self._lock:
            self._sockets += [client, server]
        self._spawn(self._copy, client, server)
        self._spawn(self._copy, server, client)

    def _copy(self, source, target):
        # Both directions hold both sockets; the second to end closes them.
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self.bytes_held = not self._flows.is_set()
                self._flows.wait()
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)
        source.close()
