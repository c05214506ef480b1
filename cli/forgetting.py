"""Forget a user step by step: wait, drop letters, erase bodies, state and files."""

import sys
from contextlib import closing
from dataclasses import dataclass
from functools import partial

import click

from broker.browser import Browser
from broker.dead_letters import read
from broker.holding import Holding
from broker.topology import Topology
from cli import spooled
from cli.about import concerns, find, may_concern, with_names
from cli.dropping import agree, drop
from cli.forgotten import Report, events_in
from cli.letters import print_letters
from cli.output import progress
from cli.waiting import QueueWatch, Watch, wait
from config.settings import Settings
from state import bodies
from state.collections import declare
from state.documents import Db, Documents
from state.forget import NotDestroyed, destroyed, erase, remains
from state.ledger import Ledger
from state.person import Person

#: What the ledger notes about the letters.
NOTE = "forgotten"


@dataclass(frozen=True, slots=True)
class Options:
    """How it is to be done."""

    is_forced: bool
    deletes_unreadable: bool
    is_dry_run: bool
    wait_seconds: float
    yes: bool
    is_quiet: bool


def forget(
    settings: Settings, db: Db, user: tuple[str, int], options: Options
) -> Report:
    """Remove what is left of the user, by source and id; raise NotDestroyed."""
    documents = Documents(db, declare(settings.team))
    identify = partial(_person, settings, documents, user, is_forced=options.is_forced)
    person, is_gone = identify()
    report = Report(person, settings.spool_dir, options.is_dry_run)
    if _wait(settings, db, report, options):
        # What was worked meanwhile may have told of further names.
        report.person, is_gone = identify()
    _drop(settings, db, report, options)
    report.bodies = bodies.erase(
        db,
        partial(may_concern, report.person),
        is_dry_run=options.is_dry_run,
        watched=partial(progress, total=bodies.size(db), what="erasing bodies"),
    )
    if is_gone and not options.is_dry_run:
        erase(documents, report.person)
    if is_gone:
        report.remains = remains(documents, report.person)
    _see_to_files(report, options)
    return report


def _person(
    settings: Settings, documents: Documents, user: tuple[str, int], *, is_forced: bool
) -> tuple[Person, bool]:
    """Return the person, and whether the host told that they are gone."""
    try:
        person, is_gone = destroyed(documents, *user), True
    except NotDestroyed:
        if not is_forced:
            raise
        person, is_gone = Person(*user), False
    # Before any search: a key tells a username and no id.
    person = with_names(person, spooled.messages(settings.spool_dir))
    watched = partial(progress, total=bodies.size(documents.db), what="bodies")
    person = with_names(person, bodies.everything(documents.db, watched))
    topology = Topology(settings.amqp_prefix)
    with closing(read(settings.amqp_url, topology, sys.maxsize)) as letters:
        return with_names(person, letters), is_gone


def _wait(settings: Settings, db: Db, report: Report, options: Options) -> bool:
    """Note what is under way in the end; return whether there was need to wait."""
    search = spooled.Search(report.folder, partial(concerns, report.person))
    topology, ledger = Topology(settings.amqp_prefix), Ledger(db)
    browser = Browser(settings.amqp_url, topology, name="forgewire forget")
    with closing(browser):
        queue = QueueWatch(browser, topology.events, ledger)
        watch = Watch(search, queue, ledger)
        report.under_way = found = watch.look()
        if found.is_over or options.is_dry_run or not options.wait_seconds:
            return False
        seconds = options.wait_seconds
        number = events_in(found.files)
        click.echo(_WAITING.format(number, found.queued, seconds), err=True)
        report.under_way = wait(watch.look, seconds)
    return True


def _drop(settings: Settings, db: Db, report: Report, options: Options) -> None:
    with closing(Holding(settings.amqp_url, Topology(settings.amqp_prefix))) as holding:
        letters = progress(holding.letters(), total=len(holding), what="reading")
        report.letters = find(report.person, letters)
        doomed = report.letters.doomed
        if doomed and not options.is_quiet:
            print_letters([one.told for one in doomed])
            click.echo()
        if doomed and not options.is_dry_run:
            agree(f"Drop these {len(doomed)} dead letters for good?", yes=options.yes)
            drop(doomed, holding, db, note=NOTE)


def _see_to_files(report: Report, options: Options) -> None:
    """Erase in files that were set aside: nobody ever drains them."""
    about = partial(concerns, report.person)
    held = spooled.Search(report.folder, about).look(set_aside=True)
    damaged = [one for one in held if one.unreadable]
    report.erased = events_in(held)
    report.deleted, report.damaged = (
        (damaged, []) if options.deletes_unreadable else ([], damaged)
    )
    question = _question(report)
    if question and not options.is_dry_run:
        agree(question, yes=options.yes)
        spooled.erase(held, about, unreadable=options.deletes_unreadable)


def _question(report: Report) -> str | None:
    """Return what to ask before files are changed, None if there is no need."""
    what = []
    if report.erased:
        what.append(f"erase {report.erased} events in files that were set aside")
    if report.deleted:
        number = sum(one.unreadable for one in report.deleted)
        what.append(f"delete {number} bytes there that nobody can read")
    told = " and ".join(what)
    return f"{told[0].upper()}{told[1:]} for good?" if told else None


_WAITING = (
    "In the spool of this machine {} about the user, in the queue {} about anybody: "
    "waiting for up to {:g} s until they are worked."
)
