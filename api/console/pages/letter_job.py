"""Show how far it is with sending dead letters again, or dropping them; stop it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response

from api.console.console import Console
from api.console.pages.letters import Letters
from api.guard import current, needs
from api.problems import Refused
from state.letter_jobs import LetterJobs

#: What was sent is followed for so long.
FOLLOWED = timedelta(seconds=60)
#: htmx asks no more after this status.
STOP_POLLING = 286


def add(routes: Blueprint, console: Console, letters: Letters) -> None:
    """Add the pages of one job."""
    jobs, now = letters.runner.jobs, console.services.now

    @routes.get("/dead-letters/jobs/<id>")
    def letter_job(id: str) -> Response:  # noqa: A002 - as it reads in the path
        told = shown(jobs, _found(jobs, id, now()), now())
        return console.render("console/dead_letters/job.html", **told)

    @routes.get("/dead-letters/jobs/<id>/part")
    def letter_job_part(id: str) -> Response:  # noqa: A002 - as it reads in the path
        told = shown(jobs, _found(jobs, id, now()), now())
        status = 200 if told["is_live"] else STOP_POLLING
        template = "console/dead_letters/job_part.html"
        return console.fragment(template, status, is_news=True, **told)

    @routes.post("/dead-letters/jobs/<id>/stop")
    @needs("operator")
    def stop_letter_job(id: str) -> Response:  # noqa: A002 - as it reads in the path
        jobs.stop(id, by=current().subject)
        where = f"/console/dead-letters/jobs/{_found(jobs, id, now())['_id']}"
        return Response(status=303, headers={"Location": where})


def shown(jobs: LetterJobs, job: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return what is shown of a job, and whether that may still change."""
    is_running = job["state"] == "running"
    sent = job.get("sent_ones", ())
    became = jobs.became(sent) if sent else {}
    waits = bool(became.get("waiting")) and now - job["ended_at"] < FOLLOWED
    return {"job": job, "became": became, "is_live": is_running or waits}


def _found(jobs: LetterJobs, id_: str, now: datetime) -> Mapping[str, Any]:
    job = jobs.get(id_, now=now)
    if job is None:
        title = "There is no such job"
        raise Refused(404, "not-found", title, "Old ones are forgotten.")
    return job
