"""Turn the AMQP URL of the settings into connection parameters."""

from urllib.parse import parse_qs, urlsplit

from pika import SSLOptions, URLParameters

from broker.errors import BadAddress

#: Seconds; pika has no limits for the first two of its own. An URL's query overrides.
TIMEOUTS = {
    "heartbeat": 30,
    "blocked_connection_timeout": 30,
    "socket_timeout": 5,
    "stack_timeout": 10,
}


def parse(urls: str, *, name: str) -> list[URLParameters]:
    """Return the parameters of each of the comma-separated `urls`.

    RabbitMQ shows `name` in its list of connections. Raise BadAddress, which says
    which URL is wrong, but never shows it: there are passwords in it.
    """
    return [
        _parse_one(url.strip(), number, name)
        for number, url in enumerate(urls.split(","), start=1)
    ]


def label(parameters: URLParameters) -> str:
    """Return an address as logs may show it: without user and password."""
    host, vhost = parameters.host, parameters.virtual_host
    return f"{host}:{parameters.port}{'' if vhost == '/' else f'/{vhost}'}"


def _parse_one(url: str, number: int, name: str) -> URLParameters:
    if not url.startswith(("amqp://", "amqps://")):
        raise BadAddress(f"AMQP URL {number} does not begin with amqp:// or amqps://")
    try:
        parameters = URLParameters(url)
        given = parse_qs(urlsplit(url).query)
    except OSError:
        raise BadAddress(
            f"AMQP URL {number}: a file in its ssl_options cannot be read"
        ) from None
    except (ValueError, TypeError, SyntaxError):
        # The cause would show what may be part of a password.
        raise BadAddress(f"AMQP URL {number} is malformed") from None
    for option, seconds in TIMEOUTS.items():
        if option not in given:
            setattr(parameters, option, seconds)
    _compare_certificate(parameters)
    parameters.connection_attempts = 1
    parameters.client_properties = {"connection_name": name}
    return parameters


def _compare_certificate(parameters: URLParameters) -> None:
    # pika, given an authority by the URL, would compare with no name, which fails.
    tls = parameters.ssl_options
    if tls is not None and not tls.server_hostname:
        parameters.ssl_options = SSLOptions(tls.context, parameters.host)
