"""Public keys as people paste them, and private keys, which are refused."""

import json
from base64 import b64decode, b64encode
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from countries.accounts import keys

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
RAW = KEY.public_key().public_bytes_raw()
DER = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
P = 2**255 - 19


def private(encoding, form, protection=None):
    return KEY.private_bytes(encoding, form, protection or NoEncryption())


def text(raw):
    return b64encode(raw).decode()


@pytest.mark.parametrize(
    "given", [PEM, f"\r\n{PEM}\r\n", text(RAW), f" {text(RAW)[:20]}\n{text(RAW)[20:]} ", text(DER)], ids=str
)
def test_public_key_is_read(given):
    assert keys.read(given) == RAW


def test_fingerprint_is_that_of_the_key_in_der():
    assert keys.fingerprint(RAW) == sha256(DER).hexdigest()
    assert keys.decode(keys.encode(RAW)) == RAW


@pytest.mark.parametrize(
    "given",
    [
        private(Encoding.PEM, PrivateFormat.PKCS8).decode(),
        private(Encoding.PEM, PrivateFormat.OpenSSH).decode(),
        private(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")).decode(),
        # Without its first line, as it comes out of a mouse that began too late.
        private(Encoding.PEM, PrivateFormat.PKCS8).decode().split("\n")[1],
        text(private(Encoding.DER, PrivateFormat.PKCS8)),
        text(generate_ec(SECP256R1()).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())),
        # Its length takes three bytes, so the version comes last of all.
        text(generate_rsa(65537, 1024).private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())),
        text(bytes(range(32)) + RAW),
        json.dumps({"kty": "OKP", "crv": "Ed25519", "d": "x", "x": "y"}),
        "PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1",
    ],
    ids=range(10),
)
def test_private_key_is_recognised_and_not_repeated(given):
    with pytest.raises(keys.PrivateKeyError, match="THIS IS A PRIVATE KEY") as raised:
        keys.read(given)
    assert raised.value.__cause__ is None
    assert not any(line in str(raised.value) for line in given.split("\n") if len(line) > 20)


@pytest.mark.parametrize(
    "given",
    [
        "",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAOhB7/zzhC+HXDdGOdLwJln5LYxx9g=",
        text(RAW[:31]),
        text(RAW) + "!",
        PEM.replace("MCow", "MCoX"),
        generate_ec(SECP256R1()).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        json.dumps({"kty": "OKP", "crv": "Ed25519", "x": "y"}),
        "кл\0юч",
    ],
    ids=range(8),
)
def test_what_is_no_key_is_refused_and_not_repeated(given):
    with pytest.raises(keys.UnusableKeyError, match="public half of an Ed25519 key") as raised:
        keys.read(given)
    assert len(given) < 20 or given.strip() not in str(raised.value)


#: Of order 8, as libsodium lists them.
EIGHTH = (
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
)
#: y of all points whose order divides 8.
SMALL = [0, 1, P - 1, *(int.from_bytes(bytes.fromhex(one), "little") for one in EIGHTH)]


@pytest.mark.parametrize("y", [*SMALL, P, P + 1, 2**255 - 1, 2])
@pytest.mark.parametrize("sign", [0, 1])
def test_key_with_which_anybody_could_sign_is_refused(y, sign):
    raw = (y | sign << 255).to_bytes(32, "little")
    with pytest.raises(keys.UnusableKeyError, match="no private key belongs to it"):
        keys.read(text(raw))


def test_weak_key_would_verify_what_nobody_signed():
    """That is why it is refused: the point of order 1 is a key to everything."""
    identity = (1).to_bytes(32, "little")
    assert keys.verifies(identity, signature=identity + bytes(32), message=b"anything")


def test_each_key_that_is_made_is_sound():
    for _ in range(20):
        raw = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
        assert keys.read(text(raw)) == raw


def test_verifies_only_the_very_message_with_the_very_key():
    signature = KEY.sign(b"message")
    assert keys.verifies(RAW, signature=signature, message=b"message")
    assert not keys.verifies(RAW, signature=signature, message=b"Message")
    assert not keys.verifies(RAW, signature=signature[:-1], message=b"message")
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    assert not keys.verifies(other, signature=signature, message=b"message")
    # The same number written another way, as RFC 8032 forbids, is another signature.
    order = 2**252 + 27742317777372353535851937790883648493
    twin = signature[:32] + (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")
    assert not keys.verifies(RAW, signature=twin, message=b"message")
    assert b64decode(text(RAW)) == RAW
