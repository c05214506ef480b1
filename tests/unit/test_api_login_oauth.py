"""What is asked of a token endpoint and of GitLab, and what their answers mean."""

import json
from base64 import b64encode

import pytest

from api.login import oauth
from api.login.gitlab import GitLab
from api.login.oauth import NotVouchedFor
from api.outgoing import Client as Http
from api.outgoing import Reply
from api.unanswered import Away, PrivateAddress, TimedOut
from config.access import Client
from state.sign_ins import SignIn
from tests.answering import always, answering, said

CLIENT = Client(
    url="https://host.example.com", client_id="an id", client_secret="s:%+é"
)
SIGN_IN = SignIn(
    provider="gitlab",
    flow="browser",
    redirect_uri="https://forgewire.example.com/-/oauth/gitlab/callback",
    verifier="a-verifier",
    nonce="a-nonce",
)
TOKEN = (200, {"access_token": "an-access-token"})


class Host:
    """Answers the token endpoint and the user with a status and a value each."""

    def __init__(self, token=TOKEN, user=(200, {"id": 41, "state": "active"})):
        self.token, self.user = token, user
        self.posted, self.got = [], []

    def post(self, url, headers=None, *, form=None):
        self.posted.append((url, headers, form))
        return Reply(self.token[0], {}, json.dumps(self.token[1]).encode())

    def get(self, url, headers=None):
        self.got.append((url, headers))
        return Reply(self.user[0], {}, json.dumps(self.user[1]).encode())


def exchanged(token, **more):
    host = Host(token)
    return oauth.exchange(host, "https://x/token", CLIENT, SIGN_IN, "a-code", **more)


def test_a_code_is_exchanged_with_what_proves_that_it_is_ours():
    host = Host()

    told = oauth.exchange(host, "https://x/token", CLIENT, SIGN_IN, "a-code")

    ((url, headers, form),) = host.posted
    assert told["access_token"] == "an-access-token"
    assert url == "https://x/token"
    assert form == {
        "grant_type": "authorization_code",
        "code": "a-code",
        "redirect_uri": SIGN_IN.redirect_uri,
        "code_verifier": SIGN_IN.verifier,
    }
    pair = b64encode(b"an%20id:s%3A%25%2B%C3%A9").decode()
    assert headers["Authorization"] == f"Basic {pair}"


def test_the_secret_goes_into_the_body_where_it_is_wanted_there():
    host = Host()

    oauth.exchange(host, "https://x", CLIENT, SIGN_IN, "a-code", secret_in_body=True)

    ((_, headers, form),) = host.posted
    assert "Authorization" not in headers
    assert form["client_id"] == CLIENT.client_id
    assert form["client_secret"] == CLIENT.client_secret


def test_a_code_that_is_refused_vouches_for_nobody():
    with pytest.raises(NotVouchedFor):
        exchanged((400, {"error": "invalid_grant", "error_description": "a-code"}))


@pytest.mark.parametrize(
    ("token", "named"),
    [
        ((401, {"error": "invalid_client"}), "401: invalid_client"),
        ((400, {"error": "a-code"}), "400: no error of OAuth"),
        ((400, {"error": ["invalid_grant"]}), "400: no error of OAuth"),
        ((200, {}), "200: no error of OAuth"),
        ((200, {"access_token": 7}), "200: no error of OAuth"),
        ((500, {"access_token": "x"}), "500: no error of OAuth"),
        ((302, {}), "302: no error of OAuth"),
    ],
)
def test_what_else_a_token_endpoint_says_is_a_fault_between_it_and_us(token, named):
    with pytest.raises(Away) as caught:
        exchanged(token)

    assert str(caught.value) == f"the token endpoint answered {named}"


class TestGitLab:
    def test_says_who_it_is_by_the_id(self):
        host = Host(user=(200, {"id": 41, "state": "active", "username": "root"}))

        person = GitLab(CLIENT, host).person("a-code", SIGN_IN)

        assert (person.subject, person.gives_roles) == ("gitlab:41", False)
        ((url, headers),) = host.got
        assert url == "https://host.example.com/api/v4/user"
        assert headers["Authorization"] == "Bearer an-access-token"

    @pytest.mark.parametrize(
        "user",
        [
            (401, {}),
            (403, {}),
            (200, {"id": 41, "state": "blocked"}),
            (200, {"id": 41}),
        ],
    )
    def test_vouches_for_nobody_who_is_not_active(self, user):
        with pytest.raises(NotVouchedFor):
            GitLab(CLIENT, Host(user=user)).person("a-code", SIGN_IN)

    @pytest.mark.parametrize(
        "user", [(500, {}), (404, {}), (302, {"id": 41}), (200, {}), (200, [])]
    )
    def test_that_says_nothing_is_as_good_as_away(self, user):
        with pytest.raises(Away):
            GitLab(CLIENT, Host(user=user)).person("a-code", SIGN_IN)

    @pytest.mark.parametrize("id_", [True, "41", 4.1, None, [41]])
    def test_names_a_user_by_a_number_only(self, id_):
        host = Host(user=(200, {"id": id_, "state": "active"}))

        with pytest.raises(Away):
            GitLab(CLIENT, host).person("a-code", SIGN_IN)


class TestOverTheWire:
    def person(self, url, **how):
        client = Client(url=url, client_id="a", client_secret="b")
        return GitLab(client, Http(**how)).person("a-code", SIGN_IN)

    def test_a_host_that_is_slow_is_not_waited_for(self):
        def slowly(_, connection):
            connection.recv(1)

        with answering(slowly) as url, pytest.raises(TimedOut):
            self.person(url, allow_private=True, total_seconds=0.3)

    def test_a_host_on_a_private_address_is_not_asked(self):
        with answering(always(said(200))) as url, pytest.raises(PrivateAddress):
            self.person(url, allow_private=False)

    def test_a_redirect_is_not_followed(self):
        with answering(always(said(200, b'{"access_token": "x"}'))) as other:
            moved = always(said(307, b"{}", f"Location: {other}"))
            with answering(moved) as url, pytest.raises(Away):
                self.person(url, allow_private=True)
