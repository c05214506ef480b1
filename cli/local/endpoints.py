"""Say where a stack can be reached: to programs in a file, to people in lines."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from http.client import HTTPConnection, HTTPException
from json import dumps
from urllib.parse import urlsplit

from cli.local.roles import Role, url
from config.settings import DEFAULT_SOURCE, Settings

#: A process that is up answers at once; one that does not is asked again.
ANSWER_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a stack can be reached, and the token that opens the receiver."""

    ingest: str
    worker: str
    api: str
    #: Where browsers are to find the API, which its tokens name as their issuer.
    public_url: str
    #: Where Prometheus finds the metrics of each RabbitMQ node that has the plugin.
    rabbitmq_metrics_urls: Sequence[str]
    amqp_url: str = field(repr=False)
    mongodb_url: str = field(repr=False)
    token: str = field(repr=False)
    #: Where a reactor is, if anybody reacts to anything.
    reactor: str | None = None

    def as_json(self) -> str:
        """Return what scripts want to know; the token has a file of its own."""
        known = {key: it for key, it in asdict(self).items() if it is not None}
        shown = {key: it for key, it in known.items() if key != "token"}
        return dumps(shown, indent=2) + "\n"


def of(settings: Settings, roles: Sequence[Role]) -> Endpoints:
    """Return the endpoints of the roles that run with these settings."""
    tokens = settings.sources[DEFAULT_SOURCE].tokens
    urls: Mapping[str, str] = {role.key: url(role.bind(settings)) for role in roles}
    return Endpoints(
        **urls,
        public_url=settings.access.public_url or urls["api"],
        rabbitmq_metrics_urls=settings.rabbitmq_metrics_urls,
        amqp_url=settings.amqp_url,
        mongodb_url=settings.mongodb_url,
        token=tokens[0].decode(),
    )


def is_ready(base: str) -> bool:
    """Return whether the process that listens at a URL says that it can work."""
    parts = urlsplit(base)
    connection = HTTPConnection(
        parts.hostname or "", parts.port, timeout=ANSWER_SECONDS
    )
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200  # noqa: PLR2004 - HTTP's OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
