"""Show what was measured: tables on the terminal, tables and plots in a page.

python -m bench.show                  the latest run, once more
python -m bench.show RESULTS PAGE     put these results into that page
"""

import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table as RichTable

from bench import breakdown, page, plots, results
from bench.tables import Results, Table, of_bars, of_figures

#: Beside the plots of a page: what it was made of.
SHOWN = "results.json"
WIDTH = 160


def tables(found: Results) -> None:
    """Print all tables, the bars first, and a line that sums up at the end."""
    # Never narrower than the tables: what is cut off tells nobody anything.
    console = Console(width=max(WIDTH, Console().width))
    for table in (of_bars(found), *breakdown.tables(found), *of_figures(found)):
        console.print(table.title, style="italic")
        console.print(_for_people(table))
    console.print(page.summary(found), style="red" if found["lost"] else "")


def write_page(found: Results, path: Path) -> None:
    """Make the page at `path` anew, and its plots in the folder beside it.

    The results are kept there too, so that anybody can see what the page was made of.
    """
    folder = path.with_suffix("")
    folder.mkdir(exist_ok=True)
    page.write(path, found)
    plots.draw(found, folder)
    results.write(dict(found), folder / SHOWN)


def _for_people(table: Table) -> RichTable:
    made = RichTable(box=None, pad_edge=False)
    for number, column in enumerate(table.columns):
        made.add_column(
            column, justify="left" if number < table.labels else "right", no_wrap=True
        )
    for row in table.rows:
        made.add_row(*row, style="red" if row[0] == "NOT REACHED" else "")
    return made


def _main(source: Path = results.LATEST, target: Path | None = None) -> None:
    found = results.read(source)
    tables(found)
    if target is not None:
        write_page(found, target)


if __name__ == "__main__":
    _main(*map(Path, sys.argv[1:]))
