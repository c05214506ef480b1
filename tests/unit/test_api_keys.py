"""Our keys: who signs, who verifies, and which files are refused."""

import json
import stat
import threading
import time

import pytest
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey

from api import keyring
from api.keyring import PUBLISH_SECONDS, BadKeys, Keyring
from api.keys import RETIRE_SECONDS, new_secret
from tests.receiver import until

NOW = 1_790_000_000.0
SECRET = new_secret()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "jwt-keys.json"


def ring(path):
    return keyring.load(path)


def kids(keys):
    return [key.kid for key in keys]


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_a_new_key_signs_at_once_and_is_published_without_its_private_half(
    path, algorithm
):
    key = keyring.generate(path, algorithm, NOW)

    (published,) = ring(path).published(NOW)["keys"]
    assert ring(path).signing(NOW).kid == key.kid == published["kid"]
    assert published["alg"] == algorithm
    assert published["use"] == "sig"
    assert not published.keys() & {"d", "p", "q", "dp", "dq", "qi", "k", "signs_from"}


def test_the_file_is_for_its_owner_only(path):
    keyring.generate(path, "ES256", NOW)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_file_that_is_there_is_never_replaced(path):
    keyring.generate(path, "ES256", NOW)
    before = path.read_bytes()

    with pytest.raises(BadKeys, match="forgewire keys rotate"):
        keyring.generate(path, "ES256", NOW)

    assert path.read_bytes() == before


def test_of_two_that_make_the_file_at_once_one_is_told_no(path):
    made, refused = [], []

    def generate():
        try:
            made.append(keyring.generate(path, "ES256", NOW))
        except BadKeys as exc:
            refused.append(exc)

    threads = [threading.Thread(target=generate) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert kids(ring(path).keys) == kids(made)
    assert len(refused) == 7


def test_rotations_at_once_lose_no_key(path):
    keyring.generate(path, "ES256", NOW)
    rotate = [
        threading.Thread(target=keyring.rotate, args=(path, "ES256", NOW))
        for _ in range(8)
    ]
    for one in rotate:
        one.start()
    for one in rotate:
        one.join()

    assert len(ring(path).keys) == 9


def test_a_rotation_overlaps(path):
    old = keyring.generate(path, "ES256", NOW).kid
    new = keyring.rotate(path, "RS256", NOW).kid
    begins = NOW + PUBLISH_SECONDS
    ends = begins + RETIRE_SECONDS
    at = ring(path)

    assert [at.signing(it).kid for it in (NOW, begins - 1)] == [old, old]
    assert [at.signing(it).kid for it in (begins, ends + 1)] == [new, new]
    assert kids(at.live(NOW)) == [old, new]
    assert kids(at.live(ends - 1)) == [old, new]
    assert kids(at.live(ends)) == [new]


def test_the_last_token_of_an_old_key_is_verified_for_as_long_as_it_lives(path):
    keyring.generate(path, "ES256", NOW)
    keyring.rotate(path, "ES256", NOW)
    last = NOW + PUBLISH_SECONDS - 1
    old = ring(path).signing(last)
    token = jwt.encode({"alg": "ES256", "kid": old.kid}, {"sub": "x"}, old.jwk)

    decoded = jwt.decode(token, ring(path).verifying(last + 3600), ["ES256"])

    assert decoded.claims == {"sub": "x"}


def test_rotation_drops_what_verifies_nothing_any_more(path):
    keyring.generate(path, "ES256", NOW)
    second = keyring.rotate(path, "ES256", NOW)
    third = keyring.rotate(path, "ES256", NOW + PUBLISH_SECONDS + RETIRE_SECONDS)

    assert kids(ring(path).keys) == [second.kid, third.kid]


def test_a_rotation_takes_the_algorithm_that_was(path):
    keyring.generate(path, "RS256", NOW)

    assert keyring.rotate(path, None, NOW).algorithm == "RS256"


def test_an_urgent_key_signs_before_one_that_waits_for_its_turn(path):
    keyring.generate(path, "ES256", NOW)
    waiting = keyring.rotate(path, "ES256", NOW)
    urgent = keyring.rotate(path, "ES256", NOW, after=0)

    assert ring(path).signing(NOW).kid == urgent.kid
    assert ring(path).signing(NOW + PUBLISH_SECONDS).kid == waiting.kid


def test_keys_that_are_known_to_others_can_be_dropped(path):
    keyring.generate(path, "ES256", NOW)
    secrets = set(ring(path).cookie_secrets)
    key = keyring.rotate(path, "ES256", NOW, after=0, keeps_old=False)

    assert kids(ring(path).live(NOW)) == [key.kid]
    assert not secrets & set(ring(path).cookie_secrets)


def test_cookies_of_the_last_secrets_are_read_still(path):
    keyring.generate(path, "ES256", NOW)
    before = ring(path).cookie_secrets
    keyring.rotate(path, "ES256", NOW)

    assert ring(path).cookie_secrets[0] not in before
    assert ring(path).cookie_secrets[1:] == before


def test_a_rotation_keeps_who_may_read_the_file_and_a_link(path, tmp_path):
    keyring.generate(path, "ES256", NOW)
    path.chmod(0o640)
    link = tmp_path / "link.json"
    link.symlink_to(path)

    keyring.rotate(link, "ES256", NOW)

    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert len(ring(path).keys) == 2


def test_a_file_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(BadKeys, match="cannot be written"):
        keyring.generate(tmp_path / "file" / "keys.json", "ES256", NOW)


def written(key, **more):
    return {**key.as_dict(private=True), "signs_from": 1} | more


ES = ECKey.generate_key("P-256", {"kid": "a", "alg": "ES256", "use": "sig"})
RS = RSAKey.generate_key(2048, {"kid": "b", "alg": "RS256", "use": "sig"})
with pytest.warns(SecurityWarning):
    SHORT = RSAKey.generate_key(1024, {"kid": "b", "alg": "RS256"})
GOOD = {"keys": [written(ES)], "cookie_secrets": [SECRET]}
BAD = {
    "no JSON": "nonsense",
    "no text": b"\xff\xfe",
    "nothing": "",
    "deep": "[" * 100_000,
    "a list": [],
    "no keys": {"cookie_secrets": [SECRET]},
    "no key": GOOD | {"keys": []},
    "no object": GOOD | {"keys": ["x" * 50]},
    "no secrets": {"keys": [written(ES)]},
    "no secret": GOOD | {"cookie_secrets": []},
    "a short secret": GOOD | {"cookie_secrets": [SECRET, "short"]},
    "a secret that is no text": GOOD | {"cookie_secrets": [list(range(50))]},
    "one secret": GOOD | {"cookie_secrets": 7},
    "a short key": GOOD | {"keys": [written(SHORT)]},
    "a public key": GOOD | {"keys": [ES.as_dict(private=False) | {"signs_from": 1}]},
    "another curve": GOOD
    | {"keys": [written(ECKey.generate_key("P-384"), kid="a", alg="ES256")]},
    "another kind": GOOD
    | {"keys": [written(OKPKey.generate_key("Ed25519"), kid="a", alg="EdDSA")]},
    "a shared secret": GOOD
    | {"keys": [written(OctKey.generate_key(256), kid="a", alg="HS256")]},
    "an algorithm that is not the key's": GOOD | {"keys": [written(ES, alg="RS256")]},
    "no algorithm": GOOD | {"keys": [written(ES, alg=None)]},
    "a key without a name": GOOD | {"keys": [written(ES, kid="")]},
    "a name that is no text": GOOD | {"keys": [written(ES, kid=7)]},
    "two of one name": GOOD | {"keys": [written(ES), written(RS, kid="a")]},
    "a key that is not decodable": GOOD | {"keys": [written(ES, d="*")]},
    "halves that do not match": GOOD
    | {"keys": [written(ES, d=ECKey.generate_key("P-256").as_dict(private=True)["d"])]},
    "no time": GOOD | {"keys": [written(ES, signs_from=None)]},
    "no end of time": GOOD | {"keys": [written(ES, signs_from=float("inf"))]},
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD.keys())
def test_a_bad_file_is_refused_and_not_quoted(tmp_path, content):
    path = tmp_path / "keys.json"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content))

    with pytest.raises(BadKeys) as refused:
        keyring.load(path)

    said = str(refused.value)
    assert said.startswith(f"{path}: ")
    assert len(said) < len(f"{path}: ") + 60
    assert SECRET not in said
    assert refused.value.__cause__ is None


def test_a_good_file_is_read(tmp_path):
    path = tmp_path / "keys.json"
    path.write_text(json.dumps(GOOD | {"keys": [written(ES), written(RS)]}))

    assert kids(keyring.load(path).keys) == ["a", "b"]


def test_a_missing_file_says_how_to_make_it(path):
    with pytest.raises(BadKeys, match="forgewire keys generate"):
        Keyring(path)


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(BadKeys, match="cannot be read: Is a directory"):
        Keyring(tmp_path)


def test_keys_show_nothing_of_themselves(path):
    keyring.generate(path, "RS256", NOW)
    shown = f"{ring(path)!r} {ring(path).keys[0]!r} {Keyring(path)!r}"

    told = json.loads(path.read_text())
    private = {told["keys"][0]["d"], told["keys"][0]["p"], *told["cookie_secrets"]}
    assert not [it for it in private if it in shown]


def test_a_process_sees_that_the_file_was_replaced(path):
    keyring.generate(path, "ES256", NOW)
    held = Keyring(path, lambda: NOW)

    new = keyring.rotate(path, "ES256", NOW)

    assert new.kid in kids(held.ring.keys)


def test_a_file_that_goes_bad_leaves_the_last_good_keys(path):
    keyring.generate(path, "ES256", time.time())
    held = Keyring(path)
    before, good = kids(held.ring.keys), path.read_bytes()

    path.write_text("nonsense")
    assert kids(held.ring.keys) == before
    path.unlink()
    assert kids(held.ring.keys) == before
    path.write_bytes(good)
    new = keyring.rotate(path, "ES256", time.time())

    until(lambda: new.kid in kids(held.ring.keys), "the file is read again", 5)


def test_keys_of_both_kinds_verify_side_by_side(path):
    keyring.generate(path, "ES256", NOW)
    keyring.rotate(path, "RS256", NOW)

    assert isinstance(ring(path).verifying(NOW), KeySet)
    assert {key.alg for key in ring(path).verifying(NOW)} == {"ES256", "RS256"}
