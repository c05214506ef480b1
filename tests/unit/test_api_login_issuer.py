"""What an issuer says of itself is taken only if it makes sense."""

import json

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from api.login.issuer import KEEP_SECONDS, Issuer
from api.outgoing import Reply
from api.unanswered import Away

URL = "https://id.example.com/realms/one"
GOOD = {
    "issuer": URL,
    "authorization_endpoint": f"{URL}/auth",
    "token_endpoint": f"{URL}/token",
    "jwks_uri": f"{URL}/keys",
}
DISCOVERY = f"{URL}/.well-known/openid-configuration"


class Pages:
    """Answers as pages say: a JSON value, or a status."""

    def __init__(self, pages):
        self.pages = pages
        self.asked = []

    def get(self, url, headers=None):
        self.asked.append(url)
        page = self.pages[url]
        status, body = (page, b"") if isinstance(page, int) else (200, json.dumps(page))
        return Reply(status, {}, body if isinstance(body, bytes) else body.encode())


def told(now=lambda: 0.0, **more):
    return Issuer(URL, Pages({DISCOVERY: GOOD | more}), now)


def test_what_it_says_is_kept_for_an_hour():
    time = [0.0]
    pages = Pages({DISCOVERY: GOOD})
    issuer = Issuer(URL, pages, lambda: time[0])

    for seconds in (0, KEEP_SECONDS - 1, KEEP_SECONDS):
        time[0] = seconds
        assert issuer.metadata().token_endpoint == f"{URL}/token"

    assert pages.asked == [DISCOVERY] * 2


def test_it_may_spell_itself_with_a_slash_at_its_end():
    assert told(issuer=f"{URL}/").metadata().issuer == f"{URL}/"


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "https://id.example.com/realms/two"},
        {"issuer": None},
        {"issuer": [URL]},
        {"token_endpoint": None},
        {"token_endpoint": 7},
        {"token_endpoint": "http://id.example.com/token"},
        {"jwks_uri": ""},
        {"jwks_uri": "/keys"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "https://[oh/"},
        {"userinfo_endpoint": "http://id.example.com/me"},
        {"end_session_endpoint": "ftp://id.example.com"},
    ],
)
def test_one_that_makes_no_sense_is_as_good_as_away(wrong):
    with pytest.raises(Away):
        told(**wrong).metadata()


@pytest.mark.parametrize("page", [404, 302, 500, [], "text"])
def test_one_without_a_discovery_document_is_as_good_as_away(page):
    with pytest.raises(Away):
        Issuer(URL, Pages({DISCOVERY: page})).metadata()


@pytest.mark.parametrize(
    ("methods", "in_body"),
    [
        (None, False),
        ([], True),
        (["client_secret_post"], True),
        (["client_secret_post", "client_secret_basic"], False),
    ],
)
def test_the_secret_goes_where_the_issuer_takes_it(methods, in_body):
    more = {} if methods is None else {"token_endpoint_auth_methods_supported": methods}

    assert told(**more).metadata().wants_secret_in_body is in_body


class TestItsKeys:
    RSA = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
    EC = ECKey.generate_key("P-256", {"kid": "ec"})

    def issuer(self, page):
        return Issuer(URL, Pages({DISCOVERY: GOOD, GOOD["jwks_uri"]: page}))

    def test_are_those_that_sign(self):
        others = [
            OctKey.generate_key(256).as_dict(),
            OKPKey.generate_key("X25519").as_dict(private=False),
            RSAKey.generate_key(2048, {"use": "enc"}).as_dict(private=False),
            {"kty": "RSA", "n": "!", "e": "AQAB"},
            {"kty": ["RSA"]},
            {},
            None,
            7,
        ]
        page = {"keys": [*others, self.RSA.as_dict(), self.EC.as_dict()]}

        assert [key.kid for key in self.issuer(page).key_set()] == ["rsa", "ec"]

    def test_may_be_none(self):
        assert list(self.issuer({"keys": []}).key_set()) == []

    @pytest.mark.parametrize(
        "page", [{"keys": 7}, {"keys": {}}, {"keys": None}, {}, {"keys": "x"}, 500, []]
    )
    def test_that_make_no_sense_are_as_good_as_away(self, page):
        with pytest.raises(Away):
            list(self.issuer(page).key_set())

    def test_are_kept_until_fresh_ones_are_wanted(self):
        pages = Pages({DISCOVERY: GOOD, GOOD["jwks_uri"]: {"keys": []}})
        issuer = Issuer(URL, pages)

        for fresh in (False, False, True):
            issuer.key_set(fresh=fresh)

        assert pages.asked.count(GOOD["jwks_uri"]) == 2
