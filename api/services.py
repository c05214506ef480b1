"""What the API works with, put together once and handed to every room of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from api.keyring import Keyring
from api.outgoing import Client
from api.tokens import Tokens
from broker.topology import Topology
from config.settings import Settings
from handlers.registry import Handler, load
from operations.queues import Queues
from operations.watching.watching import Watching
from state.accounts import Accounts
from state.documents import Db
from state.issued import IssuedTokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Shared among threads."""

    settings: Settings
    db: Db
    keyring: Keyring
    accounts: Accounts
    issued: IssuedTokens
    tokens: Tokens
    #: The handler of each event.
    handlers: Mapping[str, Handler]
    #: Asks the Git host, the issuer and the upstream.
    http: Client
    #: The events and the dead letters at RabbitMQ.
    queues: Queues
    #: What was seen last of queues, MongoDB and the balance; started by who serves.
    watching: Watching
    #: The time, in UTC.
    now: Callable[[], datetime]


def public_url(settings: Settings) -> str:
    """Return where browsers and programs reach the API; also who issues our tokens."""
    return settings.access.public_url or f"http://{settings.api_bind}"


def assemble(
    settings: Settings, db: Db, keyring: Keyring, now: Callable[[], datetime]
) -> Services:
    """Return the services that work on `db` with the keys of `keyring`."""
    access = settings.access
    accounts = Accounts(db, settings.team, access.default_role)
    issued = IssuedTokens(db)
    tokens = Tokens(
        keyring,
        accounts,
        issued,
        issuer=public_url(settings),
        audience=access.jwt_audience,
        seconds=access.token_seconds,
    )
    queues = Queues(
        settings.amqp_url,
        Topology(settings.amqp_prefix),
        metrics_urls=settings.rabbitmq_metrics_urls,
    )
    return Services(
        settings=settings,
        db=db,
        keyring=keyring,
        accounts=accounts,
        issued=issued,
        tokens=tokens,
        handlers=load(settings.handler_packages),
        http=Client(allow_private=access.allow_private),
        queues=queues,
        watching=Watching(settings, queues, db, now),
        now=now,
    )
