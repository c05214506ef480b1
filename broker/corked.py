"""A connection of pika's that sends what one turn of its loop produced in one go."""

from typing import Any

from pika import SelectConnection


class CorkedConnection(SelectConnection):
    """Gathers frames until the loop's next turn, in the order in which they came.

    pika makes three frames of each message and gives each a system call of its own.
    Each call lets go of the interpreter, and with many threads one then waits for it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._gathered: list[bytes] = []
        super().__init__(*args, **kwargs)

    def _adapter_emit_data(self, data: bytes) -> None:
        # pika's hook for adapters: "Take ownership of data and send it to AMQP server
        # as soon as possible."
        if not self._gathered:
            self.ioloop.call_later(0, self._flush)
        self._gathered.append(data)

    def _flush(self) -> None:
        gathered, self._gathered = self._gathered, []
        # Without a transport the connection was lost, and its frames with it. The stubs
        # of pika know neither the transport nor the hook, so types are not checked.
        if self._transport is not None:  # type: ignore[attr-defined]
            super()._adapter_emit_data(b"".join(gathered))  # type: ignore[misc]
