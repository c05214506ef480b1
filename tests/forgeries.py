"""Make tokens that are wrong in one point each, and signed as well as can be."""

import base64
import hashlib
import hmac
import json

from joserfc import jws, jwt
from joserfc.jwk import ECKey, RSAKey

CLAIMS = ("iss", "aud", "sub", "iat", "nbf", "exp", "jti")
ALGORITHMS = ("none", "HS256", "ES256", "RS512", "PS256", "RSA-OAEP", "", 7, ["RS256"])
STRANGER = {"RS256": RSAKey.generate_key(2048), "ES256": ECKey.generate_key()}


def raw(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def part(value):
    return raw(json.dumps(value).encode())


def unpacked(token):
    """The header and the claims."""
    cut = [text + "=" * (-len(text) % 4) for text in token.split(".")[:2]]
    return [json.loads(base64.urlsafe_b64decode(text)) for text in cut]


class Forger:
    """Works from a good token and the keys, of which the last one signed it: RS256."""

    def __init__(self, good, keys, now):
        self.good, self.now = good, now
        self.old, self.key = keys
        self.header, self.claims = unpacked(good)

    def all(self):
        """The forgeries, by what is wrong with them."""
        return self.heads() | self.keys() | self.says() | self.times() | self.texts()

    def signed(self, by=None, *, less=(), head=None, **more):
        """The good token, with some changes, and signed again."""
        says = {k: v for k, v in (self.claims | more).items() if k not in less}
        key = by or self.key.jwk
        return jwt.encode(self.header | (head or {}), says, key, ["RS256", "ES256"])

    def heads(self):
        _, claims, signature = self.good.split(".")

        def headed(**more):
            return f"{part(self.header | more)}.{claims}.{signature}"

        algorithms = {f"alg {it}": headed(alg=it) for it in ALGORITHMS}
        return algorithms | {
            "alg none, unsigned": f"{part(self.header | {'alg': 'none'})}.{claims}.",
            "alg null": headed(alg=None),
            "a kid that is no text": headed(kid=7),
            "a critical header": headed(crit=["x"]),
            "another type": self.signed(head={"typ": "at+jwt"}),
            "no kid": jwt.encode({"alg": "RS256"}, self.claims, self.key.jwk),
            "another kid": self.signed(head={"kid": "another"}),
            "the other key's kid": self.signed(head={"kid": self.old.kid}),
        }

    def keys(self):
        public = STRANGER["RS256"].as_dict(private=False)
        return {
            "HS256 with the public key": self._hs256(),
            "a stranger's key": self.signed(STRANGER["RS256"]),
            "its own key": self.signed(STRANGER["RS256"], head={"jwk": public}),
            "another kind of key": self.signed(
                STRANGER["ES256"], head={"alg": "ES256"}
            ),
        }

    def says(self):
        missing = {f"no {name}": self.signed(less=[name]) for name in CLAIMS}
        null = {f"{name} null": self.signed(**{name: None}) for name in CLAIMS}
        other = {f"{name} an object": self.signed(**{name: {}}) for name in CLAIMS}
        wrong = {
            "iss": "https://evil.example.com",
            "aud": ["another", "third"],
            "sub": "gitlab:42",
            "jti": "another",
        }
        return (missing | null | other) | {
            f"wrong {name}": self.signed(**{name: it}) for name, it in wrong.items()
        }

    def times(self):
        now = self.now
        return {
            "expired": self.signed(iat=now - 7200, exp=now - 3600),
            "far exp": self.signed(exp=now + 3601),
            "very far exp": self.signed(exp=10**300),
            "exp without end": self.signed(exp=float("inf")),
            "exp that is no number": self.signed(exp=float("nan")),
            "exp as text": self.signed(exp=str(now + 60)),
            "exp with a fraction": self.signed(exp=now + 60.5),
            "exp true": self.signed(exp=True),
            "good from tomorrow": self.signed(nbf=now + 86_400),
            "issued tomorrow": self.signed(iat=now + 86_400, exp=now + 86_460),
        }

    def texts(self):
        header, claims, signature = self.good.split(".")
        contents = {"list": b"[]", "deep": b"[" * 3_000, "no text": b"\xff\xfe"}
        heads = {"text": b'"alg"', "list": b'["alg"]', "deep": b"[" * 3_000}
        numbers = {"number": b"7", "long number": b"1" * 5_000}
        return {
            **{f"claims: {it}": self._of(told) for it, told in contents.items()},
            **{
                f"header: {it}": f"{raw(told)}.{claims}.{signature}"
                for it, told in (heads | numbers).items()
            },
            "cut": self.good[:-1],
            "longer": f"{self.good}A",
            "padded": f"{self.good}==",
            "unsigned": f"{header}.{claims}.",
            "two parts": f"{header}.{claims}",
            "four parts": f"{self.good}.x",
            "five parts": f"{self.good}.x.y",
            "garbage": "garbage",
            "dots": "...",
            "control characters": "a\x01b.c\x7f.d",
            "other letters": "ä.ö.ü",
            "signed and huge": self.signed(more="x" * 9_000),
            "huge": "a" * 100_000,
            "huge and dotted": ".".join(["a" * 50_000] * 3),
        }

    def _of(self, content):
        return jws.serialize_compact(self.header, content, self.key.jwk, ["RS256"])

    def _hs256(self):
        text = f"{part(self.header | {'alg': 'HS256'})}.{part(self.claims)}"
        public = self.key.jwk.as_pem(private=False)
        return f"{text}.{raw(hmac.digest(public, text.encode(), hashlib.sha256))}"
