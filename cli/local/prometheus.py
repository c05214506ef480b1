"""Write a configuration by which Prometheus watches a stack; say how to start it."""

import shutil
from collections.abc import Iterable, Sequence
from json import dumps
from pathlib import Path
from shlex import join
from typing import Any
from urllib.parse import urlsplit

from cli.local.endpoints import Endpoints

ROOT = Path(__file__).parents[2]
#: Only in the project's folder; who installed a package has neither rules nor runbooks.
RULES = ROOT / "deploy" / "prometheus" / "rules"
RUNBOOKS = ROOT / "docs" / "runbooks"
LISTEN = "127.0.0.1:9090"
INTERVAL = "5s"
#: Alerts compare with two weeks ago.
RETENTION = "30d"
_HEADER = "# Made anew at each start of the stack. (JSON is YAML, too.)\n"


def write(folder: Path, at: Endpoints) -> Path:
    """Write the configuration into a folder; return where it is."""
    file = folder / "prometheus.yml"
    file.write_text(_HEADER + dumps(configuration(at), indent=2) + "\n", "utf-8")
    return file


def configuration(at: Endpoints) -> dict[str, Any]:
    """Return what Prometheus is to scrape, and the rules that it is to follow."""
    jobs: dict[str, Sequence[str]] = {
        "forgewire-ingest": (at.ingest,),
        "forgewire-worker": (at.worker,),
        "forgewire-reactor": (at.reactor,) if at.reactor else (),
        "forgewire-api": (at.api,),
        "rabbitmq": at.rabbitmq_metrics_urls,
    }
    return {
        "global": {"scrape_interval": INTERVAL, "evaluation_interval": INTERVAL},
        "rule_files": [str(RULES / "*.yml")] if RULES.is_dir() else [],
        "scrape_configs": [_job(name, urls) for name, urls in jobs.items() if urls],
    }


def _job(name: str, urls: Iterable[str]) -> dict[str, Any]:
    return {"job_name": name, "static_configs": [_target(url) for url in urls]}


def _target(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    labels = {
        "__scheme__": parts.scheme,
        "__metrics_path__": f"{parts.path.rstrip('/')}/metrics",
        # Receivers of one machine share a spool, whatever their ports are.
        "machine": parts.hostname,
    }
    return {"targets": [parts.netloc], "labels": labels}


def command(file: Path, listen: str = LISTEN) -> list[str]:
    """Return the command that starts Prometheus with a configuration, as words."""
    options = {
        "config.file": file,
        "storage.tsdb.path": file.with_suffix(""),
        "storage.tsdb.retention.time": RETENTION,
        "web.listen-address": listen,
        "web.user-assets": RUNBOOKS.parent,
    }
    return ["prometheus", *(f"--{name}={it}" for name, it in options.items())]


def advice(file: Path, *, path: str | None = None) -> str:
    """Return what to do to see the metrics over time, and the alerts.

    `path` is where programs are looked for, as in the variable PATH.
    """
    if shutil.which("prometheus", path=path):
        return (
            f"See the metrics over time, and the alerts, at http://{LISTEN}, once this "
            f"runs, too:\n\n{join(command(file))}"
        )
    return (
        "To see the metrics over time, and the alerts, install Prometheus (apt-get "
        f"install prometheus)\nand start it with {file}"
    )
