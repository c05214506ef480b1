"""Show that no request, however odd, makes the receiver fail."""

import json

from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder, run_wsgi_app

from tests.receiving import TOKEN, Outbox, build, signed

# Whatever a server can put into an environ: no line ends, Latin-1 only.
ANY_HEADER = st.text(
    st.characters(max_codepoint=255, exclude_characters="\0\r\n"), max_size=300
)
NAMES = st.sampled_from(
    [
        "HTTP_X_GITLAB_TOKEN",
        "HTTP_WEBHOOK_ID",
        "HTTP_WEBHOOK_TIMESTAMP",
        "HTTP_WEBHOOK_SIGNATURE",
        "HTTP_IDEMPOTENCY_KEY",
        "HTTP_TRACEPARENT",
        "HTTP_HOST",
        "HTTP_CONTENT_ENCODING",
        "HTTP_TRANSFER_ENCODING",
        "HTTP_COOKIE",
        "CONTENT_TYPE",
        "CONTENT_LENGTH",
        "QUERY_STRING",
    ]
)
PATHS = st.sampled_from(
    ["/hooks/gitlab", "/hooks/gitlab/both", "/hooks/gitlab/signed", "/-/api/gitlab"]
)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
EVENTS = st.fixed_dictionaries(
    {"event_name": st.just("user_create") | JSON_VALUES}, optional={"x": JSON_VALUES}
).map(lambda event: json.dumps(event).encode())
BODIES = st.binary(min_size=1, max_size=1100) | EVENTS

APP = build(Outbox())


def answer(path, body, headers, **environ):
    given = EnvironBuilder(path, method="POST", data=body, headers=headers)
    built = given.get_environ()
    given.close()
    told, status, _ = run_wsgi_app(APP, {**built, **environ}, buffered=True)
    json.loads(b"".join(told))
    return int(status.split()[0])


@given(path=PATHS, body=BODIES)
def test_any_body_of_a_known_sender_is_taken_or_refused(path, body):
    headers = {"X-Gitlab-Token": TOKEN, "Content-Type": "application/json"}

    assert answer(path, body, headers) in {202, 400, 401, 413}


@given(body=BODIES)
def test_any_signed_body_is_taken_or_refused(body):
    assert answer("/hooks/gitlab/signed", body, signed(body)) in {202, 400, 413}


@given(path=PATHS, body=BODIES, odd=st.dictionaries(NAMES, ANY_HEADER))
def test_any_headers_are_taken_or_refused(path, body, odd):
    headers = signed(body) | {"X-Gitlab-Token": TOKEN}

    assert answer(path, body, headers, **odd) < 500


@given(path=ANY_HEADER, method=st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1))
def test_any_path_and_method_are_answered(path, method):
    odd = {"PATH_INFO": f"/{path}", "REQUEST_METHOD": method}

    if method != "HEAD":
        assert answer("/", b"", {}, **odd) < 500
