"""Teach the templates our words for numbers and times, and where our files are."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from importlib.metadata import version

from flask import Blueprint
from flask.blueprints import BlueprintSetupState

from api.console import words
from api.console.assets import asset


def install(routes: Blueprint, now: Callable[[], datetime]) -> None:
    """Add filters and globals to the templates of the application."""
    routes.record_once(partial(_add, now))


def _add(now: Callable[[], datetime], state: BlueprintSetupState) -> None:
    templates = state.app.jinja_env
    # Lines that hold nothing but a tag leave no empty line behind.
    templates.trim_blocks = templates.lstrip_blocks = True
    templates.filters.update(
        ago=lambda moment: words.ago(moment, now()),
        iso=words.iso,
        moment=words.moment,
        number=words.number,
        seconds=words.seconds,
        size=words.size,
    )
    templates.globals.update(asset=asset, version=version("forgewire"))
