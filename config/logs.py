"""Log one line per event: JSON for machines, text for a terminal, never a secret."""

import json
import logging
import sys
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Any, TextIO

import orjson
import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger

from config.about import add_names
from config.redaction import redacted
from config.sink import Sink
from config.tracebacks import Trusted, format_traceback

__all__ = ["Trusted", "configure", "format_traceback", "log_uncaught"]

#: Our loggers stand below this one, so that foreign ones can be quieter.
ROOT = "forgewire"
#: What every line begins with.
_FIRST = ("timestamp", "level", "event")
#: Control characters, which would let a header forge lines or colour a terminal.
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), 127)}


def configure(
    level: str,
    log_format: str | None,
    stream: TextIO | None = None,
    *,
    trusted: Trusted = (),
    patient: bool = False,
) -> None:
    """Send our log lines of `level` and up, others' of WARNING and up, to `stream`.

    `log_format` is "json" or "text"; None means text if `stream` (stderr) is a
    terminal. Of exceptions that are not `trusted` only type and frames are logged.
    If `patient`, lines below ERROR are written within a tenth of a second.
    Calling it again replaces the first configuration.
    """
    out = sys.stderr if stream is None else stream
    sink = Sink(out, patient=patient)
    last = _last_steps(_renderer(log_format, out), trusted)
    number = logging.getLevelNamesMapping()[level]
    _hear_foreign(_Handler(sink), max(number, logging.WARNING), last)
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, *_stamps(), *last],
        logger_factory=lambda *names: _Logger(".".join((ROOT, *names)), sink),
        wrapper_class=structlog.make_filtering_bound_logger(number),
        cache_logger_on_first_use=True,
    )


def _hear_foreign(handler: "_Handler", level: int, last: Sequence[Processor]) -> None:
    """Have the root of Python's own loggers say what it has to say our way."""
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=_stamps(),
            processors=[ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    for old in [one for one in root.handlers if isinstance(one, _Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    # It writes several errors for each attempt to connect; we log one for each cause.
    logging.getLogger("pika").setLevel(logging.CRITICAL)


def log_uncaught(name: str) -> None:
    """Log what kills the process or a thread, as the logger `name`, not print it.

    Python itself would print the messages of foreign exceptions.
    """
    log = structlog.stdlib.get_logger(name)

    def log_crash(
        kind: type[BaseException], exc: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, exc, trace)
        else:
            log.critical("crashed", exc_info=exc)

    def log_thread_crash(args: threading.ExceptHookArgs) -> None:
        thread = args.thread.name if args.thread else None
        log.critical("thread-crashed", thread=thread, exc_info=args.exc_value)

    sys.excepthook = log_crash
    threading.excepthook = log_thread_crash


class _Logger:
    """Where structlog leaves a line that is ready, by the name of its level."""

    def __init__(self, name: str, sink: Sink) -> None:
        self.name = name
        self._sink = sink

    def debug(self, line: str) -> None:
        self._sink.put(line, self.name, urgent=False)

    def error(self, line: str) -> None:
        self._sink.put(line, self.name, urgent=True)

    info = warning = debug
    critical = error


class _Handler(logging.Handler):
    """Where Python's own loggers leave a record."""

    def __init__(self, sink: Sink) -> None:
        super().__init__()
        self._sink = sink

    def emit(self, record: logging.LogRecord) -> None:
        self._sink.put(self.format(record), record.name, urgent=True)


def _stamps() -> Sequence[Processor]:
    return (
        add_names,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    )


def _last_steps(render: Processor, trusted: Trusted) -> Sequence[Processor]:
    def format_exception(exc_info: ExcInfo) -> str:
        return format_traceback(exc_info[1], trusted)

    def redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        return {key: redacted(key, value, trusted) for key, value in event.items()}

    return structlog.processors.ExceptionRenderer(format_exception), redact, render


def _renderer(log_format: str | None, stream: TextIO) -> Processor:
    is_terminal = stream.isatty()
    if log_format == "json" or (log_format is None and not is_terminal):
        return _render_json
    console = structlog.dev.ConsoleRenderer(colors=is_terminal)

    def render_text(log: WrappedLogger, name: str, event: EventDict) -> str:
        visible = {key: _visible(key, value) for key, value in event.items()}
        return console(log, name, visible)

    return render_text


def _visible(key: str, value: Any) -> Any:
    if not isinstance(value, str) or key == "exception":
        return value
    return value.translate(_CONTROLS).encode(errors="backslashreplace").decode()


def _render_json(_: WrappedLogger, __: str, event: EventDict) -> str:
    line = {key: event.pop(key) for key in _FIRST if key in event} | dict(event)
    try:
        return orjson.dumps(line).decode()
    except TypeError:
        # Lone surrogates and integers beyond 64 bit, which the host may well send.
        return json.dumps(line)
