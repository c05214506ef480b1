"""The span of a hook: what it says, what bears it, and who has none."""

import pytest
from opentelemetry.trace import StatusCode, format_span_id, format_trace_id

from ingest import tracing as receiving
from tests.collector import tracing_here
from tests.receiving import EVENT, Outbox, build, with_token

TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{CALLER}-01"


@pytest.fixture
def made():
    return tracing_here()


@pytest.fixture
def tracer(made):
    return made[0]


@pytest.fixture
def spans(made):
    return made[1]


def named(spans, name):
    return [it for it in spans.get_finished_spans() if it.name.startswith(name)]


def place(span):
    """The trace and the id of a span, as headers have them."""
    return format_trace_id(span.context.trace_id), format_span_id(span.context.span_id)


def test_a_hook_is_a_span_and_its_message_bears_it(spans, tracer):
    outbox = Outbox()
    app = build(outbox)
    receiving.trace(app, tracer)

    answer = app.test_client().post(
        "/hooks/gitlab", data=EVENT, headers=with_token(traceparent=TRACEPARENT)
    )

    assert answer.status_code == 202
    (span,), (message,) = named(spans, "receive"), outbox.messages
    assert message.traceparent.split("-")[1:3] == [*place(span)]
    assert message.trace_id == TRACE
    assert format_span_id(span.parent.span_id) == CALLER
    assert span.attributes["messaging.message.id"] == message.delivery_id
    assert span.attributes["forgewire.outcome"] == "queued"


def test_a_span_of_a_request_drops_the_state_that_another_trace_had(spans, tracer):
    outbox = Outbox()
    app = build(outbox)
    receiving.trace(app, tracer)
    headers = with_token(tracestate="a=1", traceparent="none")

    app.test_client().post("/hooks/gitlab", data=EVENT, headers=headers)

    assert outbox.messages[0].tracestate is None
    assert outbox.messages[0].trace_id == place(*named(spans, "receive"))[0]


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/nothing"])
def test_what_is_no_hook_is_no_span(spans, tracer, path):
    app = build(Outbox())
    receiving.trace(app, tracer)

    app.test_client().get(path)

    assert spans.get_finished_spans() == ()


def test_a_hook_that_could_not_be_kept_is_an_error_and_one_refused_is_none(
    spans, tracer
):
    app = build(Outbox())
    receiving.trace(app, tracer)
    client = app.test_client()

    client.post("/hooks/gitlab", data=EVENT, headers=with_token("wrong"))
    assert named(spans, "receive") == []

    class Broken(Exception):
        pass

    broken = build(Outbox(Broken("Ada Lovelace")))
    receiving.trace(broken, tracer)
    broken.test_client().post("/hooks/gitlab", data=EVENT, headers=with_token())
    (span,) = named(spans, "receive")
    assert span.status.status_code == StatusCode.ERROR
    assert span.attributes["http.response.status_code"] == 500
    assert "Ada" not in span.to_json()
