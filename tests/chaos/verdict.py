"""Compare what was accepted with what the ledger, the state and the audit say."""

import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.world import differences


def not_in_ledger(db, ids):
    """Return those delivery ids that have no row."""
    keys = [f"gitlab:{id_}" for id_ in ids]
    found = {row["_id"] for row in db["deliveries"].find({"_id": {"$in": keys}}, {})}
    return [key.removeprefix("gitlab:") for key in keys if key not in found]


def wait_in_ledger(db, ids, seconds):
    """Wait until all ids have a row; return those that still have none."""
    end, left = time.monotonic() + seconds, list(ids)
    while (left := not_in_ledger(db, left)) and time.monotonic() < end:
        time.sleep(0.1)
    return left


def longest_way(db, times):
    """Return the longest from an acceptance to its row, in seconds."""
    keys = [f"gitlab:{id_}" for id_ in times]
    rows = db["deliveries"].find({"_id": {"$in": keys}}, {"processed_at": 1})
    return max(
        (
            row["processed_at"].timestamp() - times[row["_id"].removeprefix("gitlab:")]
            for row in rows
        ),
        default=0.0,
    )


def doubled(db):
    """Return ids that were accounted for twice: as new, or for one acceptance."""
    as_new = [
        {"$match": {"outcome": {"$ne": "duplicate"}}},
        {"$group": {"_id": "$delivery_id", "rows": {"$sum": 1}}},
        {"$match": {"rows": {"$gt": 1}}},
    ]
    one_acceptance = [
        {"$group": {"_id": "$receipt", "rows": {"$sum": 1}}},
        {"$match": {"rows": {"$gt": 1}}},
    ]
    rows = db["deliveries"]
    return [
        row["_id"]
        for pipeline in (as_new, one_acceptance)
        for row in rows.aggregate(pipeline)
    ]


def dead(db):
    return db["deliveries"].count_documents({"outcome": "dead"})


def wrong_in_state(db, host):
    """Return in which the state differs from what the host itself holds."""
    return differences(host, db)


def wrong_in_audit(environment, spools, seconds):
    """Return what `forgewire audit` still finds wrong after that time.

    It sees the spools of all receivers as one, so that all starts are judged by tally.
    What nobody waits for any more may be under way for a moment.
    """
    end = time.monotonic() + seconds
    while (wrong := _differing(environment, spools)) and time.monotonic() < end:
        time.sleep(0.1)
    return wrong


def _differing(environment, spools):
    with tempfile.TemporaryDirectory() as folder:
        for suffix in ("tally", "spool"):
            for file in [it for spool in spools for it in spool.glob(f"*.{suffix}")]:
                with contextlib.suppress(FileNotFoundError):
                    shutil.copy(file, folder)
        found = _audit(environment | {"FORGEWIRE_SPOOL_DIR": folder})
    numbers = {
        "missing": found["missing"],
        "differences": found["differences"],
        "starts without a tally": found["starts"]["by_gaps"],
    }
    return [f"audit: {name} {number}" for name, number in numbers.items() if number]


def _audit(environment):
    done = subprocess.run(
        [Path(sys.executable).with_name("forgewire"), "audit", "--json"],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    if done.returncode not in {0, 1} or not done.stdout:
        raise RuntimeError(f"forgewire audit: {done.stderr}")
    return json.loads(done.stdout)
