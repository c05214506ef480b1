"""Measure Forgewire beside what its users would otherwise run, on the same servers.

python -m bench            all of it, about half an hour on two processors
python -m bench --quick    enough to see a change, in less than three minutes
"""

import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from bench import (
    growth,
    latency,
    listing,
    merging,
    profile,
    receive,
    results,
    scale,
    show,
    work,
)
from bench.effort import QUICK, WHOLE, Effort
from bench.figures import Figure
from bench.lab import Lab, opened
from bench.tables import Results
from config import logs

#: In the order in which they run.
EXPERIMENTS: Mapping[str, Callable[[Lab, Effort], list[Figure]]] = {
    "receive": receive.measure,
    "work": work.measure,
    "latency": latency.measure,
    "growth": growth.measure,
    "scale": scale.measure,
    "listing": listing.measure,
    "profile": profile.measure,
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
    "--add",
    is_flag=True,
    help="Keep what a run on the same terms wrote there of other experiments.",
)
@click.option(
    "--page",
    type=click.Path(path_type=Path, exists=True),
    help="Put plots and tables into this page, too.",
)
def main(
    quick: bool,  # noqa: FBT001
    only: tuple[str, ...],
    output: Path,
    add: bool,  # noqa: FBT001
    page: Path | None,
) -> None:
    # Told to stop, it stops all that it has started, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    logs.configure("ERROR", "text")
    console, begin = Console(stderr=True), time.monotonic()

    def say(words: str) -> None:
        console.print(f"[dim]{time.monotonic() - begin:6.1f} s[/]  {words}")

    earlier = results.read(output) if add and output.exists() else None
    folder = Path(tempfile.mkdtemp(prefix="forgewire-bench-"))
    with opened(folder, say) as lab:
        for found in _measured(lab, only or EXPERIMENTS, earlier, is_quick=quick):
            # Each time: what ends the run early must not take the rest with it.
            results.write(found, output)
    show.tables(found)
    if page:
        show.write_page(found, page)
    shutil.rmtree(folder, ignore_errors=True)
    say(f"written to {output}")
    sys.exit(results.exit_code(found))


def _measured(
    lab: Lab, names: Iterable[str], earlier: Results | None, *, is_quick: bool
) -> Iterator[dict[str, Any]]:
    """Yield the results after each experiment; with the earlier ones, if there are."""
    begin, figures = time.monotonic(), list[Figure]()
    terms = results.terms(lab, is_quick=is_quick)
    if earlier:
        merging.check(earlier, terms)
    for name in names:
        lab.say(f"measuring: {name}")
        figures += EXPERIMENTS[name](lab, QUICK if is_quick else WHOLE)
        seconds = time.monotonic() - begin
        found = results.collected(figures, terms, seconds, lab.say)
        yield merging.merged(earlier, found, lab.say) if earlier else found


if __name__ == "__main__":
    main()
