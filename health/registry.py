"""Make the metrics registry of a process: what it is, and what the system says."""

from importlib.metadata import version

from prometheus_client import (
    CollectorRegistry,
    Gauge,
    ProcessCollector,
    disable_created_metrics,
)


def registry_of(process: str) -> CollectorRegistry:
    """Return a registry for a process: "ingest", "worker" or "api".

    It belongs to this process alone; processes share no files of metrics.
    """
    # One more series for each counter, to tell what process_start_time_seconds tells.
    # prometheus-client has no types for it.
    disable_created_metrics()  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    info = Gauge(
        "forgewire_process_info",
        "Which process of Forgewire this is, and its version; always 1.",
        ("process", "version"),
        registry=registry,
    )
    info.labels(process, version("forgewire")).set(1)
    return registry
