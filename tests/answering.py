"""A small HTTP server that answers as a test says, with real bytes."""

import contextlib
import socket
import threading


@contextlib.contextmanager
def answering(respond, *, tls=None):
    """Serve on this machine: `respond(head, connection)` for each connection.

    `head` is the request in bytes, as far as it came in one piece. Yield the base URL.
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
        head = b""
        while b"\r\n\r\n" not in head and (piece := connection.recv(65_536)):
            head += piece
        respond(head, connection)
        connection.close()
