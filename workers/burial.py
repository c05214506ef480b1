"""Send what is rejected to the dead letters, with the reason and the traceback."""

import time
from collections.abc import Callable, Sequence

from broker import dead_letters
from broker.publisher import Publisher
from config.tracebacks import format_traceback
from schemas.errors import ForgewireError
from workers.items import Reject


def burial(publisher: Publisher) -> Callable[[Sequence[Reject]], None]:
    """Return a function that buries rejects and returns once all are confirmed.

    It raises a BrokerUnavailable if one is not; then all may be buried again.
    """

    def bury(rejects: Sequence[Reject]) -> None:
        buried = [
            dead_letters.bury(
                publisher,
                reject.delivery.properties,
                reject.delivery.body,
                dead_letters.Death(
                    reason=reject.error.reason,
                    # Only our own messages are known to quote no payload.
                    detail=format_traceback(reject.error, (ForgewireError,)),
                    handler=reject.handler,
                    died_at=time.time_ns() // 1_000,
                ),
            )
            for reject in rejects
        ]
        for future in buried:
            future.result()

    return bury
