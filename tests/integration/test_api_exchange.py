"""Tokens for personal access tokens: real processes, one the upstream of the other."""

import json
import re
import time

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import KeySet
from structlog.testing import capture_logs

from api.exchange.relay import Relay
from api.outgoing import Client
from api.unanswered import PrivateAddress
from tests.answering import answering, said
from tests.api import Api
from tests.apis import another
from tests.signing import githost

PATH, ALIAS = "/api/v1/tokens", "/api/v4/code_suggestions/tokens"
ALLOWED, OUTSIDE, SERVICE, STRANGER, BLOCKED, MISTAKEN = 41, 42, 43, 44, 45, 46
SELF, USER = "/api/v4/personal_access_tokens/self", "/api/v4/user"
PERSONAL = "glpat-S3cretOfAPerson"
SERVICE_TOKEN = "glpat-S3cretOfTheService"


#: What the host says of tokens, where that differs from `about(ALLOWED)`.
TOKENS = {
    PERSONAL: {},
    SERVICE_TOKEN: {"user_id": SERVICE},
    "of-a-stranger": {"user_id": STRANGER},
    "of-an-outsider": {"user_id": OUTSIDE},
    "of-a-late-one": {"expires_at": "2020-01-01"},
    "of-today": {"expires_at": time.strftime("%Y-%m-%d", time.gmtime())},
    "of-odd-end": {"expires_at": "soon"},
    "revoked": {"revoked": True},
    "not-active": {"active": False},
    "narrow": {"scopes": ["read_repository"]},
    "of-a-blocked-one": {"user_id": BLOCKED},
    "of-two": {"user_id": MISTAKEN},
    "of-nobody": {"user_id": 1},
    "wide": {"scopes": ["api"], "expires_at": "2999-01-01"},
}
PEOPLE = {
    str(user_id): {"id": user_id, "username": f"user-{user_id}", "state": "active"}
    for user_id in (ALLOWED, OUTSIDE, SERVICE, STRANGER, BLOCKED)
} | {
    str(BLOCKED): {"id": BLOCKED, "state": "blocked"},
    str(MISTAKEN): {"id": ALLOWED, "state": "active"},
}


def about(**told):
    """What the host says of a personal access token."""
    plain = {"id": 7, "name": "tests", "revoked": False, "active": True}
    whose = {"scopes": ["read_user"], "user_id": ALLOWED, "expires_at": None}
    return plain | whose | told


@pytest.fixture(scope="module")
def git(tmp_path_factory):
    site = githost(tmp_path_factory.mktemp("githost"))
    tokens = {token: about(**told) for token, told in TOKENS.items()}
    site.setup(people=PEOPLE, tokens=tokens)
    yield site
    site.stop()


def asked(git):
    """The paths that the host was asked for."""
    found = requests.get(f"{git.url}/_/asked", timeout=10).json()
    return [path for _, path, _ in found]


def running(folder, mongodb, git, **more):
    variables = {
        "GITLAB_URL": git.url,
        "TOKENS_ENABLED": "true",
        "ALLOW_PRIVATE_ENDPOINTS": "true",
        "LOGIN_RATE": "100000/second",
        "LOG_LEVEL": "DEBUG",
    }
    api = Api(folder, mongodb.url, **variables | more)
    api.db["users"].insert_many(
        [
            {"_id": f"gitlab:{ALLOWED}", "state": "active", "teams": ["gitlab"]},
            {"_id": f"gitlab:{OUTSIDE}", "state": "active", "teams": []},
            {"_id": f"gitlab:{SERVICE}", "state": "active", "teams": ["gitlab"]},
            {"_id": f"gitlab:{BLOCKED}", "state": "active", "teams": ["gitlab"]},
        ]
    )
    return api


@pytest.fixture(scope="module")
def upstream(git, mongodb, tmp_path_factory):
    """An instance that issues tokens itself."""
    api = running(tmp_path_factory.mktemp("upstream"), mongodb, git)
    yield api
    api.close()


@pytest.fixture(scope="module")
def relaying(git, mongodb, tmp_path_factory, upstream):
    """An instance that relays to it."""
    api = running(
        tmp_path_factory.mktemp("relaying"),
        mongodb,
        git,
        UPSTREAM_URL=upstream.url,
        UPSTREAM_TOKEN=SERVICE_TOKEN,
    )
    upstream.wait()
    yield api.wait()
    api.close()


@pytest.fixture(scope="module")
def issuing(upstream):
    return upstream.wait()


def asks(api, token, path=PATH, **headers):
    return api.call("POST", path, token=token, headers=headers)


@pytest.mark.parametrize("path", [PATH, ALIAS])
def test_a_personal_access_token_is_exchanged(issuing, path):
    before = int(time.time())
    answer = asks(issuing, PERSONAL, path)
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    given = answer.json()
    assert list(given) == ["access_token", "created_at", "expires_in"]
    assert given["expires_in"] == 3600
    assert before <= given["created_at"] <= time.time()
    claims = verified(issuing, given["access_token"])
    assert claims["sub"] == f"gitlab:{ALLOWED}"
    assert claims["iat"] == given["created_at"]
    assert issuing.call("GET", "/nothing", token=given["access_token"]).status_code
    row = issuing.db["tokens"].find_one({"_id": claims["jti"]})
    assert (row["kind"], row["subject"]) == ("exchange", f"gitlab:{ALLOWED}")


def verified(api, token):
    """The claims, checked as anybody can: with the keys that are published."""
    keys = KeySet.import_key_set(api.call("GET", "/oauth/discovery/keys").json())
    return jwt.decode(token, keys, algorithms=["ES256"]).claims


@pytest.mark.parametrize(
    "token",
    [
        "nobody-has-it",
        "of-a-late-one",
        "of-today",
        "of-odd-end",
        "revoked",
        "not-active",
        "narrow",
        "of-a-blocked-one",
        "of-two",
        "of-nobody",
        # Known to the host, and not allowed here.
        "of-a-stranger",
        "of-an-outsider",
        # Nothing that the host is asked about.
        "two words",
        "x" * 513,
        "caf\xe9",
    ],
)
def test_all_who_get_none_are_answered_the_same(issuing, token):
    answer = asks(issuing, token.encode("latin-1").decode("latin-1"))
    nothing = asks(issuing, None)
    assert answer.status_code == nothing.status_code == 401
    assert answer.content == nothing.content
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_with_any_scope_that_reads_its_owner_is_taken(issuing):
    assert asks(issuing, "wide").status_code == 201


@pytest.mark.parametrize("scheme", ["Basic", "Token", "Private-Token"])
def test_only_a_bearer_is_taken(issuing, scheme):
    answer = asks(issuing, None, Authorization=f"{scheme} {PERSONAL}")
    assert answer.status_code == 401


def test_a_good_answer_is_remembered_a_bad_one_is_not(issuing, git):
    tokens = {token: about(**told) for token, told in TOKENS.items()}
    git.setup(tokens=tokens | {"twice": about()})
    before = len(asked(git))
    for _ in range(3):
        assert asks(issuing, "twice").status_code == 201
    assert asked(git)[before:] == [SELF, USER]
    for _ in range(3):
        assert asks(issuing, "made-later").status_code == 401
    assert asked(git)[before + 2 :] == [SELF] * 3
    git.setup(tokens=tokens | {"made-later": about()})
    assert asks(issuing, "made-later").status_code == 201


@pytest.mark.parametrize("mode", [500, 302, 429, "broken", "away"])
def test_a_host_that_says_nothing_of_use_is_502(issuing, git, mode):
    git.setup(mode=mode)
    assert_problem(asks(issuing, "of-today"), 502)
    git.setup(mode="ok")


def assert_problem(answer, status):
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == status


def test_the_trail_tells_who_got_a_token_and_of_nobody_who_got_none(relaying, issuing):
    for api in (issuing, relaying):
        api.db["changes"].delete_many({})
        assert asks(api, PERSONAL).status_code == 201
        assert asks(api, "of-an-outsider").status_code == 401
        assert asks(api, None).status_code == 401
        told = api.call("GET", "/api/v1/changes", role="admin").json()
        assert PERSONAL not in json.dumps(told)
        (row,) = told
        assert (row["subject"], row["route"]) == (f"gitlab:{ALLOWED}", PATH)


def test_fault_15_a_relay_never_sends_on_the_callers_token(relaying, upstream):
    answer = asks(relaying, PERSONAL, Cookie="a=b", X_Own="mine")
    assert answer.status_code == 201
    # The upstream issued it, to the service account and to nobody else.
    claims = verified(upstream, answer.json()["access_token"])
    assert claims["sub"] == f"gitlab:{SERVICE}"


def test_fault_15_a_relay_sends_its_own_headers_only(told):
    told["seen"].clear()
    told["data"] = said(401, b'{"message":"401 Unauthorized"}')
    answer = asks(told["api"], PERSONAL, Cookie="a=b", **{"X-Own": "mine"})
    # Its status and its body are copied.
    assert answer.status_code == 401
    assert answer.json() == {"message": "401 Unauthorized"}
    (head,) = told["seen"]
    names = set(re.findall(r"^([\w-]+):", head, re.MULTILINE))
    assert names == {
        "host",
        "user-agent",
        "accept",
        "accept-encoding",
        "authorization",
        "content-type",
        "content-length",
        "x-forgewire-relay",
    }
    assert f"authorization: bearer {SERVICE_TOKEN}".lower() in head
    assert PERSONAL.lower() not in head


def test_fault_15_the_callers_token_is_kept_nowhere(relaying, upstream, git):
    assert asks(relaying, PERSONAL).status_code == 201
    assert asks(relaying, f"{PERSONAL}-changed").status_code == 401
    answer = asks(upstream, PERSONAL)
    parts = answer.json()["access_token"].split(".")
    assert PERSONAL not in json.dumps(verified(upstream, ".".join(parts)))
    for api in (relaying, upstream):
        assert_nowhere(api, PERSONAL, SERVICE_TOKEN)


def assert_nowhere(api, *texts):
    """No log line and no document of any collection has one of the texts."""
    stored = b""
    for name in api.db.list_collection_names():
        for raw in api.db[name].find().batch_size(1000):
            stored += repr(raw).encode()
    assert stored
    written = api.log.read_bytes()
    assert b"token-" in written
    for text in texts:
        assert text.encode() not in stored
        assert text.encode() not in written


@pytest.mark.parametrize(
    "off",
    [
        {"tokens_enabled": False},
        # A relay to which no token was given.
        {"upstream_url": "http://127.0.0.1:1"},
    ],
)
@pytest.mark.parametrize("path", [PATH, ALIAS])
def test_fault_16_first_401_then_404_then_401(issuing, off, path):
    client = another(issuing, **off)
    for token, status in [
        ("nobody-has-it", 401),
        (PERSONAL, 404),
        # That it is off comes before who is allowed.
        ("of-an-outsider", 404),
    ]:
        answer = client.post(path, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == status
    assert client.post(path).status_code == 401


def test_fault_16_a_relay_asks_for_nobody_who_is_not_allowed(relaying, upstream):
    before = upstream.db["tokens"].count_documents({})
    assert asks(relaying, "of-an-outsider").status_code == 401
    assert asks(relaying, "nobody-has-it").status_code == 401
    assert upstream.db["tokens"].count_documents({}) == before


@pytest.mark.parametrize("path", [PATH, ALIAS])
@pytest.mark.parametrize("token", [None, "nobody-has-it", "of-an-outsider"])
def test_fault_17_a_user_agent_gives_no_rights(issuing, relaying, path, token):
    for api in (issuing, relaying):
        answer = asks(api, token, path, **{"User-Agent": "gitlab-workhorse"})
        assert answer.status_code == 401
        marked = {"X-Forgewire-Relay": "1", "Gitlab-Workhorse": "1"}
        assert asks(api, token, path, **marked).status_code == 401


def test_a_relay_is_never_relayed(relaying, issuing):
    relayed = {"X-Forgewire-Relay": "1"}
    assert_problem(asks(relaying, PERSONAL, **relayed), 508)
    # Who issues tokens itself takes no offence.
    assert asks(issuing, PERSONAL, **relayed).status_code == 201


def test_a_ring_of_relays_ends(git, mongodb, tmp_path):
    api = running(tmp_path, mongodb, git, UPSTREAM_TOKEN=SERVICE_TOKEN)
    api.end()
    api.variables["UPSTREAM_URL"] = api.url
    api.start()
    assert_problem(asks(api.wait(), PERSONAL), 508)
    api.close()


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (said(201, b'{"access_token": "x"}'), 201),
        (said(404, b'{"message": "404 Not Found"}'), 404),
        (said(503, b'{"message": "later"}'), 503),
        (said(302, b"{}", "Location: http://127.0.0.1:1/"), 502),
        (said(200, b"<html>"), 502),
        (said(201, b"[]"), 502),
        (said(201, b'{"a": "' + b"x" * (1 << 20) + b'"}'), 502),
        (b"", 502),
    ],
)
def test_the_upstreams_status_is_copied_if_it_makes_sense(told, data, status):
    told["data"] = data
    answer = asks(told["api"], PERSONAL)
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("application/")
    if status != 502:
        assert answer.content == data.partition(b"\r\n\r\n")[2]


@pytest.fixture(scope="module")
def told(git, mongodb, tmp_path_factory):
    """An instance, and what its upstream will say: `told["data"]`."""
    said_next = {"seen": [], "git": git}

    def respond(head, connection):
        said_next["seen"].append(head.decode().lower())
        if said_next["data"] is None:
            connection.recv(1)
        else:
            connection.sendall(said_next["data"])

    with answering(respond) as url:
        said_next["api"] = running(
            tmp_path_factory.mktemp("told"),
            mongodb,
            git,
            UPSTREAM_URL=url,
            UPSTREAM_TOKEN=SERVICE_TOKEN,
        ).wait()
        yield said_next
        said_next["api"].close()


@pytest.mark.parametrize("slow", ["host", "upstream"])
def test_a_server_that_is_too_slow_is_504(told, slow):
    told["data"] = None
    told["git"].setup(mode="slow" if slow == "host" else "ok")
    http = Client(allow_private=True, total_seconds=0.3)
    client = another(told["api"], http=http)
    answer = client.post(PATH, headers={"Authorization": f"Bearer {PERSONAL}"})
    told["git"].setup(mode="ok")
    assert answer.status_code == 504
    assert answer.json["code"] == "too-slow"


def test_no_host_on_a_private_address_is_asked_unless_allowed(issuing, git):
    before = len(asked(git))
    client = another(issuing, allow_private=False)
    answer = client.post(PATH, headers={"Authorization": f"Bearer {PERSONAL}"})
    assert answer.status_code == 502
    assert len(asked(git)) == before


def test_no_upstream_on_a_private_address_is_asked_unless_allowed(told):
    told["seen"].clear()
    url = told["api"].settings.access.upstream_url
    for written in (url, url.replace("127.0.0.1", "0x7f000001")):
        with pytest.raises(PrivateAddress):
            Relay(Client(allow_private=False), written, SERVICE_TOKEN).ask()
    assert told["seen"] == []


def test_without_a_host_to_ask_nobody_is_known_and_the_log_says_why(issuing):
    with capture_logs() as logged:
        client = another(issuing, gitlab_url=None)
    (warning,) = [line for line in logged if line["event"] == "nobody-to-ask"]
    assert warning["set"] == "FORGEWIRE_GITLAB_URL"
    answer = client.post(PATH, headers={"Authorization": f"Bearer {PERSONAL}"})
    assert answer.status_code == 401


def test_who_is_deactivated_or_destroyed_gets_none(issuing):
    accounts, now = issuing.services.accounts, issuing.services.now()
    subject = f"gitlab:{ALLOWED}"
    old = asks(issuing, PERSONAL).json()["access_token"]
    accounts.deactivate(subject, by="tests", at=now)
    assert asks(issuing, PERSONAL).status_code == 401
    accounts.set_role(subject, "viewer", by="tests", at=now)
    assert asks(issuing, PERSONAL).status_code == 201
    issuing.db["users"].update_one({"_id": subject}, {"$set": {"state": "deleted"}})
    assert asks(issuing, PERSONAL).status_code == 401
    assert issuing.call("GET", "/api/v1/me", token=old).status_code in {401, 404}
    issuing.db["users"].update_one({"_id": subject}, {"$set": {"state": "active"}})


def test_other_methods_are_not_taken(issuing):
    for method in ("GET", "PUT", "DELETE"):
        answer = requests.request(method, issuing.url + PATH, timeout=10)
        assert answer.status_code == 405
