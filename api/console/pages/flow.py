"""The first page of the console."""

from flask import Blueprint, redirect
from werkzeug.wrappers import Response as Answer

from api.console.console import Console


def add(routes: Blueprint, _: Console) -> None:
    """Lead to the state."""

    @routes.get("/")
    def flow() -> Answer:
        return redirect("/console/state", 303)
