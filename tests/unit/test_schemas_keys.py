"""Check the fingerprints of public keys against what OpenSSH prints for them."""

import pytest

from schemas.keys import fingerprint

ED25519 = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGsweAZ8a2K7KY3JyjqBe0UPdetkaIfawjkUW1d5NyWU"
)


def test_the_fingerprint_is_the_one_that_openssh_prints():
    assert fingerprint(ED25519) == "SHA256:SNcmcUq43ocji4vzR9Rtnnxmr2qChOOAqJWmYAeZyQY"


@pytest.mark.parametrize("end", ["", " ada@workbench", "  two words\n", "\r\n"])
def test_the_comment_does_not_count(end):
    assert fingerprint(ED25519 + end) == fingerprint(ED25519)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ssh-ed25519",
        "ssh-ed25519 not base64",
        "ssh-ed25519 ÄÖÜ=",
        "ssh-ed25519 AAAA",
        ED25519.replace("ssh-ed25519", "ssh-rsa", 1),
        "ssh-ed25519\ud800 AAAA",
    ],
)
def test_a_text_that_is_no_key_has_none(text):
    assert fingerprint(text) is None
