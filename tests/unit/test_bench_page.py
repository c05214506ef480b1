"""What the benchmark says of its results, and that the page shows what was measured."""

import re
from pathlib import Path

import pytest

from bench import page, results, tables
from bench.bars import BARS, Side, bars
from bench.capacity import Capacity, capacity
from bench.figures import Figure

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "performance.md"
SHOWN = results.read(PAGE.with_suffix("") / "results.json")
COST = {"receivers": 300.0, "RabbitMQ": 50.0, "workers": 200.0, "MongoDB": 50.0}


def a_figure(experiment="work", subject="Forgewire", case="idle", **changes):
    given = {"unit": "events/s", "rounds": (10.0, 30.0, 20.0)}
    return Figure(experiment, subject, case, **given | changes)


def a_cluster(**changes):
    alone = {"receivers": 2_000.0, "workers": 3_000.0}
    given = {"cost": COST, "processors": 2, "queue": 9e9, "alone": alone}
    return Capacity(**given | changes)


def both_sides(bar, ratio):
    def of(side: Side, value):
        return a_figure(side.experiment, side.subject, side.case, rounds=(value,))

    return [of(bar.value, 100.0 * ratio), of(bar.reference, 100.0)]


def test_the_page_shows_what_was_measured():
    text = PAGE.read_text("utf-8")

    assert page.filled(text, SHOWN) == text


def test_the_page_shows_a_run_in_which_nothing_was_lost():
    assert SHOWN["lost"] == 0


def test_the_page_shows_six_bars():
    assert [row["name"] for row in SHOWN["bars"]] == [bar.name for bar in BARS]
    assert len(SHOWN["bars"]) == 6


def test_what_stands_between_the_markers_is_replaced():
    other = SHOWN | {"seconds": 60 * 77}

    text = page.filled(PAGE.read_text("utf-8"), other)

    assert ", 77 minutes, " in text
    assert page.filled(text, SHOWN) == PAGE.read_text("utf-8")


def test_a_page_without_markers_is_refused():
    with pytest.raises(ValueError, match="<!-- run begins -->"):
        page.filled("# Performance\n", SHOWN)


@pytest.mark.parametrize("bar", BARS, ids=lambda bar: bar.name)
def test_a_bar_is_reached_at_its_ratio_and_not_beyond(bar):
    worse = 0.99 if bar.is_least else 1.01

    (exact,) = bars(both_sides(bar, bar.bar), told=lambda _: None)
    (missed,) = bars(both_sides(bar, bar.bar * worse), told=lambda _: None)

    assert exact.keys() >= {"name", "value", "reference", "ratio", "bar", "reached"}
    assert (exact["reached"], missed["reached"]) == (True, False)


def test_a_bar_says_what_it_needs_and_what_could_be_reached_at_most():
    rival = a_figure(subject="Celery", case="mixed events", rounds=(100.0,))
    ours = a_figure(case="mixed events", rounds=(500.0,))
    bare = a_figure(subject="bare loop", case="mixed events", rounds=(900.0,))

    row = bars([rival, ours, bare], told=lambda _: None)[0]

    assert row["needed"] == 2_000
    assert row["ceiling"] == {"subject": "bare loop", "value": 900.0}
    assert tables.of_bars({"bars": [row]}).rows[0][-2:] == ("2,000", "900 (bare loop)")


def test_a_bar_that_was_not_measured_is_told_and_left_out():
    told = []

    assert bars([], told.append) == []
    assert len(told) == len(BARS)


def test_a_lost_event_makes_the_exit_code_1():
    good = a_figure(acknowledged=20, arrived=21)
    bad = a_figure(acknowledged=20, arrived=19)

    assert results.exit_code(results.judged([good], lambda _: None)) == 0
    assert results.exit_code(results.judged([good, bad], lambda _: None)) == 1


def test_a_table_says_median_spread_and_losses():
    figures = [
        a_figure(acknowledged=2_000, arrived=1_999, also={"p999_ms": 4.25}),
        a_figure(subject="Celery", rounds=(0.5,), also={"cpu_us": 1234.5}),
    ]

    (table,) = tables.of_figures(results.judged(figures, lambda _: None))

    assert table.columns == (
        *("case", "subject", "events/s", "low - high", "p99.9 ms", "cpu µs", "lost"),
    )
    assert table.rows == (
        ("idle", "Forgewire", "20.0", "10.0 - 30.0", "4.25", "", "1 of 2,000"),
        ("idle", "Celery", "0.50", "", "", "1,234", ""),
    )


def test_what_is_compared_stands_together():
    figures = [a_figure(case=case, subject=it) for it in "AB" for case in ("1", "16")]

    (table,) = tables.of_figures(results.judged(figures, lambda _: None))

    assert [row[:2] for row in table.rows] == [
        *(("1", "A"), ("1", "B"), ("16", "A"), ("16", "B")),
    ]


def test_a_cluster_is_bound_by_the_processors_of_all_nodes():
    # 300 + 200 + 3 * (50 + 50) µs on 6 processors.
    assert a_cluster().bounds()["the processors of all nodes"] == 7_500
    assert a_cluster().limit() == "the processors of all nodes"


def test_with_a_node_away_there_is_a_copy_less_to_write():
    # 300 + 200 + 2 * (50 + 50) µs on 4 processors.
    assert round(a_cluster().bounds(2)["the processors of all nodes"]) == 5_714


def test_a_cluster_can_be_bound_by_its_queue():
    assert a_cluster(queue=1_000.0).limit().startswith("one queue")


def test_the_next_bound_is_the_node_with_both_leaders():
    # 50 + 50 µs on 2 processors.
    assert 20_000 in a_cluster().bounds().values()


def test_processes_are_counted_whole():
    assert a_cluster().processes(4_001.0) == {"receivers": 3, "workers": 2}


def test_the_cost_of_an_event_is_that_of_receiving_and_of_working_it():
    zero = {f"{part}_us": 0.0 for part in COST}
    figures = [
        a_figure("scale", case="1 receiver", also=zero | {"RabbitMQ_us": 90.0}),
        a_figure("scale", case="1 worker", also=zero | {"RabbitMQ_us": 10.0}),
        a_figure("spool", case="drained", rounds=(9_000.0,)),
    ]
    found = results.judged(figures, lambda _: None) | {"machine": {"processors": 2}}

    assert capacity(found).cost["RabbitMQ"] == 100.0
    assert capacity(found).queue == 9_000.0
    assert capacity(found).alone == {"receivers": 20.0, "workers": 20.0}


def test_a_page_of_a_part_says_what_it_does_not_tell():
    found = {**SHOWN, **results.judged([a_figure()], lambda _: None)}

    text = page.filled(PAGE.read_text("utf-8"), found)

    assert "This run does not tell: not measured: scale, 1 receiver." in text


def test_the_page_has_no_figure_of_a_run_outside_the_markers():
    markers = re.compile(r"<!-- (\w+) begins -->.*?<!-- \1 ends -->", re.DOTALL)

    words = markers.sub("", PAGE.read_text("utf-8"))

    assert not re.search(r"\d+(\.\d+)? (%|ms|µs|MiB|hooks/s|events/s)", words)
