"""Serve an application by gunicorn's threads, instead of by granian.

As many threads as granian has, and connections stay open in the same way; gunicorn has
its own parser in Python and reads each request in a thread of the pool.
"""

from importlib import import_module

from flask import Flask
from gunicorn.app.base import BaseApplication

from ingest.server import CAPACITY


class Gthread(BaseApplication):
    """One process of gunicorn."""

    def __init__(self, module: str, address: str) -> None:
        self.module = module
        self.address = address
        super().__init__()

    def load_config(self) -> None:
        wanted = {
            "bind": self.address,
            "worker_class": "gthread",
            "workers": 1,
            "threads": CAPACITY.threads,
            "worker_connections": CAPACITY.connections,
            "keepalive": 75,
            "graceful_timeout": CAPACITY.stop_seconds,
            "loglevel": "error",
            # A path that two of them would share.
            "control_socket_disable": True,
        }
        for name, value in wanted.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return import_module(self.module).app
