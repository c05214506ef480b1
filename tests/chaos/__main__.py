"""Break real servers while hooks come in, and show that nothing accepted is lost.

python -m tests.chaos --events 20000 --seed 1
"""

import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import click
from rich.console import Console

from tests.chaos.faults import FAULTS, fill_spools
from tests.chaos.run import Run
from tests.chaos.site import Site, can_mount
from tests.chaos.table import for_people, is_good, summary, write

#: Of the table, in columns.
WIDTH = 120
QUICK_EVENTS = 60 * len(FAULTS)


@click.command(help=__doc__)
@click.option("--events", default=20_000, show_default=True, help="How many hooks.")
@click.option("--rounds", default=2, show_default=True, help="How often each fault.")
@click.option("--seed", default=1, show_default=True, help="Of hooks and schedule.")
@click.option("--quick", is_flag=True, help="Each fault once, and few hooks.")
@click.option("--only", multiple=True, help="Only faults with this in their names.")
@click.option(
    "--keep", type=click.Path(path_type=Path), help="Keep data and logs there."
)
@click.option(
    "--write",
    "page",
    type=click.Path(path_type=Path, exists=True),
    help="Put the table between the markers of this page.",
)
def main(*, events, rounds, seed, quick, only, keep, page):
    # Told to stop, it stops all that it has started, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console, begin = Console(), time.monotonic()

    def say(words):
        console.print(f"[dim]{time.monotonic() - begin:6.1f} s[/]  {words}")

    if quick:
        events, rounds = QUICK_EVENTS, 1
    faults = [one for one in FAULTS if not only or any(it in one.name for it in only)]
    if not can_mount():
        say("not root, so no spool gets a small disk, and none is filled")
        faults = [one for one in faults if one.steps is not fill_spools]
    folder = keep or Path(tempfile.mkdtemp(prefix="forgewire-chaos-"))
    folder.mkdir(parents=True, exist_ok=True)
    found = _run(folder, say, seed, (faults, events, rounds))
    Console(width=WIDTH).print(for_people(found))
    if page:
        write(page, found, f"make chaos SEED={seed}")
    if is_good(found) and not keep:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        console.print(f"data and logs: {folder}")
    console.print(summary(found), highlight=False)
    sys.exit(0 if is_good(found) else 1)


def _run(folder, say, seed, schedule):
    site = Site(folder, say)
    try:
        run = Run(site, seed, say)
        try:
            return run.go(*schedule)
        finally:
            run.close()
    finally:
        say("stopping everything")
        site.close()


if __name__ == "__main__":
    main()
