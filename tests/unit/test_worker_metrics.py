"""A worker's metrics: what is counted, and under which labels."""

from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry

from state.ledger import Row
from workers.labels import Labels
from workers.metrics import Metrics

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def metrics():
    return Metrics(CollectorRegistry(), ["push"])


def row(outcome="applied", event="push", source="gitlab", seconds=1):
    return Row(
        source=source,
        delivery_id="d",
        receipt="r.1",
        event=event,
        outcome=outcome,
        received_at=NOON,
        processed_at=NOON + timedelta(seconds=seconds),
    )


def shown(metrics, name, **labels):
    return metrics.registry.get_sample_value(name, labels)


def test_each_row_is_counted_once_by_source_event_and_outcome(metrics):
    metrics.count([row(), row(), row("dead"), row(event="made_up")])

    def count(event, outcome):
        labels = {"source": "gitlab", "event": event, "outcome": outcome}
        return shown(metrics, "forgewire_deliveries_total", **labels)

    assert count("push", "applied") == 2
    assert count("push", "dead") == 1
    assert count("other", "applied") == 1
    assert shown(metrics, "forgewire_delivery_seconds_count") == 4
    assert shown(metrics, "forgewire_delivery_seconds_sum") == 4


def test_only_what_was_applied_is_a_success(metrics):
    metrics.count([row(seconds=5), row("dead", source="eu")])

    name = "forgewire_last_success_timestamp_seconds"
    assert shown(metrics, name, source="gitlab") == NOON.timestamp() + 5
    assert shown(metrics, name, source="eu") is None


def test_decisions_are_timed_by_event(metrics):
    metrics.decided("push", 0.25)
    metrics.decided("made_up", 2)
    metrics.decided("made_up_too", 2)

    name = "forgewire_handler_seconds_sum"
    assert shown(metrics, name, event="push") == 0.25
    assert shown(metrics, name, event="other") == 4


def test_writes_are_timed_by_collection(metrics):
    metrics.written("users", 0.25)
    metrics.written("users", 0.5)

    assert shown(metrics, "forgewire_write_seconds_sum", collection="users") == 0.75
    assert shown(metrics, "forgewire_write_seconds_count", collection="users") == 2


def test_what_is_made_up_makes_no_series_without_end(metrics):
    metrics.count([row(source=f"made-up-{it}") for it in range(500)])
    for number in range(500):
        metrics.written(f"made-up-{number}", 0.1)

    (counted,) = metrics.deliveries.collect()
    (written,) = metrics._writing.collect()
    assert len({it.labels["source"] for it in counted.samples}) == 101
    assert len({it.labels["collection"] for it in written.samples}) == 101


def test_labels_are_what_is_known_and_a_few_more():
    labels = Labels(["a"], more=1)

    assert [labels.of(it) for it in "abcba"] == ["a", "b", "other", "b", "a"]
