"""What the Flow page says of what is seen, without any server."""

from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest

from api.console.flow_figures import figures
from api.console.flow_hour import hour, share
from api.console.flow_layout import LAYOUTS, TALL, WIDE
from api.console.flow_parts import BAD, GOOD, UNKNOWN, WARNING, judged, verdict
from api.console.flow_picture import picture
from api.console.flow_rates import rate
from api.console.words import NOTHING
from operations.fresh import Seen
from operations.load import Line, Load, Spooled
from operations.monitoring import Ledger, Sight
from operations.queues import Depth
from operations.watching.balance import Balance
from operations.watching.sampler import Sample
from schemas.errors import BrokerUnavailable, StateUnavailable, TookTooLong
from state.flow import Flow
from state.lately import Lately
from state.ledger import OUTCOMES
from state.minutes import Minute

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
AWAY_RABBITMQ = Seen(None, BrokerUnavailable("refused"), NOW)
AWAY_MONGODB = Seen(None, StateUnavailable("no primary"), NOW)
SLOW_MONGODB = Seen(None, TookTooLong("more than 2 s"), NOW)


def told(value):
    return Seen(value, None, NOW)


def queues(*, ready=0, consumers=1, in_hand=None, dead=0):
    events = Depth("events", ready, consumers, in_hand)
    return told((events, Depth("dead", dead, 0)))


def ledger(*, worked=90, died=0, receivers=1):
    flow = Flow(worked, worked, died, 0, NOW, None)
    starts = {f"start-{number}": NOW for number in range(receivers)}
    return told(Ledger(flow, Lately(0.012, 0.045, starts, NOW)))


def load(*, ready=0, oldest=None, coming=1.5, going=1.5, dying=0.0):
    events = Line("events", ready, 1, coming, going, oldest)
    return Load(events, Line("dead", 0, 0, dying, 0.0, None), None, NOW)


def minutes(**counts):
    whole = dict.fromkeys(OUTCOMES, 0) | counts
    return told([Minute(NOW - timedelta(minutes=1), whole), Minute(NOW, whole)])


def sight(**changes):
    """A sight of a system that is well."""
    found = {
        "queues": queues(),
        "ledger": ledger(),
        "spool": told(Spooled(0, 0, None)),
        "minutes": minutes(applied=10),
        "sources": told({"gitlab": NOW - timedelta(seconds=2)}),
        "load": load(),
        "balance": Sample(Balance(0), NOW - timedelta(seconds=40)),
    }
    return Sight(**found | changes)


def parts(**changes):
    return judged(sight(**changes), spool_max_seconds=3600, now=NOW)


def test_of_a_system_that_is_well_all_is_well():
    found = parts()

    assert {it.state for it in found.values()} == {GOOD}
    assert verdict(found).says == "All is well: what arrives is applied"
    assert not any(it.advice for it in found.values())


@pytest.mark.parametrize(
    ("key", "state", "says", "changes"),
    [
        ("rabbitmq", BAD, "Does not answer", {"queues": AWAY_RABBITMQ, "load": None}),
        (
            "mongodb",
            BAD,
            "Does not answer, or has no primary",
            {"ledger": AWAY_MONGODB, "load": None},
        ),
        (
            "mongodb",
            WARNING,
            "Takes longer than 2 s to answer",
            {"ledger": SLOW_MONGODB, "load": None},
        ),
        ("workers", BAD, "None is connected", {"queues": queues(consumers=0)}),
        (
            "workers",
            BAD,
            "Connected, but nothing is worked",
            {"queues": queues(ready=7), "load": load(ready=7, oldest=61, going=0.0)},
        ),
        (
            "workers",
            WARNING,
            "Late by 5 min",
            {"queues": queues(ready=7), "load": load(ready=7, oldest=300)},
        ),
        (
            "spool",
            WARNING,
            "1\u202f234 wait, the oldest for 12\u202fs",
            {"spool": told(Spooled(3, 1234, 12.0))},
        ),
        (
            "spool",
            BAD,
            "5 wait, the oldest for 2\u202fh",
            {"spool": told(Spooled(1, 5, 7_200.0))},
        ),
        (
            "spool",
            WARNING,
            "More waits than can be counted in time",
            {"spool": told(Spooled(900, None, None))},
        ),
        ("dead-letters", WARNING, "3 to decide on", {"queues": queues(dead=3)}),
        (
            "audit",
            BAD,
            "2 unaccounted for, just now",
            {"balance": Sample(Balance(2), NOW)},
        ),
    ],
)
def test_what_is_wrong_shows_at_its_part_first_of_all(key, state, says, changes):
    found = parts(**changes)

    assert (found[key].state, found[key].says) == (
        state,
        says.replace("5 min", "5\u202fmin"),
    )
    assert found[key].advice
    assert verdict(found).state == state
    assert verdict(found).says.startswith(f"{found[key].name}: ")
    assert verdict(found).advice == found[key].advice


def test_what_fails_comes_before_what_is_late():
    found = parts(queues=queues(dead=3, consumers=0), spool=told(Spooled(1, 5, 1.0)))

    assert verdict(found).says == "Workers: none is connected"
    assert verdict(
        parts(queues=queues(dead=3), spool=told(Spooled(1, 5, 1.0)))
    ).says == ("Spool: 5 wait, the oldest for 1\u202fs (and 1 more below)")


def test_nothing_is_claimed_of_what_has_not_answered():
    found = parts(queues=Seen(), ledger=Seen(), load=None, spool=Seen(), balance=None)

    assert {it.state for it in found.values()} == {UNKNOWN}
    assert verdict(found).state == UNKNOWN


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"ledger": ledger(receivers=0)}, "No hook in the last 15 minutes"),
        (
            {
                "ledger": ledger(receivers=0),
                "queues": queues(ready=9),
                "load": load(ready=9, oldest=2),
            },
            "What they sent lately still waits",
        ),
        ({"ledger": AWAY_MONGODB, "load": None}, "Not known without MongoDB"),
    ],
)
def test_a_quiet_host_is_no_fault(changes, says):
    assert (
        parts(**changes)["receivers"].state,
        parts(**changes)["receivers"].says,
    ) == (
        UNKNOWN,
        says,
    )
    assert parts(spool=told(None))["spool"].says == "None on this machine"


def shown(**changes):
    one = sight(**changes)
    return picture(one, judged(one, spool_max_seconds=3600, now=NOW), NOW)


def test_the_picture_bears_the_figure_of_each_part():
    found = shown(
        queues=queues(ready=1_200, in_hand=34, consumers=2, dead=3),
        load=load(ready=1_200, oldest=4.2, coming=12.3, going=0.5, dying=0.05),
        ledger=ledger(receivers=2),
    )

    assert {key: (it.figure, it.caption) for key, it in found.nodes.items()} == {
        "host": ("gitlab", "last hook 2\u202fs ago"),
        "receivers": ("2", "seen in 15 min"),
        "rabbitmq": ("1\u202f234", "wait, up to 4.2\u202fs"),
        "workers": ("2", "with 34 in hand"),
        "mongodb": ("12\u202fms", "p99 45\u202fms"),
        "spool": ("0", "nothing waits"),
        "dead-letters": ("3", "age unknown"),
    }
    assert found.rates == {
        "received": "12.3\u202f/s",
        "worked": "30\u202f/min",
        "died": "3\u202f/min",
    }
    assert "Dead letters: 3, age unknown (Warning)" in found.told


def test_a_picture_of_what_is_away_claims_nothing():
    found = shown(
        queues=AWAY_RABBITMQ,
        ledger=AWAY_MONGODB,
        load=None,
        spool=told(None),
        sources=AWAY_MONGODB,
    )

    assert {it.figure for it in found.nodes.values()} == {NOTHING}
    assert found.rates == {}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_boxes_of_a_layout_stand_apart_within_it(layout):
    assert layout.boxes.keys() == shown().nodes.keys()
    assert shown(load=load(dying=1.0)).rates.keys() <= layout.arrows.keys()
    for box in layout.boxes.values():
        assert box.x > 0
        assert box.x + box.width < layout.width
        assert box.y > 0
        assert box.y + box.height < layout.height
    for one, other in combinations(layout.boxes.values(), 2):
        beside = one.x + one.width < other.x or other.x + other.width < one.x
        above = one.y + one.height < other.y or other.y + other.height < one.y
        assert beside or above


def test_the_layouts_show_the_same():
    assert WIDE.boxes.keys() == TALL.boxes.keys()
    assert WIDE.arrows.keys() == TALL.arrows.keys()


@pytest.mark.parametrize(
    ("per_second", "told"),
    [
        (None, NOTHING),
        (0.0, "0\u202f/min"),
        (0.02, "1\u202f/min"),
        (0.99, "59\u202f/min"),
        (1.0, "1\u202f/s"),
        (12.345, "12.3\u202f/s"),
        (4321.0, "4\u202f321\u202f/s"),
    ],
)
def test_a_rate_is_told_by_the_second_or_the_minute(per_second, told):
    assert rate(per_second) == told


@pytest.mark.parametrize(
    ("number", "total", "told"),
    [
        (0, 0, NOTHING),
        (0, 9, "0.0\u202f%"),
        (1, 10_000, "<0.1\u202f%"),
        (1, 3, "33.3\u202f%"),
        (9_999, 10_000, ">99.9\u202f%"),
        (9, 9, "100.0\u202f%"),
    ],
)
def test_only_nothing_is_no_share_and_only_all_is_all(number, total, told):
    assert share(number, total) == told


def test_the_hour_sums_up_what_is_counted():
    counts = dict.fromkeys(OUTCOMES, 0) | {"applied": 3, "dead": 1}
    found = hour(told([Minute(NOW - timedelta(minutes=1), None), Minute(NOW, counts)]))

    assert not found.is_whole
    assert [(it.name, it.number) for it in found.outcomes if it.number] == [
        ("applied", 3),
        ("dead", 1),
    ]
    assert hour(AWAY_MONGODB).problem.startswith("MongoDB does not answer")
    assert hour(Seen()).problem == "MongoDB is being asked."


def values(**changes):
    one = sight(**changes)
    return {it.label: (it.value, it.level) for it in figures(one, hour(one.minutes))}


def test_the_figures_tell_how_it_goes():
    assert values() == {
        "Hooks arrive": ("1.5\u202f/s", ""),
        "Worked": ("1.5\u202f/s", ""),
        "Behind": ("0", GOOD),
        "From receipt to state": ("12\u202fms", ""),
        "Dead letters": ("0", GOOD),
        "Died in the last hour": ("0", GOOD),
    }
    assert values(queues=queues(ready=4), load=load(oldest=90))["Behind"] == (
        "4",
        WARNING,
    )
    assert values(queues=queues(dead=2), ledger=ledger(died=1))["Dead letters"] == (
        "2",
        BAD,
    )


def test_figures_that_nobody_knows_are_dashes():
    found = values(
        queues=AWAY_RABBITMQ, ledger=AWAY_MONGODB, load=None, minutes=AWAY_MONGODB
    )

    assert set(found.values()) == {(NOTHING, "")}
