"""Roles and tokens from end to end: commands decide, and a running API goes by it."""

import time

import pytest

from api import keyring
from config.access import ROLES
from handlers.changes import Delete, Put
from state.store import Decided, Store
from state.version import Stamp
from tests.commands import run, run_json
from tests.processes import start


@pytest.fixture
def tell(api):
    """Apply what an event tells, as a worker does."""
    store = Store(api.db, "gitlab")

    def apply(event, *changes):
        now = api.services.now()
        received = int(now.timestamp() * 1_000_000)
        stamp = Stamp("gitlab", event, f"d-{received}", received, now, now)
        store.apply([Decided(stamp, changes)])

    return apply


@pytest.fixture
def ada(api, tell):
    """A user whom a hook told of; each test has one of its own."""
    ada.number = getattr(ada, "number", 40) + 1
    tell("user_create", Put("users", ada.number, {"username": f"ada{ada.number}"}))
    return f"gitlab:{ada.number}"


@pytest.fixture
def forgewire(api):
    return lambda *words: run_json(*words, **api.variables)


def me(api, token):
    return api.call("GET", "/api/v1/me", token=token)


def mint(forgewire, subject, *options):
    return forgewire("token", "mint", "--user", subject, *options)["access_token"]


def test_who_asks_is_told(api, forgewire, ada):
    minted = forgewire("token", "mint", "--user", ada)

    answer = me(api, minted["access_token"])

    assert answer.status_code == 200
    assert answer.json() == {
        "subject": ada,
        "username": f"ada{ada.partition(':')[2]}",
        "role": "viewer",
        "jti": minted["jti"],
        "expires_at": minted["expires_at"],
    }


def test_a_program_is_told_too(api, forgewire):
    minted = forgewire("token", "mint", "--service", "reports", "--role", "operator")

    told = me(api, minted["access_token"]).json()

    assert (told["subject"], told["username"]) == ("service:reports", None)
    assert told["role"] == "operator"


def test_a_role_counts_from_the_next_request_on(api, forgewire, ada):
    forgewire("user", "set-role", ada, "admin")
    token = mint(forgewire, ada, "--role", "viewer")
    admin = mint(forgewire, ada)
    assert me(api, admin).json()["role"] == "admin"

    revoked = forgewire("user", "set-role", ada, "operator")["revoked_tokens"]

    assert revoked == 1
    assert me(api, admin).status_code == 401
    assert me(api, token).json()["role"] == "viewer"
    forgewire("user", "set-role", ada, "admin")
    assert me(api, admin).status_code == 401


def test_a_revoked_token_is_refused_by_the_next_request(api, forgewire, ada):
    minted = forgewire("token", "mint", "--user", ada)
    assert me(api, minted["access_token"]).status_code == 200

    assert forgewire("token", "revoke", minted["jti"]) == {"revoked": 1}

    assert me(api, minted["access_token"]).status_code == 401


def test_who_is_switched_off_is_out_at_once(api, forgewire, ada):
    token = mint(forgewire, ada)

    forgewire("user", "deactivate", ada)

    assert me(api, token).status_code == 401


def test_who_is_destroyed_at_the_host_is_out_at_once(api, forgewire, ada, tell):
    forgewire("user", "set-role", ada, "admin")
    token = mint(forgewire, ada)
    assert me(api, token).status_code == 200

    tell("user_destroy", Delete("users", int(ada.partition(":")[2])))

    assert me(api, token).status_code == 401
    again = run("token", "mint", "--user", ada, **api.variables)
    assert (again.exit_code, again.stdout) == (1, "")
    assert "deleted" in again.stderr


def test_a_running_api_takes_tokens_of_a_key_that_was_just_made(api, forgewire, ada):
    old = mint(forgewire, ada)
    rotated = forgewire("keys", "rotate", "--path", api.keys, "--algorithm", "RS256")
    # As if the time for which a key is only published were over.
    keyring.rotate(api.keys, "RS256", time.time(), after=0)
    new = mint(forgewire, ada)

    published = api.call("GET", "/oauth/discovery/keys").json()["keys"]

    assert (me(api, old).status_code, me(api, new).status_code) == (200, 200)
    assert [it["alg"] for it in published] == ["ES256", "RS256", "RS256"]
    assert rotated["kid"] in [it["kid"] for it in published]
    assert not [it for it in published if "d" in it]


def test_each_role_may_what_those_before_it_may_and_more(api):
    roles = api.call("GET", "/api/v1/roles", role="viewer").json()["roles"]

    assert [it["role"] for it in roles] == list(ROLES)
    assert [it["includes"] for it in roles] == [
        [],
        ["viewer"],
        ["viewer", "operator"],
    ]
    assert {"GET /api/v1/me", "GET /api/v1/roles"} <= set(roles[0]["may"])
    assert all(it["about"] for it in roles)
    every = [one for it in roles for one in it["may"]]
    assert len(every) == len(set(every))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "forgewire keys generate"),
        ("", "no file of `forgewire keys`"),
        ('{"keys": [], "cookie_secrets": ["c2hvcnQ"]}', "too short"),
    ],
    ids=["missing", "undecodable", "short"],
)
def test_without_good_keys_the_api_does_not_start(tmp_path, content, said):
    path, log = tmp_path / "keys.json", tmp_path / "log"
    if content is not None:
        path.write_text(content)

    process = start("api", log, JWT_KEYS_PATH=path)

    assert process.wait(20) == 2
    assert said in log.read_text()
    assert "Traceback" not in log.read_text()
    assert "c2hvcnQ" not in log.read_text()
