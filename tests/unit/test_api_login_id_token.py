"""What an id token has to be like, with tokens that no real issuer would sign."""

import hashlib
import hmac

import pytest
from authlib.oidc.core.util import create_half_hash
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from api.login.id_token import Expected, claims
from api.login.oauth import NotVouchedFor
from tests.forgeries import part, raw

NOW = 1_795_000_000
RSA = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
EC = ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"})
STRANGER = RSAKey.generate_key(2048, {"kid": "rsa"})
EXPECTED = Expected(
    issuer="https://id.example.com",
    client_id="forgewire",
    nonce="a-nonce",
    access_token="an-access-token",
)
GOOD = {
    "iss": EXPECTED.issuer,
    "aud": EXPECTED.client_id,
    "sub": "41",
    "iat": NOW - 1,
    "exp": NOW + 60,
    "nonce": EXPECTED.nonce,
}


def public(*keys):
    """The key set of an issuer; asked for afresh it is the same."""
    found = KeySet([type(key).import_key(key.as_dict(private=False)) for key in keys])
    return lambda fresh: found


def signed(key=RSA, alg="RS256", told=None, **header):
    head = {"alg": alg, "kid": key.kid} | header
    algorithms = ["RS256", "RS512", "PS256", "ES256", "HS256"]
    return jwt.encode(head, GOOD if told is None else told, key, algorithms=algorithms)


def refused(token, keys=None):
    with pytest.raises(NotVouchedFor) as caught:
        claims(token, keys or public(RSA, EC), EXPECTED, NOW)
    assert caught.value.__cause__ is None
    return str(caught.value)


@pytest.mark.parametrize(
    ("key", "alg"), [(RSA, "RS256"), (RSA, "RS512"), (RSA, "PS256"), (EC, "ES256")]
)
def test_one_that_an_issuer_signs_tells_its_claims(key, alg):
    token = signed(key, alg, typ="JWT", x5t="unknown to us")

    assert claims(token, public(RSA, EC), EXPECTED, NOW)["sub"] == "41"


def test_one_without_kid_is_taken_if_there_is_one_key():
    token = jwt.encode({"alg": "RS256"}, GOOD, RSA)

    assert claims(token, public(RSA), EXPECTED, NOW)["sub"] == "41"
    assert "InvalidKeyId" in refused(token)


def test_one_that_tells_the_digest_of_another_access_token_is_refused():
    digest = create_half_hash("another-access-token", "RS256").decode()

    assert refused(signed(told=GOOD | {"at_hash": digest})).endswith(" at_hash")


def test_one_that_tells_the_digest_of_its_access_token_passes():
    digest = create_half_hash(EXPECTED.access_token, "RS256").decode()
    token = signed(told=GOOD | {"at_hash": digest})

    assert claims(token, public(RSA), EXPECTED, NOW)["sub"] == "41"


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "iat", "exp", "nonce"])
def test_one_that_leaves_a_claim_out_is_refused(claim):
    told = {name: value for name, value in GOOD.items() if name != claim}

    assert refused(signed(told=told)).endswith(f" {claim}")


@pytest.mark.parametrize(
    "told",
    [
        {"exp": NOW - 31},
        {"exp": "tomorrow"},
        {"exp": float("inf")},
        {"exp": float("nan")},
        {"exp": True},
        {"nbf": NOW + 31},
        {"iat": NOW + 31},
        {"iss": f"{EXPECTED.issuer}/"},
        {"aud": []},
        {"aud": ["a", "b"]},
        {"nonce": "A-NONCE"},
    ],
)
def test_one_that_says_something_else_is_refused(told):
    assert refused(signed(told=GOOD | told)).endswith(f" {next(iter(told))}")


def test_clocks_may_be_half_a_minute_apart():
    told = GOOD | {"exp": NOW - 29, "iat": NOW + 29}

    assert claims(signed(told=told), public(RSA), EXPECTED, NOW)["sub"] == "41"


class TestASignature:
    def test_of_nobody_is_refused(self):
        head, body, _ = signed().split(".")

        assert "UnsupportedAlgorithm" in refused(f"{part({'alg': 'none'})}.{body}.")
        assert "BadSignature" in refused(f"{head}.{body}.")

    def test_by_what_everybody_knows_is_refused(self):
        """The public key of the issuer taken for the secret of HS256."""
        text = f"{part({'alg': 'HS256', 'kid': 'rsa'})}.{part(GOOD)}"
        for secret in (RSA.as_pem(private=False), b"the client's secret"):
            digest = hmac.digest(secret, text.encode(), hashlib.sha256)
            assert "UnsupportedAlgorithm" in refused(f"{text}.{raw(digest)}")

    def test_by_a_stranger_is_refused(self):
        assert "BadSignature" in refused(signed(STRANGER))

    def test_over_something_else_is_refused(self):
        head, _, signature = signed().split(".")
        body = signed(told=GOOD | {"sub": "1"}).split(".")[1]

        assert "BadSignature" in refused(f"{head}.{body}.{signature}")


class TestKeys:
    def test_are_asked_for_afresh_when_one_is_not_known(self):
        asked = []

        def keys(fresh):
            asked.append(fresh)
            return public(EC if fresh else RSA)(fresh)

        assert claims(signed(EC, "ES256"), keys, EXPECTED, NOW)["sub"] == "41"
        assert asked == [False, True]

    def test_that_are_still_not_known_end_it(self):
        assert "InvalidKeyId" in refused(signed(EC, "ES256"), public(RSA))


@pytest.mark.parametrize(
    "garbage",
    [
        *(None, 7, {}, "", ".", "..", "a.b.c", "é.é.é", "a" * 200_000, "\x00"),
        f"{raw(b'[' * 3_000)}.a.b",
        f"{part({'alg': 'RS256', 'kid': []})}.{part(GOOD)}.AA",
        f"{part({'alg': 7})}.{part(GOOD)}.AA",
    ],
)
def test_garbage_is_refused(garbage):
    refused(garbage)
