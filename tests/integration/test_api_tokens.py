"""Tokens: whose they are, and everything that is wrong with one is 401, never 500."""

import base64
import json
import re
import secrets
import string
import threading
from datetime import UTC, datetime, timedelta

import pytest
from flask import jsonify
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import KeySet
from prometheus_client import CollectorRegistry

from api import claims, keyring, services
from api.app import create_app
from api.claims import Terms
from api.guard import current
from api.keyring import Keyring
from api.keys import Ring, new_key
from api.tokens import NotAuthenticated
from config.settings import load
from state.client import connect
from tests.forgeries import Forger
from tests.working import at_database

ISSUER, AUDIENCE = "https://forgewire.example.com", "forgewire"
ADA = "gitlab:41"
NOW = 1_790_000_000
RING = Ring((new_key("ES256", 0),), ("x",))


class Clock:
    def __init__(self):
        self.now = NOW + 0.5

    def __call__(self):
        return self.now


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The text of a file with two keys: the first verifies still, the second signs."""
    path = tmp_path_factory.mktemp("keys") / "keys.json"
    keyring.generate(path, "ES256", NOW - 3_000)
    keyring.rotate(path, "RS256", NOW - 2_000)
    return path, path.read_text()


@pytest.fixture(scope="module")
def held(mongodb, made):
    """What all tests here share: one application on one database."""
    path, _ = made
    settings = load(
        {"FORGEWIRE_PUBLIC_URL": ISSUER, "FORGEWIRE_JWT_KEYS_PATH": str(path)}
    )
    name, clock = f"test_{secrets.token_hex(6)}", Clock()
    db = connect(at_database(mongodb.url, name), name="tests")
    yield services.assemble(
        settings,
        db,
        Keyring(path, clock),
        lambda: datetime.fromtimestamp(clock(), UTC),
    )
    db.client.drop_database(name)
    db.client.close()


@pytest.fixture(scope="module")
def app(held):
    return create_app(held, (), CollectorRegistry())


@pytest.fixture
def served(held, made):
    path, text = made
    path.write_text(text)
    held.keyring.clock.now = NOW + 0.5
    for name in ("users", "accounts", "tokens"):
        held.db[name].delete_many({})
    held.db["users"].insert_many(
        {"_id": it, "state": "active", "teams": ["gitlab"], "username": name}
        for it, name in ((ADA, "ada"), ("gitlab:42", "bob"))
    )
    return held


@pytest.fixture
def keys(made):
    return made[0]


@pytest.fixture
def clock(served):
    return served.keyring.clock


@pytest.fixture
def database(served):
    return served.db


@pytest.fixture
def client(app):
    return app.test_client()


def issue(served, has="viewer", subject=ADA, **how):
    served.accounts.set_role(subject, has, by="tests", at=served.now())
    return served.tokens.issue(served.accounts.standing(subject), "mint", **how)


def me(client, token):
    return client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})


def unpadded(text):
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def parts(token):
    header, claims, _ = token.split(".")
    return unpadded(header), unpadded(claims)


def test_a_token_says_who_may_do_what_and_until_when(served):
    header, claims = parts(issue(served, "operator").token)

    assert header.keys() == {"typ", "alg", "kid"}
    assert claims.pop("jti")
    assert claims == {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": ADA,
        "iat": NOW,
        "nbf": NOW - 5,
        "exp": NOW + 3600,
        "roles": ["operator"],
    }


def test_minted_tokens_are_base64url_and_carry_exp(served):
    for _ in range(20):
        token = issue(served).token

        assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+", token, re.ASCII)
        assert parts(token)[1]["exp"] == NOW + 3600


def test_whoever_has_our_public_keys_can_verify_a_token(served, client):
    told = client.get("/oauth/discovery/keys").json
    token = issue(served).token

    decoded = jwt.decode(token, KeySet.import_key_set(told), ["ES256", "RS256"])

    assert decoded.claims["sub"] == ADA


def test_a_good_token_is_its_subject_s(served, client):
    fresh = issue(served, "operator")

    answer = me(client, fresh.token)

    assert answer.status_code == 200
    assert answer.json == {
        "subject": ADA,
        "username": "ada",
        "role": "operator",
        "jti": fresh.issued.jti,
        "expires_at": "2026-09-21T15:13:20+00:00",
    }


@pytest.mark.parametrize(
    ("asked", "lives"), [(None, 3600), (60, 60), (3600, 3600), (9999, 3600)]
)
def test_a_token_lives_for_an_hour_at_most(served, asked, lives):
    fresh = issue(served, seconds=asked)

    assert fresh.expires_in == lives
    assert fresh.created_at == NOW


@pytest.mark.parametrize("seconds", [0, -1])
def test_a_token_that_would_not_live_is_not_issued(served, seconds):
    with pytest.raises(ValueError, match="a second"):
        issue(served, seconds=seconds)


def test_a_token_may_bear_less_than_its_subject_and_never_more(served):
    assert issue(served, "admin", role="viewer").issued.roles == ("viewer",)
    with pytest.raises(ValueError, match="no such role"):
        issue(served, "viewer", role="admin")


def test_who_has_no_role_gets_no_token(served):
    with pytest.raises(ValueError, match="no such role"):
        served.tokens.issue(served.accounts.standing("gitlab:99"), "mint")


def test_a_token_is_good_for_no_more_than_it_bears(served, client):
    token = issue(served, "admin", role="viewer").token

    assert me(client, token).json["role"] == "viewer"


def test_a_token_is_good_until_it_expires_and_no_longer(served, client, clock):
    token = issue(served, seconds=60).token

    clock.now = NOW + 59.9
    assert me(client, token).status_code == 200
    clock.now = NOW + 60
    assert me(client, token).status_code == 401


def is_gone(database):
    database["users"].update_one({"_id": ADA}, {"$set": {"state": "deleted"}})


def is_out(database):
    database["users"].update_one({"_id": ADA}, {"$set": {"teams": []}})


def is_forgotten(database):
    database["users"].delete_one({"_id": ADA})


@pytest.mark.parametrize("ends", [is_gone, is_out, is_forgotten])
def test_tokens_end_with_the_user(served, client, database, ends):
    token = issue(served, "admin").token
    assert me(client, token).status_code == 200

    ends(database)

    assert me(client, token).status_code == 401


def test_who_loses_a_role_loses_its_tokens_for_good(served, client):
    token = issue(served, "admin").token
    for role in ("viewer", "admin"):
        served.accounts.set_role(ADA, role, by="tests", at=served.now())

        assert me(client, token).status_code == 401


def test_a_role_that_was_lost_elsewhere_is_read_again(served, client, database):
    token = issue(served, "admin").token
    database["accounts"].update_one({"_id": ADA}, {"$set": {"role": "viewer"}})

    assert me(client, token).json["role"] == "viewer"


def test_a_revoked_token_is_refused_and_no_other(served, client):
    first, second = issue(served), issue(served)
    served.issued.revoke(at=served.now(), jti=first.issued.jti)

    assert me(client, first.token).status_code == 401
    assert me(client, second.token).status_code == 200


def test_a_token_that_nobody_noted_is_refused(served, client, database):
    token = issue(served).token
    database["tokens"].delete_many({})

    assert me(client, token).status_code == 401


def test_a_token_outlives_the_rotation_of_its_key(served, client, clock, keys):
    token = issue(served).token
    keyring.rotate(keys, "ES256", clock.now, after=0)
    clock.now += 3500

    assert me(client, token).status_code == 200
    assert parts(issue(served).token)[0]["alg"] == "ES256"


def test_without_its_key_a_token_is_no_good(served, client, clock, keys):
    token = issue(served).token
    keyring.rotate(keys, "ES256", clock.now, after=0, keeps_old=False)

    assert me(client, token).status_code == 401
    assert me(client, issue(served).token).status_code == 200


def forgeries(served):
    good = issue(served)
    return Forger(good.token, served.keyring.ring.keys, NOW).all()


def test_what_is_forged_differs_in_one_point_from_what_is_good(served):
    forger = Forger(issue(served).token, served.keyring.ring.keys, NOW)

    assert served.tokens.identify(forger.signed()).subject == ADA


def test_a_token_that_is_not_right_is_401_and_the_answer_says_nothing_of_it(
    served, client
):
    want = me(client, "nonsense").data

    forged = forgeries(served)
    answers = {name: me(client, token) for name, token in forged.items()}

    assert len(answers) > 60
    wrong = {
        name: answer.status_code
        for name, answer in answers.items()
        if answer.status_code != 401 or answer.data != want
    }
    assert wrong == {}
    assert answers["garbage"].content_type == "application/problem+json"
    assert answers["garbage"].headers["WWW-Authenticate"].startswith("Bearer ")


def test_why_a_token_is_not_good_is_told_to_our_log_without_quoting_it(served):
    for name, token in forgeries(served).items():
        with pytest.raises(NotAuthenticated) as refused:
            served.tokens.identify(token)

        assert len(str(refused.value)) < 60, name
        assert "gitlab:42" not in str(refused.value), name


@given(st.text(string.printable, max_size=200))
def test_no_text_is_a_bug(text):
    with pytest.raises(NotAuthenticated):
        claims.read(text, Terms(ISSUER, AUDIENCE), RING, NOW)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Token {}"},
        {"Authorization": "{}"},
        {"PRIVATE-TOKEN": "{}"},
        {"X-Access-Token": "{}"},
        {"Cookie": "token={}; jwt={}; access_token={}"},
    ],
)
def test_a_token_counts_in_one_place_only(served, client, headers):
    token = issue(served).token
    sent = {name: it.replace("{}", token) for name, it in headers.items()}

    assert client.get("/api/v1/me", headers=sent).status_code == 401


@pytest.mark.parametrize("name", ["access_token", "id_token", "token", "jwt"])
def test_no_token_counts_in_a_query(served, client, name):
    answer = client.get("/api/v1/me", query_string={name: issue(served).token})

    # 400 for names that are surely meant as such: to be told beats to be let go.
    assert answer.status_code in {400, 401}


def test_two_interleaved_requests_never_share_identity(served):
    """Both are under way, each has been let in, before either asks who it is."""
    both_are_in = threading.Barrier(2)

    def who():
        both_are_in.wait(10)
        return jsonify(current().subject)

    app = create_app(served, (), CollectorRegistry())
    app.add_url_rule("/who", "who", who)
    tokens = {it: issue(served, subject=it).token for it in (ADA, "gitlab:42")}
    told = {}

    def ask(subject, token):
        bearer = {"Authorization": f"Bearer {token}"}
        told[subject] = app.test_client().get("/who", headers=bearer).json

    for _ in range(5):
        threads = [threading.Thread(target=ask, args=it) for it in tokens.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert told == {ADA: ADA, "gitlab:42": "gitlab:42"}
        told.clear()


def test_an_identity_does_not_outlive_its_request(served, client):
    assert me(client, issue(served).token).status_code == 200
    assert client.get("/api/v1/me").status_code == 401


def test_nothing_of_a_token_is_kept(served, database):
    token = issue(served).token
    (row,) = database["tokens"].find()

    assert not [cut for cut in token.split(".") if cut in str(row)]
    assert row["expires_at"] - row["issued_at"] == timedelta(hours=1)
