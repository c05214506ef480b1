"""Show how `forgewire send` delivers to a real receiver, and what it tells."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from standardwebhooks import Webhook

from broker.topology import Topology
from cli.local import ports
from tests.commands import row, run, run_json
from tests.rabbit import channel
from tests.receiver import CONFIG, SIGNING_TOKEN, Receiver, until
from tests.receiving import TOKEN

PREFIX = "test-cli-send"
USER = {"event_name": "user_create", "user_id": 41, "name": "Ada Sample"}


@pytest.fixture(scope="module")
def receiver(tmp_path_factory, rabbitmq):
    """A receiver that the tests of this module share."""
    running = Receiver(tmp_path_factory.mktemp("receiver"), rabbitmq.url, PREFIX)
    yield running.wait()
    assert running.stop() == 0
    with channel(rabbitmq.url) as it:
        for name in (Topology(PREFIX).events, Topology(PREFIX).dead_letters):
            it.queue_delete(name)
            it.exchange_delete(name)


@pytest.fixture
def taken(rabbitmq, receiver):
    """Take so many bodies from an empty queue, the oldest first."""
    with channel(rabbitmq.url) as it:
        queue = Topology(PREFIX).events
        it.queue_purge(queue)
        yield lambda number: [
            until(lambda: it.basic_get(queue, auto_ack=True)[2], "a message")
            for _ in range(number)
        ]


@pytest.fixture
def folder(tmp_path):
    """A folder of two payloads, and a file that is none of them."""
    (tmp_path / "a.json").write_text(json.dumps(USER))
    (tmp_path / "b.json").write_text(json.dumps(USER | {"user_id": 42}))
    (tmp_path / "notes.txt").write_text("no payload")
    return tmp_path


def stack_in(folder, url):
    """Settings of somebody in whose folder a stack runs, with that receiver."""
    var = folder / "var"
    var.mkdir()
    (var / "endpoints.json").write_text(json.dumps({"ingest": url}))
    (var / "token").write_text(f"{TOKEN}\n")
    return {"DATA_DIR": var}


def test_the_files_of_a_folder_go_to_the_receiver_of_the_stack_here(folder, receiver):
    settings = stack_in(folder, receiver.url)

    result = run("send", folder, **settings)

    assert result.exit_code == 0
    assert result.stderr == ""
    assert row(result.stdout, "a.json")[:2] == ["202", "queued"]
    assert row(result.stdout, "b.json")[:2] == ["202", "queued"]
    assert "notes.txt" not in result.stdout
    assert result.stdout.endswith("delivered 2  accepted 2  refused 0\n")


def test_the_receiver_may_be_named_as_it_is_shown_to_the_host(folder, receiver):
    url = f"{receiver.url}/hooks/gitlab/"

    result = run("send", folder / "a.json", "--url", url, GITLAB_TOKENS=TOKEN)

    assert result.exit_code == 0


def test_the_receiver_is_looked_for_where_it_would_listen(folder, receiver):
    result = run(
        "send",
        folder,
        INGEST_BIND=f"0.0.0.0:{receiver.port}",
        GITLAB_TOKENS=f"{TOKEN},older",
    )

    assert result.exit_code == 0


def test_repetitions_bear_one_delivery_id_and_a_seed_decides_the_order(
    folder, receiver
):
    words = ("send", folder, "--times", 3, "--url", receiver.url, "--shuffle")

    first = run_json(*words, 1, GITLAB_TOKENS=TOKEN)
    again = run_json(*words, 1, GITLAB_TOKENS=TOKEN)
    other = run_json(*words, 2, GITLAB_TOKENS=TOKEN)

    def order(answers):
        return [answer["name"] for answer in answers]

    assert len(first) == 6
    assert len({answer["delivery_id"] for answer in first}) == 2
    assert order(first) == order(again)
    assert order(first) != order(other)


def test_a_token_can_be_in_a_file(folder, receiver):
    file = folder / "token"
    file.write_text(f"{TOKEN}, another\n")

    result = run("send", folder, "--token-file", file, "--url", receiver.url)

    assert result.exit_code == 0


@pytest.mark.parametrize("text", ["", "\n", ",", "caf\xe9"])
def test_a_file_without_token_is_told(folder, text):
    file = folder / "token"
    file.write_text(text, encoding="latin-1")

    result = run("send", folder, "--token-file", file)

    assert result.exit_code == 2
    assert f"{file} holds no token" in result.stderr


def test_who_has_no_token_is_told_where_to_put_one(folder):
    result = run("send", folder)

    assert result.exit_code == 2
    assert "FORGEWIRE_GITLAB_TOKENS" in result.stderr


def test_another_source_has_other_tokens(folder, receiver):
    config = folder / "sources.toml"
    config.write_text(f'[sources.gitlab-two]\ntokens = ["{TOKEN}"]\n')
    words = ("send", folder, "--url", receiver.url, "--source")

    known = run_json(*words, "gitlab-two", CONFIG=config)
    unknown = run(*words, "gitlab-three", CONFIG=config)

    # It is no source of that receiver.
    assert [answer["status"] for answer in known] == [404, 404]
    assert unknown.exit_code == 2
    assert "no token for gitlab-three" in unknown.stderr


def test_a_wrong_token_is_told_once(folder, receiver):
    result = run("send", folder, "--url", receiver.url, GITLAB_TOKENS="wrong-token")

    assert result.exit_code == 1
    assert "2 x 401 unauthenticated: " in result.stdout
    assert result.stdout.endswith("see --token-file.\n")
    assert "wrong-token" not in result.output


def test_what_the_receiver_refuses_is_told_with_its_advice(folder, receiver):
    result = run("send", folder / "notes.txt", folder / "a.json", **at(receiver.url))

    assert result.exit_code == 1
    assert "1 x 400 not-a-json-object: Send the event as one JSON" in result.stdout
    assert "delivered 2  accepted 1  refused 1" in result.stdout


def test_a_receiver_that_is_away_is_told_at_once(folder):
    url = f"http://127.0.0.1:{ports.free()}"

    result = run("send", folder, **at(url))

    assert result.exit_code == 2
    assert result.stdout == ""
    assert f"no receiver answers at {url}" in result.stderr
    assert "forgewire up" in result.stderr


def test_a_url_that_is_none_is_wrong_usage(folder):
    result = run("send", folder, "--url", "localhost:8080", GITLAB_TOKENS=TOKEN)

    assert result.exit_code == 2
    assert "--url" in result.stderr


def test_a_folder_without_payloads_is_told(tmp_path):
    result = run("send", tmp_path, GITLAB_TOKENS=TOKEN)

    assert result.exit_code == 2
    assert "no *.json file" in result.stderr


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    (tmp_path / "folder.json").mkdir()

    result = run("send", tmp_path, GITLAB_TOKENS=TOKEN)

    assert result.exit_code == 2
    assert "folder.json: Is a directory" in result.stderr


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (200, b"hello", "200  None"),
        (302, b"", "302  None"),
        (502, b"<html>", "502  None"),
        (500, b'["\\u001b[31m"]', "500  None"),
        (400, b'{"code": "\\u001b[31m", "detail": 7}', "400  \\u001b[31m"),
    ],
)
def test_whatever_answers_is_told_as_it_is(folder, status, body, told):
    with somebody_else(status, body) as url:
        result = run("send", folder / "a.json", **at(url))

    assert result.exit_code == (0 if status == 200 else 1)
    assert told in result.stdout


def test_a_receiver_that_goes_away_is_told_beside_what_it_took(folder):
    with somebody_else(202, b'{"status": "queued"}', answers=1) as url:
        result = run("send", folder, **at(url))

    assert result.exit_code == 1
    assert "delivered 2  accepted 1  refused 1" in result.stdout
    assert "1 x 0 ConnectionError: No receiver answered." in result.stdout


def test_events_are_made_up_that_the_receiver_takes(receiver, taken):
    words = ("send", "user_create", "push", "--number", 2, "--url", receiver.url)

    answers = run_json(*words, GITLAB_TOKENS=TOKEN)

    bodies = [json.loads(body) for body in taken(4)]
    assert [it["name"] for it in answers] == ["user_create"] * 2 + ["push"] * 2
    assert {it["status"] for it in answers} == {202}
    assert len({it["delivery_id"] for it in answers}) == 4
    assert [it["event_name"] for it in bodies] == [it["name"] for it in answers]
    assert [it["user_id"] for it in bodies[:2]] == [900_000_001, 900_000_002]


def test_files_and_events_go_in_the_order_in_which_they_are_named(folder, receiver):
    words = ("send", "user_create", folder / "a.json", "--url", receiver.url)

    answers = run_json(*words, GITLAB_TOKENS=TOKEN)

    assert [it["name"] for it in answers] == ["user_create", "a.json"]


def test_what_is_neither_a_file_nor_an_event_is_wrong_usage(receiver):
    result = run("send", "badge_create", "--url", receiver.url, GITLAB_TOKENS=TOKEN)

    assert result.exit_code == 2
    assert "badge_create is no file, and no event" in result.stderr


@pytest.mark.parametrize("how", ["setting", "file"])
def test_a_receiver_that_takes_signed_deliveries_only_takes_ours(folder, receiver, how):
    words = ["send", "user_create", "--url", receiver.url, "--source", "signed"]
    settings = {}
    if how == "file":
        (folder / "token").write_text(SIGNING_TOKEN)
        words += ["--token-file", folder / "token"]
    else:
        (folder / "sources.toml").write_text(CONFIG)
        settings["CONFIG"] = folder / "sources.toml"

    answers = run_json(*words, **settings)

    assert [it["status"] for it in answers] == [202]


def test_who_is_told_to_sign_does_so_though_there_is_a_plain_token(folder):
    tokens = {"GITLAB_TOKENS": TOKEN, "GITLAB_SIGNING_TOKENS": SIGNING_TOKEN}
    seen = []
    with somebody_else(202, b"{}", seen=seen) as url:
        plain = run("send", folder / "a.json", "--url", url, **tokens)
        signed = run("send", folder / "a.json", "--url", url, "--signed", **tokens)

    assert (plain.exit_code, signed.exit_code) == (0, 0)
    (plain_headers, _), (headers, body) = seen
    assert "webhook-signature" not in plain_headers
    assert "x-gitlab-token" not in headers
    assert Webhook(SIGNING_TOKEN).verify(body, headers) == USER


@pytest.mark.parametrize("text", [TOKEN, "whsec_", "whsec_short", "whsec_c2hvcnQ="])
def test_a_file_without_signing_token_is_told(folder, text):
    (folder / "token").write_text(text)

    result = run("send", folder, "--signed", "--token-file", folder / "token")

    assert result.exit_code == 2
    assert "token holds no signing token" in result.stderr


def test_who_has_no_signing_token_is_told_where_to_put_one(folder):
    result = run("send", folder, "--signed", GITLAB_TOKENS=TOKEN)

    assert result.exit_code == 2
    assert "FORGEWIRE_GITLAB_SIGNING_TOKENS" in result.stderr


def at(url):
    """Settings by which a receiver is found like that of a stack."""
    return {"INGEST_BIND": url.removeprefix("http://"), "GITLAB_TOKENS": TOKEN}


@contextmanager
def somebody_else(status, body, answers=9, seen=None):
    """A server that is no receiver, and hangs up after so many answers.

    It puts headers and body of each request into `seen`.
    """
    left = [answers]
    seen = [] if seen is None else seen

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            sent = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): it for name, it in self.headers.items()}
            seen.append((headers, sent))
            left[0] -= 1
            if left[0] < 0:
                return
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
