"""Read what /metrics of a process says."""

import time

import requests
from prometheus_client.parser import text_string_to_metric_families


def figures(text):
    """The numbers by name, and by the values of their labels in the order of names.

    A metric without labels has its number by the name alone.
    """
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            values = tuple(it for _, it in sorted(sample.labels.items()))
            found[(sample.name, *values) if values else sample.name] = sample.value
    return found


def scraped(url):
    """The numbers of a process, and how many seconds the scrape took."""
    begun = time.perf_counter()
    answer = requests.get(f"{url}/metrics", timeout=10)
    seconds = time.perf_counter() - begun
    assert answer.status_code == 200
    return figures(answer.text), seconds
