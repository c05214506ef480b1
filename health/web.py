"""Run a WSGI application on an HTTP server until told to stop.

The server is granian: one process that supervises, and one that serves, whose I/O is
Rust's and whose application runs in threads. Idle connections hold no thread; a body
that is being read holds one.
"""

import multiprocessing
import os
import resource
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from flask import Flask
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

#: granian's own lines go our way; those below an error say nothing to an operator.
_LOGGING = {
    "handlers": {},
    "formatters": {},
    "loggers": {"_granian": {"propagate": True}},
}
#: Files that are open beside the connections.
_OTHER_FILES = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """How much a process does at once, and how long it may take to end."""

    #: Requests at once; idle threads are ended.
    threads: int
    #: Connections at once, idle ones included.
    connections: int
    #: What requests under way may take once we are told to stop.
    stop_seconds: int


def serve(
    name: str,
    address: tuple[str, int],
    make_app: Callable[[], Flask],
    capacity: Capacity,
) -> None:
    """Serve at `address`, an IP address and a port, until SIGTERM or SIGINT.

    `make_app` is called in the process that serves, which ends with the one that
    supervises; what it leaves to `multiprocessing.util.Finalize` is done when the last
    request is answered.
    """
    _allow_files(capacity.connections + _OTHER_FILES)
    # A stop that comes before granian listens for it in its child must not be lost.
    os.register_at_fork(after_in_child=_stop_at_once)
    server = Granian(
        name,
        *address,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        blocking_threads=capacity.threads,
        backpressure=capacity.connections,
        workers_kill_timeout=capacity.stop_seconds,
        log_level=LogLevels.error,
        log_dictconfig=_LOGGING,
    )
    # granian takes SIGHUP for a wish to reload, but a closed terminal means stop.
    server.on_startup(partial(signal.signal, signal.SIGHUP, signal.SIG_DFL))
    server.serve(target_loader=partial(_followed, make_app), wrap_loader=False)


def _followed(make_app: Callable[[], Flask]) -> Flask:
    threading.Thread(target=_follow_parent, daemon=True).start()
    return make_app()


def _allow_files(wanted: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


def _stop_at_once() -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


def _follow_parent() -> None:
    # Killed outright, the parent cannot tell us to stop.
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
