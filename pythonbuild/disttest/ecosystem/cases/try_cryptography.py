"""The wheel brings an OpenSSL of its own; it must live in one process with the one of the ssl module.

A certificate made with one of them is used in a TLS handshake of the other.
"""

import datetime
import ipaddress
import socket
import ssl
import threading
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

cipher = AESGCM(AESGCM.generate_key(256))
sealed = cipher.encrypt(b"n" * 12, b"secret", b"seen")
assert cipher.decrypt(b"n" * 12, sealed, b"seen") == b"secret"
refused = False
try:
    cipher.decrypt(b"n" * 12, sealed, b"changed")
except InvalidTag:
    refused = True
assert refused, "a changed message was accepted"

key = ec.generate_private_key(ec.SECP256R1())
name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
now = datetime.datetime.now(datetime.UTC)
certificate = (
    x509.CertificateBuilder()
    .subject_name(name)
    .issuer_name(name)
    .public_key(key.public_key())
    .serial_number(x509.random_serial_number())
    .not_valid_before(now - datetime.timedelta(days=1))
    .not_valid_after(now + datetime.timedelta(days=1))
    .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
    .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    .add_extension(
        x509.KeyUsage(
            digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False,
            key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
            decipher_only=False,
        ),
        critical=True,
    )
    .sign(key, hashes.SHA256())
)  # fmt: skip
Path("cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
Path("key.pem").write_bytes(
    key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
)

server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
server_side.load_cert_chain("cert.pem", "key.pem")
listener = socket.create_server(("127.0.0.1", 0))


def serve() -> None:
    """Answer one client."""
    connection, _ = listener.accept()
    with server_side.wrap_socket(connection, server_side=True) as wrapped:
        wrapped.sendall(wrapped.recv(100).upper())


thread = threading.Thread(target=serve, daemon=True)
thread.start()
client_side = ssl.create_default_context(cafile="cert.pem")
with socket.create_connection(listener.getsockname(), timeout=30) as plain:
    with client_side.wrap_socket(plain, server_hostname="127.0.0.1") as wrapped:
        wrapped.sendall(b"hello")
        assert wrapped.recv(100) == b"HELLO"
        assert wrapped.version() == "TLSv1.3"
thread.join(30)
