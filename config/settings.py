"""Read every setting from the environment, once, at the start of a process."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from environs import validate

from config import access, parse, sources, telemetry
from config.access import Access
from config.parse import Bind
from config.reader import Reader, SettingsError
from config.sources import Source

__all__ = ["EXAMPLES", "Access", "Bind", "Settings", "SettingsError", "Source", "load"]

PREFIX = "FORGEWIRE_"
#: The source that the plain variables configure.
DEFAULT_SOURCE = "gitlab"
DEFAULT_DATABASE = "forgewire"

MIB = 1 << 20
#: RabbitMQ 3 takes no larger message by default.
MAX_MESSAGE_BYTES = 128 * MIB
#: GitLab gives up on a hook after 10 s unless told otherwise, so stay well below that.
MAX_CONFIRM_SECONDS = 60.0
#: The receiver holds each file of the spool open, of 4 MiB each.
MAX_SPOOL_BYTES = 16 * 1024 * MIB
#: A year: what is longer is a slip of the pen.
MAX_SECONDS = 31_536_000.0
#: AMQP counts the messages handed out ahead in 16 bit.
MAX_PREFETCH = (1 << 16) - 1
#: The host keeps what it sent for up to 14 days, and can send it again: by its row in
#: the ledger it is recognised. MongoDB counts the time in seconds in 31 bit.
MIN_LEDGER_DAYS, MAX_LEDGER_DAYS = 15, 24_000
#: A year.
MAX_BODY_HOURS = 8_760

_AMQP_PREFIX = validate.Regexp(
    r"(?!amq\.)[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z",
    error="Not 1 to 64 letters, digits, dots, hyphens and underscores; amq. is taken.",
)
_TEAM = validate.Regexp(
    r"[^\x00-\x1f\x7f]{1,100}\Z", error="Not 1 to 100 characters in one line."
)
_LOG_FORMAT = validate.OneOf(["json", "text"])

#: Every variable there is, with the example that a message about it shows.
EXAMPLES: Mapping[str, str] = {
    "FORGEWIRE_INGEST_BIND": "127.0.0.1:8080",
    "FORGEWIRE_INGEST_PIN": "true",
    "FORGEWIRE_API_BIND": "127.0.0.1:8081",
    "FORGEWIRE_WORKER_BIND": "127.0.0.1:8082",
    "FORGEWIRE_REACTOR_BIND": "127.0.0.1:8083",
    "FORGEWIRE_AMQP_URL": "amqp://user:password@rabbitmq:5672/%2F",
    "FORGEWIRE_AMQP_PREFIX": "forgewire",
    "FORGEWIRE_RABBITMQ_METRICS_URL": "http://rabbitmq:15692",
    "FORGEWIRE_MONGODB_URL": "mongodb://mongodb:27017/forgewire?replicaSet=rs0",
    "FORGEWIRE_GITLAB_TOKENS": "a-long-random-token,the-one-before-it",
    "FORGEWIRE_GITLAB_SIGNING_TOKENS": "whsec_ and base64 of 24 or more bytes",
    "FORGEWIRE_HOOKS_ENABLED": "true",
    "FORGEWIRE_TEAM": "gitlab",
    "FORGEWIRE_HANDLER_PACKAGES": "badges,medals",
    "FORGEWIRE_MAX_BODY_BYTES": "26214400",
    "FORGEWIRE_DATA_DIR": "/var/lib/forgewire",
    "FORGEWIRE_SPOOL_DIR": "/var/lib/forgewire/spool",
    "FORGEWIRE_SPOOL_AFTER_SECONDS": "0.75",
    "FORGEWIRE_SPOOL_MAX_BYTES": "1073741824",
    "FORGEWIRE_SPOOL_MAX_AGE_SECONDS": "3600",
    "FORGEWIRE_SPOOL_DRAIN_RATE": "1000",
    "FORGEWIRE_CONFIRM_SECONDS": "5",
    "FORGEWIRE_BATCH_SIZE": "500",
    "FORGEWIRE_PREFETCH": "1000",
    "FORGEWIRE_MAX_REJECTIONS": "50",
    "FORGEWIRE_LEDGER_DAYS": "30",
    "FORGEWIRE_BODY_HOURS": "72",
    "FORGEWIRE_LOG_LEVEL": "INFO",
    "FORGEWIRE_LOG_FORMAT": "json",
    "FORGEWIRE_CONFIG": "/etc/forgewire/sources.toml",
    **access.EXAMPLES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything an operator can choose; `repr` shows no secret."""

    ingest_bind: Bind
    #: Whether each receiver stays on one processor of its own.
    ingest_pin: bool
    api_bind: Bind
    worker_bind: Bind
    reactor_bind: Bind
    amqp_url: str = field(repr=False)
    #: What the names of our exchanges and queues begin with.
    amqp_prefix: str
    #: Where the Prometheus plugin of each RabbitMQ node answers; none: it is not asked.
    rabbitmq_metrics_urls: tuple[str, ...]
    mongodb_url: str = field(repr=False)
    mongodb_database: str
    #: By name; a hook from any other source is answered 404.
    sources: Mapping[str, Source]
    team: str
    #: Entry points of the handler packages that are on; None: all that are installed.
    handler_packages: tuple[str, ...] | None
    max_body_bytes: int
    data_dir: Path
    spool_dir: Path
    #: How long a hook waits for the broker's confirm before it is spooled.
    spool_after_seconds: float
    spool_max_bytes: int
    #: Older events in the spool are an alarm; they are never deleted.
    spool_max_age_seconds: float
    #: The most events a second that leave the spool.
    spool_drain_rate: float
    #: How long the broker may take to confirm a message.
    confirm_seconds: float
    #: Most events that a worker writes at once.
    batch_size: int
    #: Most events that the broker hands to a worker ahead of their turn.
    prefetch: int
    #: Rejections in a row, without one success, that a worker stops at; 0: never.
    max_rejections: int
    #: How long the ledger keeps a row.
    ledger_days: int
    #: How long bodies are kept beside it; 0: they are not.
    body_hours: int
    log_level: str
    #: "json", "text", or None: text for a terminal, JSON for all else.
    log_format: str | None
    #: Where traces go to: "otlp"; None if they are not wanted.
    traces: str | None
    access: Access

    def require_secrets(self) -> None:
        """Raise SettingsError if a source has neither token nor signing token."""
        bare = [name for name, it in self.sources.items() if not it.has_secret]
        if bare:
            raise SettingsError(tuple(_missing(name) for name in bare))


def load(environ: Mapping[str, str]) -> Settings:
    """Return the settings that `environ` holds; raise SettingsError with all problems.

    Every variable can also be given as `<NAME>_FILE`, the path of a file that holds it.
    """
    env = _reader(environ)
    values = _servers(env) | _limits(env) | _spool(env) | _words(env)
    values["sources"] = _sources(env)
    values["access"] = access.read(env, values["data_dir"])
    values["traces"] = telemetry.exporter(environ)
    env.finish(EXAMPLES)
    values["mongodb_database"] = (
        parse.database_of(values["mongodb_url"]) or DEFAULT_DATABASE
    )
    values["spool_dir"] = values["spool_dir"] or values["data_dir"] / "spool"
    return Settings(**values)


def unknown(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the variables that look like ours and are not: mostly slips of the pen.

    They are no errors: Kubernetes adds `FORGEWIRE_PORT` and the like by itself.
    """
    ours = (name for name in environ if name.startswith(PREFIX))
    return tuple(
        sorted(one for one in ours if one.removesuffix("_FILE") not in EXAMPLES)
    )


def _reader(environ: Mapping[str, str]) -> Reader:
    env = Reader(environ, prefix=PREFIX)
    env.add_parser("bind", parse.bind)
    env.add_parser("amqp_url", parse.amqp_url)
    env.add_parser("mongodb_url", parse.mongodb_url)
    env.add_parser("tokens", parse.tokens)
    env.add_parser("signing_keys", parse.signing_keys)
    env.add_parser("names", parse.names)
    env.add_parser("level", parse.level)
    env.add_parser("sources", sources.read)
    access.add_parsers(env)
    return env


def _servers(env: Reader) -> dict[str, Any]:
    return {
        "ingest_bind": env.bind("INGEST_BIND", "127.0.0.1:8080"),
        "ingest_pin": env.bool("INGEST_PIN", default=True),
        "api_bind": env.bind("API_BIND", "127.0.0.1:8081"),
        "worker_bind": env.bind("WORKER_BIND", "127.0.0.1:8082"),
        "reactor_bind": env.bind("REACTOR_BIND", "127.0.0.1:8083"),
        "amqp_url": env.amqp_url("AMQP_URL", "amqp://guest:guest@127.0.0.1:5672/%2F"),
        "rabbitmq_metrics_urls": env.http_urls("RABBITMQ_METRICS_URL", "") or (),
        "mongodb_url": env.mongodb_url(
            "MONGODB_URL", f"mongodb://127.0.0.1:27017/{DEFAULT_DATABASE}"
        ),
    }


def _limits(env: Reader) -> dict[str, Any]:
    within = validate.Range
    return {
        "max_body_bytes": env.int(
            "MAX_BODY_BYTES", 25 * MIB, validate=within(1, MAX_MESSAGE_BYTES)
        ),
        "confirm_seconds": env.float(
            "CONFIRM_SECONDS", 5.0, validate=within(0.01, MAX_CONFIRM_SECONDS)
        ),
        "batch_size": env.int("BATCH_SIZE", 500, validate=within(1, MAX_PREFETCH)),
        "prefetch": env.int("PREFETCH", 1000, validate=within(1, MAX_PREFETCH)),
        "max_rejections": env.int("MAX_REJECTIONS", 50, validate=within(0, None)),
        "ledger_days": env.int(
            "LEDGER_DAYS", 30, validate=within(MIN_LEDGER_DAYS, MAX_LEDGER_DAYS)
        ),
        "body_hours": env.int("BODY_HOURS", 72, validate=within(0, MAX_BODY_HOURS)),
    }


def _spool(env: Reader) -> dict[str, Any]:
    within = validate.Range
    return {
        "spool_dir": env.path("SPOOL_DIR", None),
        "spool_after_seconds": env.float(
            "SPOOL_AFTER_SECONDS", 0.75, validate=within(0.01, MAX_CONFIRM_SECONDS)
        ),
        "spool_max_bytes": env.int(
            "SPOOL_MAX_BYTES", 1024 * MIB, validate=within(1, MAX_SPOOL_BYTES)
        ),
        "spool_max_age_seconds": env.float(
            "SPOOL_MAX_AGE_SECONDS", 3600.0, validate=within(0.01, MAX_SECONDS)
        ),
        "spool_drain_rate": env.float(
            "SPOOL_DRAIN_RATE", 1000.0, validate=within(0.1, 1_000_000.0)
        ),
    }


def _words(env: Reader) -> dict[str, Any]:
    return {
        "amqp_prefix": env.str("AMQP_PREFIX", "forgewire", validate=_AMQP_PREFIX),
        "team": env.str("TEAM", "gitlab", validate=_TEAM),
        "handler_packages": env.names("HANDLER_PACKAGES", ""),
        "data_dir": env.path("DATA_DIR", Path("var")),
        "log_level": env.level("LOG_LEVEL", "INFO"),
        "log_format": env.str("LOG_FORMAT", None, validate=_LOG_FORMAT),
    }


def _sources(env: Reader) -> dict[str, Source]:
    hooks_enabled = env.bool("HOOKS_ENABLED", default=True)
    plain = Source(
        DEFAULT_SOURCE,
        env.tokens("GITLAB_TOKENS", "") or (),
        env.signing_keys("GITLAB_SIGNING_TOKENS", "") or (),
    )
    listed = env.sources("CONFIG", "") or {}
    if plain.has_secret or not listed:
        listed[plain.name] = plain.merged(listed.get(plain.name))
    if hooks_enabled:
        return listed
    return {name: replace(it, enabled=False) for name, it in listed.items()}


def _missing(name: str) -> str:
    if name == DEFAULT_SOURCE:
        return (
            "FORGEWIRE_GITLAB_TOKENS or FORGEWIRE_GITLAB_SIGNING_TOKENS: Not set, and "
            "nobody may be let in without. Choose a long random token (openssl rand "
            "-hex 32) and give it to the host as the secret token of the system hook."
        )
    return f"FORGEWIRE_CONFIG: [sources.{name}] Has neither tokens nor signing_tokens."
