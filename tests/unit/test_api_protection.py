"""What guards every request and every answer, whatever its route."""

import pytest

from tests.apis import without_mongodb

PAGE, OTHER = "https://ui.example.com", "https://evil.example.com"
ASKS = {"Access-Control-Request-Method": "GET"}


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    with without_mongodb(tmp_path_factory.mktemp("plain")) as client:
        yield client


@pytest.fixture(scope="module")
def crossed(tmp_path_factory):
    with without_mongodb(
        tmp_path_factory.mktemp("crossed"),
        CORS_ORIGINS=f"{PAGE},http://localhost:3000",
        PUBLIC_URL="https://forgewire.example.com",
        API_MAX_BODY_BYTES="100",
        LOGIN_RATE="1000/second",
    ) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/healthz", 200),
        ("/apidocs", 200),
        ("/apidocs.json", 200),
        ("/oauth/discovery/keys", 200),
        ("/api/v1/users", 401),
        ("/nowhere", 404),
        ("/api/v1/tokens", 405),
        ("/healthz?access_token=x", 400),
    ],
)
def test_every_answer_bears_the_headers_that_browsers_heed(plain, path, status):
    answer = plain.get(path, buffered=True)
    assert answer.status_code == status
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"]
    assert "Strict-Transport-Security" not in answer.headers
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_only_the_page_for_people_may_run_scripts_and_only_our_own(plain):
    policy = plain.get("/apidocs", buffered=True).headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    for path in ("/apidocs.json", "/apidocs/start.js", "/nowhere"):
        answer = plain.get(path, buffered=True)
        assert "script-src" not in answer.headers["Content-Security-Policy"]


def test_what_a_view_says_of_caching_stays(plain):
    assert plain.get("/nowhere").headers["Cache-Control"] == "no-store"
    kept = plain.get("/oauth/discovery/keys").headers["Cache-Control"]
    assert kept == "public, max-age=300"


def test_over_https_browsers_are_told_to_stay_there(crossed):
    for path in ("/healthz", "/nowhere"):
        answer = crossed.get(path)
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.parametrize(
    "name", ["access_token", "private_token", "job_token", "id_token", "token"]
)
@pytest.mark.parametrize("path", ["/api/v1/users", "/healthz", "/nowhere"])
def test_a_token_in_a_url_is_refused_and_not_repeated(plain, caplog, path, name):
    for given in (name, name.upper()):
        answer = plain.get(f"{path}?{given}=s3cret")
        assert answer.status_code == 400
        assert answer.json["code"] == "token-in-url"
        assert b"s3cret" not in answer.data
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize("path", ["/api/v1/tokens", "/api/v1/users", "/nowhere"])
def test_a_body_that_is_too_large_is_refused_wherever_it_is_sent(crossed, path):
    answer = crossed.post(path, data=b"x" * 101)
    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_body_of_the_greatest_length_is_let_through(crossed):
    assert crossed.post("/nowhere", data=b"x" * 100).status_code == 404


def test_no_page_of_another_origin_is_answered_unless_it_is_named(plain):
    for path in ("/healthz", "/api/v1/users"):
        for answer in (
            plain.get(path, headers={"Origin": PAGE}),
            plain.options(path, headers=ASKS | {"Origin": PAGE}),
        ):
            assert not [name for name, _ in answer.headers if "access-" in name.lower()]
    assert plain.options("/api/v1/users", headers=ASKS | {"Origin": PAGE}).status == (
        "401 UNAUTHORIZED"
    )


def test_a_page_that_is_named_may_ask_with_a_token(crossed):
    answer = crossed.options("/api/v1/users", headers=ASKS | {"Origin": PAGE})
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    allowed = answer.headers["Access-Control-Allow-Headers"].split(", ")
    assert allowed == ["Authorization", "Content-Type", "If-None-Match"]
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_page_that_is_named_may_read_every_answer(crossed):
    for path in ("/healthz", "/api/v1/users", "/nowhere"):
        answer = crossed.get(path, headers={"Origin": PAGE})
        assert answer.headers["Access-Control-Allow-Origin"] == PAGE
        assert answer.headers["Access-Control-Expose-Headers"] == (
            "Link, ETag, Retry-After"
        )
        assert "Origin" in answer.headers["Vary"]
        assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin",
    [
        OTHER,
        "null",
        "http://ui.example.com",
        f"{PAGE}.evil.com",
        f"{PAGE}:8443",
        f"{PAGE}/",
        "https://UI.example.com.",
        "*",
        "",
    ],
)
def test_no_other_page_may(crossed, origin):
    asked = crossed.options("/api/v1/users", headers=ASKS | {"Origin": origin})
    assert asked.status_code == 401
    got = crossed.get("/healthz", headers={"Origin": origin})
    for answer in (asked, got):
        assert "Access-Control-Allow-Origin" not in answer.headers
        # Or a cache gives what it was told for one origin to another.
        assert "Origin" in answer.headers["Vary"]


def test_options_that_are_no_preflight_need_a_token(crossed):
    answer = crossed.options("/api/v1/users", headers={"Origin": PAGE})
    assert answer.status_code == 401
