"""`forgewire forget`: remove what is left of a destroyed user."""

import sys
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import click

from broker.dead_letters import read
from broker.holding import Holding
from broker.topology import Topology
from cli import connect
from cli.dropping import agree, drop, require_answer
from cli.forgetting import Found, find, spooled, with_names
from cli.letters import print_letters
from cli.options import examples, json_option, source_option
from cli.output import print_json, progress
from config.settings import Settings
from state.collections import declare
from state.documents import Db, Documents
from state.forget import NotDestroyed, destroyed, erase, remains
from state.person import Person

#: What the ledger notes about the letters.
NOTE = "forgotten"


@dataclass(slots=True)
class Report:
    """What was or would be done, and what remains."""

    person: Person
    is_dry_run: bool
    found: Found = field(default_factory=Found)
    #: Documents of the state that still tell of the user.
    remains: list[str] = field(default_factory=list)
    #: Events about the user in the spool of this machine.
    spooled: int = 0
    #: Those in files that a receiver set aside: nobody ever drains them.
    set_aside: int = 0

    @property
    def is_clean(self) -> bool:
        """Return whether nothing is left for somebody to see to."""
        return not (self.remains or self.set_aside or self.found.unreadable)

    @property
    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "user_id": self.person.user_id,
            "source": self.person.source,
            "dropped": [one.told for one in self.found.doomed],
            "unreadable": self.found.unreadable,
            "remains": self.remains,
            "spooled": self.spooled,
            "set_aside": self.set_aside,
            "dry_run": self.is_dry_run,
        }


@click.command(
    "forget",
    epilog=examples(
        "forgewire forget 41 --dry-run",
        "forgewire forget 41 --source gitlab-eu",
    ),
)
@click.argument("user_id", metavar="USER_ID", type=click.IntRange(min=1))
@source_option
@click.option(
    "--even-if-active",
    "is_forced",
    is_flag=True,
    help="Also a user of whose end the host told nothing; the state stays as it is.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--yes", is_flag=True, help="Do not ask; for scripts.")
@json_option
def command(
    *,
    user_id: int,
    source: str,
    is_forced: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Remove what is left of the destroyed user USER_ID: dead letters, and state.

    A dead letter is about the user if it has the id, an e-mail address, or a username
    as long as it was theirs; where no address is told, the name. It is dropped, and
    the ledger keeps a row without personal data. Exits 1 if something remains that
    could not be removed, or could not be read.
    """
    require_answer(yes=yes or dry_run)
    settings = connect.settings()
    with connect.database(settings.mongodb_url) as db:
        documents = Documents(db, declare(settings.team))
        person, is_gone = _person(documents, source, user_id, is_forced=is_forced)
        report = Report(_learned(settings, person), dry_run)
        _drop(settings, db, report, yes=yes, is_quiet=as_json)
        if is_gone and not dry_run:
            erase(documents, report.person)
        if is_gone:
            report.remains = remains(documents, report.person)
    _look_into_spool(settings, report)
    _print(report, settings, as_json=as_json)
    sys.exit(0 if report.is_clean else 1)


def _person(
    documents: Documents, source: str, user_id: int, *, is_forced: bool
) -> tuple[Person, bool]:
    """Return the person, and whether the host told that they are gone."""
    try:
        return destroyed(documents, source, user_id), True
    except NotDestroyed:
        if not is_forced:
            raise
        return Person(source, user_id), False


def _learned(settings: Settings, person: Person) -> Person:
    # Before the search: a key tells a username and no id.
    topology = Topology(settings.amqp_prefix)
    with closing(read(settings.amqp_url, topology, sys.maxsize)) as letters:
        return with_names(person, letters)


def _drop(
    settings: Settings, db: Db, report: Report, *, yes: bool, is_quiet: bool
) -> None:
    with closing(Holding(settings.amqp_url, Topology(settings.amqp_prefix))) as holding:
        letters = progress(holding.letters(), total=len(holding), what="reading")
        report.found = find(report.person, letters)
        doomed = report.found.doomed
        if doomed and not is_quiet:
            print_letters([one.told for one in doomed])
            click.echo()
        if doomed and not report.is_dry_run:
            agree(f"Drop these {len(doomed)} dead letters for good?", yes=yes)
            drop(doomed, holding, db, note=NOTE)


def _look_into_spool(settings: Settings, report: Report) -> None:
    person, folder = report.person, settings.spool_dir
    report.spooled = spooled(person, folder, set_aside=False)
    report.set_aside = spooled(person, folder, set_aside=True)


def _print(report: Report, settings: Settings, *, as_json: bool) -> None:
    if as_json:
        print_json(report.as_json)
        return
    would = "would be " if report.is_dry_run else ""
    click.echo(f"dead letters {would}dropped {len(report.found.doomed)}")
    if report.found.unreadable:
        click.echo(
            f"dead letters that cannot be read {report.found.unreadable}: they may be "
            "about anybody; see forgewire dead-letters list --reason undecodable"
        )
    for document in report.remains:
        click.echo(f"the state still tells of the user: {document}")
    if report.set_aside:
        click.echo(
            f"in files that were set aside {report.set_aside}: delete these files in "
            f"{settings.spool_dir}"
        )
    click.echo(_WAITING.format(number=report.spooled))


_WAITING = """\
waiting in the spool of this machine {number}
What waits in a spool or in the queue is applied when its turn comes, and leaves
nothing of a destroyed user in the state. Should it become a dead letter, run this
again; and run it on each machine that has a receiver, for its spool."""
