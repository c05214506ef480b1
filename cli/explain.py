"""Make each failure one clear line that says what to do next, and an exit code."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click

from cli.connect import AMQP_URL, MONGODB_URL, origin
from config import logs
from config.settings import SettingsError
from schemas.errors import BrokerUnavailable, ForgewireError, StateUnavailable


class Failure(click.ClickException):
    """Raised when a command cannot do its work; exit code 1 means that it said no."""

    exit_code = 2


@contextmanager
def explained() -> Iterator[None]:
    """Raise Failure for what our code raises on purpose, and keep its logs quiet."""
    # What a connection logs is told once more by the error, and would spoil the table.
    logs.configure("CRITICAL", "text")
    try:
        yield
    except BrokerUnavailable as exc:
        raise Failure(f"{exc}\n{origin(AMQP_URL, os.environ)}") from exc
    except StateUnavailable as exc:
        raise Failure(f"{exc}\n{origin(MONGODB_URL, os.environ)}") from exc
    except (ForgewireError, SettingsError) as exc:
        raise Failure(str(exc)) from exc
