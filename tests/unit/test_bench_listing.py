"""What is made of the times that pages of a listing took."""

from bench.listing import ALLOWED, ALLOWED_MS, SLOWEST, Case, figures

ROUNDS = [[1.0] * 98 + [9.0] * 2, [2.0] * 98 + [5.0] * 2, [3.0] * 98 + [7.0] * 2]


def test_a_figure_is_the_99th_percentile_of_each_round():
    made = figures({Case("name", 1): ROUNDS}, 1_000)[0]

    assert (made.case, made.unit) == ("by name, page 1", "ms, p99")
    assert made.rounds == (9.0, 5.0, 7.0)
    assert made.also == {"p50_ms": 2.0, "users": 1_000}


def test_the_slowest_page_is_told_of_all_and_of_the_first_and_the_last():
    fast, slow, slower = ([[time] * 100] for time in (1.0, 5.0, 9.0))
    made = figures(
        {
            Case("id", 1): fast,
            Case("id", 5_000): slower,
            Case("name", 1): slow,
            Case("name", 5_000): fast,
        },
        1_000_000,
    )

    by_case = {it.case: it.median for it in made if it.subject != ALLOWED}
    assert by_case[SLOWEST] == 9
    assert by_case[f"{SLOWEST}, first page"] == 5
    assert by_case[f"{SLOWEST}, last page"] == 9


def test_what_is_allowed_stands_beside_it():
    made = figures({Case("id", 1): ROUNDS}, 1_000)

    assert [it.median for it in made if it.subject == ALLOWED] == [ALLOWED_MS]
