"""Measure Forgewire beside what its users would otherwise run, on the same servers.

python -m bench            all of it, about half an hour on two processors
python -m bench --quick    enough to see a change, in less than three minutes
"""

import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import click
from rich.console import Console

from bench import growth, latency, listing, receive, results, scale, show, work
from bench.effort import QUICK, WHOLE, Effort
from bench.figures import Figure
from bench.lab import Lab, opened
from config import logs

#: In the order in which they run.
EXPERIMENTS: Mapping[str, Callable[[Lab, Effort], list[Figure]]] = {
    "receive": receive.measure,
    "work": work.measure,
    "latency": latency.measure,
    "growth": growth.measure,
    "scale": scale.measure,
    "listing": listing.measure,
}


@click.command(help=__doc__)
@click.option("--quick", is_flag=True, help="Fewer and shorter rounds.")
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(list(EXPERIMENTS)),
    help="Run these experiments; may be given several times.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=results.LATEST,
    show_default=True,
    help="Write the results there, as JSON.",
)
@click.option(
    "--page",
    type=click.Path(path_type=Path, exists=True),
    help="Put plots and tables into this page, too.",
)
def main(quick: bool, only: tuple[str, ...], output: Path, page: Path | None) -> None:  # noqa: FBT001
    # Told to stop, it stops all that it has started, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    logs.configure("ERROR", "text")
    console, begin = Console(stderr=True), time.monotonic()

    def say(words: str) -> None:
        console.print(f"[dim]{time.monotonic() - begin:6.1f} s[/]  {words}")

    folder = Path(tempfile.mkdtemp(prefix="forgewire-bench-"))
    effort = QUICK if quick else WHOLE
    figures: list[Figure] = []
    with opened(folder, say) as lab:
        for name in only or EXPERIMENTS:
            say(f"measuring: {name}")
            figures += EXPERIMENTS[name](lab, effort)
            seconds = time.monotonic() - begin
            found = results.collected(figures, lab=lab, is_quick=quick, seconds=seconds)
            # Each time: what ends the run early must not take the rest with it.
            results.write(found, output)
    show.tables(found)
    if page:
        show.write_page(found, page)
    shutil.rmtree(folder, ignore_errors=True)
    say(f"written to {output}")
    sys.exit(results.exit_code(found))


if __name__ == "__main__":
    main()
