"""OpenSSL: digests with known answers, contexts, ciphers, and a TLS handshake in memory."""

from __future__ import annotations

import hashlib
import hmac
import os
import ssl
import unittest

_ABC = {
    "md5": "900150983cd24fb0d6963f7d28e17f72",
    "sha1": "a9993e364706816aba3e25717850c26c9cd0d89d",
    "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    "sha512": "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    "sha3_256": "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532",
    "blake2s": "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982",
    "ripemd160": "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc",
    "sm3": "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
}
# Where systems keep all certificates that they trust in one file.
_CERTIFICATES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/cert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
)


class Crypto(unittest.TestCase):
    def test_known_digests(self) -> None:
        """The published digests of ``abc``, also of algorithms that are thought old."""
        for name, digest in _ABC.items():
            self.assertEqual(hashlib.new(name, b"abc").hexdigest(), digest, name)

    def test_guaranteed_algorithms(self) -> None:
        """Every algorithm that hashlib promises works, also on more than one block."""
        for name in sorted(hashlib.algorithms_guaranteed):
            digest = hashlib.new(name, b"x" * 9999)
            length = (32,) if name.startswith("shake") else ()
            self.assertTrue(digest.digest(*length), name)

    def test_key_derivation(self) -> None:
        """The first vector of RFC 6070 and an HMAC computed in two ways."""
        key = hashlib.pbkdf2_hmac("sha1", b"password", b"salt", 1)
        self.assertEqual(key.hex(), "0c60c80f961f0e71f3a9b524af6012062fe037a6")
        self.assertEqual(hmac.new(b"k", b"m", "sha256").hexdigest()[:8], hmac.digest(b"k", b"m", "sha256").hex()[:8])

    def test_openssl(self) -> None:
        """OpenSSL 3, with TLS 1.3."""
        self.assertGreaterEqual(ssl.OPENSSL_VERSION_INFO[:2], (3, 0), ssl.OPENSSL_VERSION)
        self.assertTrue(ssl.HAS_TLSv1_3)

    def test_context(self) -> None:
        """A client context with strong ciphers can be made."""
        context = ssl.create_default_context()
        names = {cipher["name"] for cipher in context.get_ciphers()}
        self.assertIn("TLS_AES_256_GCM_SHA384", names)
        self.assertIn("ECDHE-RSA-AES128-GCM-SHA256", names)

    def test_client_hello(self) -> None:
        """A handshake begins: a client writes a TLS record of its hello."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
        with self.assertRaises(ssl.SSLWantReadError):
            client.do_handshake()
        self.assertEqual(outgoing.read()[:2], b"\x16\x03")

    def test_trust_store(self) -> None:
        """Where the machine has a file of certificates, they are loaded.

        Those in a directory of hashed names are read when a server needs them: machines.certificates-hashed.
        """
        if not any(os.path.isfile(place) and os.path.getsize(place) for place in _CERTIFICATES):
            self.skipTest(f"this machine has none of {', '.join(_CERTIFICATES)}")
        count = ssl.create_default_context().cert_store_stats()["x509_ca"]
        self.assertGreater(count, 0, f"no certificate from {ssl.get_default_verify_paths()}")

    def test_randomness(self) -> None:
        """The kernel's and OpenSSL's sources answer."""
        self.assertEqual(len(os.getrandom(8)), 8)
        self.assertEqual(len(ssl.RAND_bytes(16)), 16)
