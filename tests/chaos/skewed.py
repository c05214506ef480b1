"""Run the receiver with a wall clock that a file steps, while it runs.

Its Python code sees the clock that `time.time` and `time.time_ns` show; logs and HTTP
dates, which come from elsewhere, do not. libfaketime would go deeper, but makes
Python's `time.sleep` fail.
"""

import os
import runpy
import time
from pathlib import Path

OFFSET_FILE = "CHAOS_CLOCK_FILE"


def step(file, now, now_ns):
    """Have `time` add the seconds that the file holds to what it said before."""

    def offset():
        return int(file.read_text() or 0)

    time.time = lambda: now() + offset()
    time.time_ns = lambda: now_ns() + offset() * 1_000_000_000


if __name__ == "__main__":
    step(Path(os.environ[OFFSET_FILE]), time.time, time.time_ns)
    runpy.run_module("ingest", run_name="__main__")
