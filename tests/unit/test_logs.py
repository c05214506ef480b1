"""Logs: one line per event, in JSON or for eyes, and what never stands in them."""

import io
import json
import logging
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog

from config import logs
from config.redaction import HIDDEN, without_secrets
from config.tracebacks import MAX_LENGTH, format_traceback
from tests.rabbit import until

SECRET = "hunter2-of-the-tests"


class Known(Exception):
    """An exception whose message may be shown."""


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def _logging_as_before():
    """Guard the state of the process, which logging is."""
    root = logging.getLogger()
    ours = logging.getLogger(logs.ROOT)
    handlers, levels = root.handlers[:], (root.level, ours.level)
    hooks = sys.excepthook, threading.excepthook
    yield
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    ours.setLevel(levels[1])
    sys.excepthook, threading.excepthook = hooks
    structlog.reset_defaults()


@pytest.fixture
def out():
    return io.StringIO()


@pytest.fixture
def log(out):
    logs.configure("INFO", "json", out, trusted=(Known,))
    return structlog.stdlib.get_logger("ingest")


def only_line(out):
    (line,) = out.getvalue().splitlines()
    return json.loads(line)


def raised(exc):
    """Return `exc` as it is after being raised."""

    def fail():
        raise exc

    with pytest.raises(type(exc)) as caught:
        fail()
    return caught.value


def test_a_line_says_when_how_bad_what_and_where(log, out):
    log.info("accepted", delivery_id="d-1", size=7)

    line = only_line(out)
    stamp = datetime.fromisoformat(line.pop("timestamp"))
    assert stamp.tzinfo == UTC
    assert line == {
        "level": "info",
        "event": "accepted",
        "delivery_id": "d-1",
        "size": 7,
        "logger": "forgewire.ingest",
    }


def test_lines_below_the_level_are_left_out(log, out):
    log.debug("too much")

    assert out.getvalue() == ""


def test_what_is_bound_to_the_context_stands_in_each_line(log, out):
    with structlog.contextvars.bound_contextvars(delivery_id="d-1"):
        log.info("accepted")

    assert only_line(out)["delivery_id"] == "d-1"


def test_foreign_loggers_are_heard_from_warnings_on(log, out):
    logging.getLogger("pymongo.pool").info("chatter")
    logging.getLogger("pymongo.pool").warning("lost %s", f"amqp://u:{SECRET}@h/")

    line = only_line(out)
    assert line["logger"] == "pymongo.pool"
    assert line["event"] == f"lost amqp://u:{HIDDEN}@h/"


def test_foreign_loggers_are_no_louder_than_ours(out):
    logs.configure("ERROR", "json", out)

    logging.getLogger("pymongo").warning("lost")

    assert out.getvalue() == ""


def test_what_we_log_ourselves_in_one_line_pika_does_not_log_in_seven(log, out):
    logging.getLogger("pika.adapters").error("AMQPConnector - reporting failure")

    assert out.getvalue() == ""


def test_configuring_again_replaces_the_first(out):
    first = io.StringIO()
    logs.configure("INFO", "json", first)
    logs.configure("INFO", "json", out)

    structlog.stdlib.get_logger("ingest").info("accepted")

    assert first.getvalue() == ""
    assert only_line(out)["event"] == "accepted"


@pytest.mark.parametrize(
    "key",
    [
        "token",
        "X-Gitlab-Token",
        "Authorization",
        "password",
        "webhook-signature",
        "cookie",
        "client_secret",
    ],
)
def test_the_values_of_secret_keys_are_hidden_at_any_depth(log, out, key):
    log.info("seen", **{key: SECRET}, headers={key: [SECRET]}, all=[{key: SECRET}])

    assert SECRET not in out.getvalue()
    assert only_line(out)[key] == HIDDEN


def test_numbers_are_shown_under_any_key(log, out):
    log.info("started", tokens=2, signing_tokens=None, signature_valid=True)

    line = only_line(out)
    assert (line["tokens"], line["signing_tokens"]) == (2, None)
    assert line["signature_valid"] is True


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            f"to amqp://u:{SECRET}@h:5672/%2F now",
            f"to amqp://u:{HIDDEN}@h:5672/%2F now",
        ),
        (f"mongodb://u:{SECRET}@{SECRET}@a,b/db", f"mongodb://u:{HIDDEN}@a,b/db"),
        (f"amqp://:{SECRET}@h", f"amqp://:{HIDDEN}@h"),
        ("http://h:80/a@b", "http://h:80/a@b"),
        ("whsec_c2VjcmV0+/= and on", f"whsec_{HIDDEN} and on"),
        ("nothing", "nothing"),
    ],
)
def test_passwords_in_urls_and_signing_tokens_are_hidden(text, shown):
    assert without_secrets(text) == shown


def test_bytes_are_counted_not_shown(log, out):
    log.info("seen", body=b"abc", view=memoryview(b"ab"))

    line = only_line(out)
    assert (line["body"], line["view"]) == ("[3 bytes]", "[2 bytes]")


def test_paths_and_times_are_written_plainly(log, out):
    log.info("seen", path=Path("a/b"), at=datetime(2026, 1, 2, tzinfo=UTC))

    line = only_line(out)
    assert line["path"] == "a/b"
    assert line["at"] == "2026-01-02 00:00:00+00:00"


def test_of_any_other_object_the_repr_is_shown(log, out):
    log.info("seen", of=range(3))

    assert only_line(out)["of"] == "range(0, 3)"


def test_of_a_foreign_exception_only_the_type_is_shown(log, out):
    log.warning("failed", error=ValueError(SECRET), known=Known("plainly"))

    line = only_line(out)
    assert line["error"] == "ValueError"
    assert line["known"].endswith("Known: plainly")


@pytest.mark.parametrize("value", ["\ud800", 2**70, {"\udfff": 1}])
def test_what_orjson_refuses_is_logged_all_the_same(log, out, value):
    log.info("seen", value=value)

    assert only_line(out)["event"] == "seen"


def test_a_traceback_is_part_of_the_line(log, out):
    try:
        int(SECRET)
    except ValueError:
        log.exception("failed")

    line = only_line(out)
    assert line["exception"].endswith("ValueError")
    assert "test_a_traceback_is_part_of_the_line" in line["exception"]
    assert SECRET not in out.getvalue()


def test_a_line_that_cannot_be_written_is_named_but_not_shown(capsys):
    closed = io.StringIO()
    logs.configure("INFO", "json", closed)
    closed.close()

    structlog.stdlib.get_logger("ingest").info(SECRET)

    said = capsys.readouterr().err
    assert said == "a log line of forgewire.ingest could not be written\n"


def test_a_patient_log_gathers_lines_and_writes_them_in_order(out):
    logs.configure("INFO", "json", out, patient=True)
    log = structlog.stdlib.get_logger("ingest")

    for number in range(3):
        log.info("accepted", number=number)
    at_once = out.getvalue()

    until(lambda: len(out.getvalue().splitlines()) == 3)
    assert at_once == ""
    assert [json.loads(it)["number"] for it in out.getvalue().splitlines()] == [0, 1, 2]


def test_an_error_takes_what_was_gathered_along(out):
    logs.configure("INFO", "json", out, patient=True)
    log = structlog.stdlib.get_logger("ingest")

    log.info("accepted")
    log.error("crashed")

    told = [json.loads(it)["event"] for it in out.getvalue().splitlines()]
    assert told == ["accepted", "crashed"]


def test_what_was_gathered_is_written_when_the_process_ends():
    program = (
        "import structlog; from config import logs;"
        "logs.configure('INFO', 'json', patient=True);"
        "structlog.stdlib.get_logger('ingest').info('accepted')"
    )

    ended = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )

    assert json.loads(ended.stderr)["event"] == "accepted"


def test_text_is_for_eyes_and_escapes_what_a_terminal_would_obey(out):
    logs.configure("INFO", "text", out)

    structlog.stdlib.get_logger("ingest").info("seen", key="a\x1b[31m\nb\ud800")

    (line,) = out.getvalue().splitlines()
    assert "\x1b" not in line
    assert "seen" in line
    assert "\ud800" not in line


def test_text_shows_tracebacks_over_several_lines(out):
    logs.configure("INFO", "text", out)

    logging.getLogger("flask").error("failed", exc_info=raised(ValueError(SECRET)))

    assert out.getvalue().splitlines()[-1] == "ValueError"


def test_without_a_format_a_terminal_gets_text():
    terminal = Terminal()
    logs.configure("INFO", None, terminal)

    structlog.stdlib.get_logger("ingest").info("accepted")

    assert not terminal.getvalue().startswith("{")
    assert "accepted" in terminal.getvalue()


def test_without_a_format_anything_else_gets_json(out):
    logs.configure("INFO", None, out)

    structlog.stdlib.get_logger("ingest").info("accepted")

    assert only_line(out)["event"] == "accepted"


def test_without_a_stream_lines_go_to_stderr(capsys):
    logs.configure("INFO", "json")

    structlog.stdlib.get_logger("ingest").info("accepted")

    assert json.loads(capsys.readouterr().err)["event"] == "accepted"


def test_what_kills_the_process_is_logged_without_its_message(log, out):
    logs.log_uncaught("worker")
    exc = raised(ValueError(SECRET))

    sys.excepthook(type(exc), exc, exc.__traceback__)

    line = only_line(out)
    assert (line["level"], line["event"]) == ("critical", "crashed")
    assert SECRET not in out.getvalue()


def test_what_kills_a_thread_is_logged_without_its_message(log, out):
    logs.log_uncaught("worker")
    thread = threading.Thread(target=int, args=(SECRET,), name="confirms")

    thread.start()
    thread.join()

    line = only_line(out)
    assert (line["event"], line["thread"]) == ("thread-crashed", "confirms")
    assert SECRET not in out.getvalue()


def test_ctrl_c_is_not_a_crash(log, out, capsys):
    logs.log_uncaught("worker")
    exc = raised(KeyboardInterrupt())

    sys.excepthook(type(exc), exc, exc.__traceback__)

    assert out.getvalue() == ""
    assert "KeyboardInterrupt" in capsys.readouterr().err


def test_a_traceback_tells_causes_first_and_only_trusted_messages():
    exc = raised(Known("plainly"))
    exc.__cause__ = raised(ValueError(SECRET))

    text = format_traceback(exc, (Known,))

    cause, link, last = text.partition("\nThe above exception was the direct cause")
    assert cause.endswith("ValueError\n")
    assert link
    assert last.endswith("Known: plainly")
    assert SECRET not in text


def test_a_traceback_tells_what_was_being_handled():
    exc = raised(Known("plainly"))
    exc.__context__ = raised(KeyError(SECRET))

    text = format_traceback(exc, (Known,))

    assert "During handling of the above exception" in text
    assert SECRET not in text


def test_a_traceback_leaves_out_what_was_suppressed():
    exc = raised(Known("plainly"))
    exc.__context__ = KeyError(SECRET)
    exc.__suppress_context__ = True

    assert "KeyError" not in format_traceback(exc)


def test_a_traceback_survives_causes_that_go_in_circles():
    first, second = Known("first"), Known("second")
    first.__cause__, second.__cause__ = second, first

    assert format_traceback(first, (Known,)).count("Known: ") == 2


def test_a_traceback_is_bounded_and_keeps_its_end():
    exc = raised(Known("x" * (MAX_LENGTH * 2) + "the end"))

    text = format_traceback(exc, (Known,))

    assert len(text) == MAX_LENGTH
    assert text.endswith("the end")


def test_notes_are_not_shown():
    exc = Known("plainly")
    exc.add_note(SECRET)

    assert SECRET not in format_traceback(raised(exc), (Known,))
