"""Ask RabbitMQ's Prometheus plugin what AMQP does not tell: what clients have in hand.

Without the plugin, or while it does not answer, that is not known; nothing else of ours
needs it.
"""

import http.client
import re
import time
from collections.abc import Collection, Iterable, Mapping
from urllib.parse import quote, urlsplit

#: What one node may take to answer, in seconds, and how long its answer may be.
ANSWER_SECONDS, MAX_BYTES = 0.5, 4 << 20
_METRIC = "rabbitmq_detailed_queue_messages_unacked"
_PIECE = 1 << 16


class Plugin:
    """The plugin on the nodes of one RabbitMQ; safe to share among threads."""

    def __init__(self, urls: Iterable[str], vhost: str) -> None:
        """Take the URL of each node, such as `http://rabbitmq:15692`; or none."""
        self._urls = tuple(urls)
        self._path = (
            f"/metrics/detailed?family=queue_coarse_metrics&vhost={quote(vhost, '')}"
        )

    def unacknowledged(self, queues: Collection[str]) -> Mapping[str, int]:
        """Return by queue how many messages clients have and did not acknowledge.

        A queue of which no node tells is left out. Each node tells of those it leads,
        as it last counted them, which may be five seconds ago.
        """
        found: dict[str, int] = {}
        for url in self._urls:
            if len(found) < len(queues):
                found |= _read(self._answer(url) or "", queues)
        return found

    def silent(self) -> tuple[str, ...]:
        """Return the URLs where no plugin answers."""
        return tuple(url for url in self._urls if self._answer(url) is None)

    def _answer(self, url: str) -> str | None:
        """Return what a node says; None if that takes too long, or is no answer."""
        parts = urlsplit(url)
        is_tls = parts.scheme == "https"
        kind = http.client.HTTPSConnection if is_tls else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=ANSWER_SECONDS)
        try:
            connection.request("GET", parts.path + self._path)
            with connection.getresponse() as answer:
                return _text(answer) if answer.status == http.client.OK else None
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()


def _text(answer: http.client.HTTPResponse) -> str | None:
    """Return all of it; None if it is too long, or too slow in coming."""
    end = time.monotonic() + ANSWER_SECONDS
    body = bytearray()
    while piece := answer.read1(_PIECE):
        body += piece
        if len(body) > MAX_BYTES or time.monotonic() > end:
            return None
    return body.decode(errors="replace")


def _read(text: str, queues: Collection[str]) -> dict[str, int]:
    # Names of our queues have no character that the format escapes.
    names = "|".join(map(re.escape, queues))
    line = rf'^{_METRIC}\{{.*queue="({names})".*\}} (\d+)'
    return {name: int(number) for name, number in re.findall(line, text, re.MULTILINE)}
