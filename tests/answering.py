"""A small HTTP server that answers as a test says, with real bytes."""

import contextlib
import re
import socket
import threading


@contextlib.contextmanager
def answering(respond, *, tls=None):
    """Serve on this machine: `respond(request, connection)` for each connection.

    `request` is all of it, in bytes. Yield the base URL.
    """
    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(
        target=_serve, args=(listening, respond, tls), daemon=True
    )
    thread.start()
    yield f"http{'s' if tls else ''}://127.0.0.1:{listening.getsockname()[1]}"
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join()


def said(status, body=b"{}", *fields):
    """One answer, its head and its body."""
    more = "".join(f"{field}\r\n" for field in fields)
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


def always(data):
    """What answers these bytes to everything."""
    return lambda _, connection: connection.sendall(data)


def _serve(listening, respond, tls):
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        threading.Thread(
            target=_answer, args=(connection, respond, tls), daemon=True
        ).start()


def _answer(connection, respond, tls):
    with contextlib.suppress(OSError), connection:
        if tls:
            connection = tls.wrap_socket(connection, server_side=True)
        respond(_request(connection), connection)
        connection.close()


def _request(connection):
    """The head, and as much of a body as it tells of."""
    read = b""
    while b"\r\n\r\n" not in read and (piece := connection.recv(65_536)):
        read += piece
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)\r\n", read)
    size = read.find(b"\r\n\r\n") + 4 + int(length[1] if length else 0)
    while len(read) < size and (piece := connection.recv(65_536)):
        read += piece
    return read
