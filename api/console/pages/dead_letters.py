"""Show the dead letters in groups of one cause each, one group, and one letter."""

from typing import Any
from urllib.parse import quote

import structlog
from flask import Blueprint, Response

from api.console.console import Console
from api.console.pages import letter_actions, letter_job
from api.console.pages.letter_problems import away, gone, none, slow
from api.console.pages.letters import Letters, tools
from operations.letter_reader import Letter

_log = structlog.stdlib.get_logger("api.console")

#: How long a page waits for RabbitMQ, in seconds.
PATIENCE_SECONDS = 2.0
#: So many jobs are listed below the groups.
MAX_JOBS = 10
LIST = "/console/dead-letters"


def add(routes: Blueprint, console: Console) -> None:
    """Add the pages of the dead letters."""
    letters = tools(console.services)
    _add_list(routes, console, letters)
    _add_group(routes, console, letters)
    _add_letter(routes, console, letters)
    letter_actions.add(routes, console, letters)
    letter_job.add(routes, console, letters)


def _add_list(routes: Blueprint, console: Console, letters: Letters) -> None:
    @routes.get("/dead-letters")
    def dead_letters() -> Response:
        told = _listed(console, letters)
        return console.render("console/dead_letters/list.html", **told)

    @routes.get("/dead-letters/part")
    def dead_letters_part() -> Response:
        told = _listed(console, letters)
        return console.fragment("console/dead_letters/list_part.html", **told)


def _add_group(routes: Blueprint, console: Console, letters: Letters) -> None:
    @routes.get("/dead-letters/<group>")
    def dead_letter_group(group: str) -> Response:
        known = letters.watch.known(PATIENCE_SECONDS)
        found = known.overview.group(group) if known.overview else None
        if found is None:
            raise gone(known)
        template = "console/dead_letters/group.html"
        return console.render(template, group=found, known=known)

    @routes.get("/dead-letters/delivery/<source>/<path:id>")
    def dead_letter_of(source: str, id: str) -> Response:  # noqa: A002 - as it reads
        known = letters.watch.known(PATIENCE_SECONDS)
        found = known.overview.letter_of(source, id) if known.overview else None
        if found is None:
            raise gone(known)
        where = "/".join((LIST, *found))
        return Response(status=303, headers={"Location": where})


def _add_letter(routes: Blueprint, console: Console, letters: Letters) -> None:
    @routes.get("/dead-letters/<group>/<letter>")
    def dead_letter(group: str, letter: str) -> Response:
        found = letters.reader.find(letter, PATIENCE_SECONDS)
        if found.value is None:
            is_known = found.at is not None
            problem = found.problem
            raise away(problem) if problem else none() if is_known else slow()
        told = _shown(console, found.value)
        template = "console/dead_letters/letter.html"
        return console.render(template, group=group, key=letter, **told)


def _listed(console: Console, letters: Letters) -> dict[str, Any]:
    known = letters.watch.known(PATIENCE_SECONDS)
    told: dict[str, Any] = {"known": known, "jobs": (), "noted": ()}
    if console.is_mongodb_away:
        return told
    told["jobs"] = letters.runner.jobs.newest(MAX_JOBS, now=console.services.now())
    if known.overview is None:
        told["noted"] = letters.noted()
    return told


def _shown(console: Console, letter: Letter) -> dict[str, Any]:
    """Return what the page of a letter shows to whom asks."""
    told = letter.summary
    people = console.may("operator")
    source, id_ = told["source"], told["delivery_id"]
    if people and console.who is not None:
        _log.info("payload-read", subject=console.who.subject, delivery_id=id_)
    body = letter.body if people else letter.masked_body
    url = None
    if source and id_:
        url = f"/console/deliveries/{quote(source, safe='')}/{quote(id_)}"
    return {"letter": letter, "body": body, "is_masked": not people, "delivery": url}
