"""X.509 certificates of an organisation (RFC 5280), all P-256 with SHA-256.

They begin in the year 2000: an appliance that has lost the time checks dates against 2000-01-01 and must still reach its
vault, which then sends the time. They end in 2099: an appliance may be stored for long before it is installed, and access
is withdrawn in the register of appliances, not by expiry.
"""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from testigo_vault.errors import Refused
from testigo_vault.identity.keys import public_key

NOT_BEFORE = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
NOT_AFTER = datetime.datetime(2099, 12, 31, 23, 59, 59, tzinfo=datetime.UTC)

# The name in the vault's certificate, which appliances check at every address.
SERVER_NAME = "testigo-vault"


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def make_ca(name: str, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """A self-signed certificate of the organisation; it signs end certificates only."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    usage = _usage(sign_certificates=True)
    builder = _builder(subject, subject, key.public_key())
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(usage, critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    return builder.sign(key, hashes.SHA256())


def make_server(
    ca: x509.Certificate, ca_key: ec.EllipticCurvePrivateKey, key: ec.EllipticCurvePublicKey
) -> x509.Certificate:
    """The vault's TLS certificate, for connections from appliances."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, SERVER_NAME)])
    builder = _end(ca, ca_key, subject, key, ExtendedKeyUsageOID.SERVER_AUTH)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(SERVER_NAME)]), critical=False)
    return builder.sign(ca_key, hashes.SHA256())


def make_device(
    ca: x509.Certificate, ca_key: ec.EllipticCurvePrivateKey, public65: bytes, device_id: str
) -> x509.Certificate:
    """An appliance's certificate; its common name is the device id."""
    try:
        key = public_key(public65)
    except ValueError:
        raise Refused(
            f"Device {device_id} sent a public key that is not a P-256 point.", "Provision it again."
        ) from None
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, device_id)])
    builder = _end(ca, ca_key, subject, key, ExtendedKeyUsageOID.CLIENT_AUTH)
    return builder.sign(ca_key, hashes.SHA256())


def common_name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else ""


def device_public(certificate_der: bytes) -> bytes:
    """The 65-byte point in a certificate."""
    key = x509.load_der_x509_certificate(certificate_der).public_key()
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOT_BEFORE)
        .not_valid_after(NOT_AFTER)
    )


def _end(
    ca: x509.Certificate,
    ca_key: ec.EllipticCurvePrivateKey,
    subject: x509.Name,
    key: ec.EllipticCurvePublicKey,
    purpose: x509.ObjectIdentifier,
) -> x509.CertificateBuilder:
    builder = _builder(subject, ca.subject, key)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(sign_certificates=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    return builder.add_extension(issuer, critical=False)


def _usage(sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        encipher_only=False,
        decipher_only=False,
    )
