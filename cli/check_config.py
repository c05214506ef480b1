"""`forgewire check-config`: check settings, keys, spool, and that servers answer."""

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import click

from broker.dead_letters import count
from broker.plugin import ANSWER_SECONDS, Plugin
from broker.topology import Topology
from cli import connect
from cli.keys_check import check_keys
from cli.options import examples, json_option
from cli.output import print_json, print_table
from cli.spool_check import try_spool
from config.settings import Settings, SettingsError, unknown
from handlers.registry import load
from schemas.errors import ForgewireError
from tracing.start import obstacle


@dataclass(frozen=True, slots=True)
class Result:
    """What one check found; `detail` holds no secret."""

    check: str
    ok: bool
    detail: str


@click.command(
    "check-config",
    epilog=examples(
        "forgewire check-config",
        "FORGEWIRE_CONFIG=sources.toml forgewire check-config --offline",
    ),
)
@click.option("--offline", is_flag=True, help="Ask no server.")
@json_option
def command(*, offline: bool, as_json: bool) -> None:
    """Check settings, secrets, keys, handlers, spool, traces and servers.

    No secret is printed. In the folder of the spool it writes something and removes it,
    so run it as the user that runs the receiver. The keys are those of the API, which
    does not start without; none is no mistake as long as FORGEWIRE_JWT_KEYS_PATH names
    none.

    Exits 1 if something is wrong, so that it can guard a deployment.
    """
    results = list(_results(is_offline=offline))
    if as_json:
        print_json([asdict(result) for result in results])
    else:
        print_table(
            ("check", "", "detail"),
            [(it.check, "ok" if it.ok else "WRONG", it.detail) for it in results],
            whole=("check", ""),
        )
    sys.exit(0 if all(result.ok for result in results) else 1)


def _results(*, is_offline: bool) -> Iterator[Result]:
    try:
        settings = connect.settings()
    except SettingsError as exc:
        yield from (Result("settings", ok=False, detail=one) for one in exc.problems)
        return
    yield _result("settings", lambda: _settings(settings))
    yield _result("secrets", lambda: _secrets(settings))
    yield _result("keys", lambda: check_keys(settings.access.jwt_keys_path))
    yield _result("handlers", lambda: f"{len(load(settings.handler_packages))} events")
    yield _result("spool", lambda: try_spool(settings.spool_dir))
    yield _result("traces", lambda: _traces(settings))
    if not is_offline:
        yield _result("RabbitMQ", lambda: _rabbitmq(settings))
        yield _result("MongoDB", lambda: _mongodb(settings))
        if settings.rabbitmq_metrics_urls:
            yield _result("RabbitMQ's plugin", lambda: _plugin(settings))


def _result(name: str, check: Callable[[], str]) -> Result:
    try:
        return Result(name, ok=True, detail=check())
    except SettingsError as exc:
        return Result(name, ok=False, detail=" ".join(exc.problems))
    except ForgewireError as exc:
        return Result(name, ok=False, detail=str(exc))


class _Unusable(ForgewireError):
    """Raised when a server answers, or an SDK is asked for, but cannot be used."""


def _settings(settings: Settings) -> str:
    slips = unknown(os.environ)
    told = (
        f"receiver on {settings.ingest_bind}, API on {settings.api_bind}, "
        f"worker on {settings.worker_bind}"
    )
    return f"{told}; without effect: {', '.join(slips)}" if slips else told


def _secrets(settings: Settings) -> str:
    settings.require_secrets()
    return "; ".join(
        f"{name}: tokens {len(it.tokens)}, signing tokens {len(it.signing_keys)}"
        + ("" if it.enabled else ", not enabled")
        for name, it in settings.sources.items()
    )


def _traces(settings: Settings) -> str:
    if settings.traces is None:
        return "no spans are made"
    found = obstacle(settings.traces)
    if found is not None:
        raise _Unusable(f"{found.why}: {found.hint}")
    return f"spans are sent by {settings.traces}"


def _rabbitmq(settings: Settings) -> str:
    dead = count(settings.amqp_url, Topology(settings.amqp_prefix))
    return f"{connect.amqp_address(settings.amqp_url)}, {dead} dead letters"


def _plugin(settings: Settings) -> str:
    urls = settings.rabbitmq_metrics_urls
    if silent := Plugin(urls, "/").silent():
        raise _Unusable(
            f"{', '.join(silent)}: no answer within {ANSWER_SECONDS} s: is the plugin "
            "rabbitmq_prometheus enabled, and FORGEWIRE_RABBITMQ_METRICS_URL right?"
        )
    return ", ".join(urls)


def _mongodb(settings: Settings) -> str:
    with connect.database(settings.mongodb_url) as db:
        told = db.command("hello")
    if not told.get("isWritablePrimary"):
        raise _Unusable("it has no primary that takes writes: check the replica set")
    return connect.mongodb_address(settings.mongodb_url)
