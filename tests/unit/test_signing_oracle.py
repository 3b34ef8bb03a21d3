"""The tests' own signer makes the example of RFC 9421, section B.2.6, and the verifier accepts it."""

from base64 import b64decode

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from countries.accounts import keys
from tests.oracles import signing

KEY = b"""-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF
-----END PRIVATE KEY-----
"""
PUBLIC = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=
-----END PUBLIC KEY-----
"""
COVERED = {
    "date": "Tue, 20 Apr 2021 02:07:55 GMT",
    "@method": "POST",
    "@path": "/foo",
    "@authority": "example.com",
    "content-type": "application/json",
    "content-length": "18",
}
SIGNATURE = "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="


def parameters():
    return signing.parameters_of(COVERED, created=1618884473, keyid="test-key-ed25519")


def test_signature_is_the_one_that_the_standard_prints():
    key = load_pem_private_key(KEY, password=None)
    assert signing.encoded(signing.sign(key, COVERED, parameters())) == SIGNATURE


def test_keys_verify_the_one_that_the_standard_prints():
    raw, base = keys.read(PUBLIC), signing.base_of(COVERED, parameters()).encode()
    assert keys.verifies(raw, signature=b64decode(SIGNATURE), message=base)
    assert not keys.verifies(raw, signature=b64decode(SIGNATURE), message=base + b"\n")


def test_digest_is_the_one_that_the_standard_prints():
    body = b'{"hello": "world"}'
    assert signing.content_digest(body, "sha-512") == (
        "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:"
    )
