"""The operator's signature on a receipt: a JSON Web Signature (RFC 7515) by ES256 over the canonical JSON of the rest.

The JSON Canonicalization Scheme (RFC 8785) defines which bytes are signed, so that a
receipt stays a JSON file that people and programs read as it is, whatever its spaces and order; JWS defines how, in its
flattened serialization with the payload detached (appendix F), so that any JOSE library checks it. The header carries
the public key and a type of its own. The bytes that are signed begin with the base64 of that header, those of a signed
document with a CBOR array: one kind of signature cannot be used for the other.

The signature itself is made by `primitives`, deterministically (RFC 6979), as everything that the operator signs.
"""

import base64
import hashlib
import json
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric import ec

from testigo_vault.errors import VaultError
from testigo_vault.identity import keys
from testigo_vault.identity.organisation import Organisation
from testigo_vault.primitives import public_bytes, sign, verify

TYPE = "testigo-consent-receipt+jws"
_HEADER = ("alg", "jwk", "kid", "typ")


def operator_key(organisation: Organisation) -> ec.EllipticCurvePrivateKey:
    path = organisation.folder / "organisation" / "operator.key"
    return keys.load_private_key(path, organisation.service_secret(), "operator")


def sign_content(key: ec.EllipticCurvePrivateKey, content: dict[str, Any]) -> dict[str, str]:
    """The `signature` member for a receipt without one. Raises VaultError for a number that JSON cannot hold."""
    public = public_bytes(key.public_key())
    header: dict[str, Any] = {
        "alg": "ES256",
        "jwk": {"crv": "P-256", "kty": "EC", "x": encoded(public[1:33]), "y": encoded(public[33:])},
        "kid": fingerprint(public),
        "typ": TYPE,
    }
    protected = encoded(rfc8785.dumps(header))
    return {"protected": protected, "signature": encoded(sign(key, _digest(protected, content)))}


def signer(content: dict[str, Any], signature: dict[str, str]) -> bytes:
    """The public key (65 bytes) that signed this content. Raises ValueError, saying what does not hold."""
    header = json.loads(decoded(signature["protected"]))
    known = isinstance(header, dict) and tuple(sorted(header)) == _HEADER
    if not known or encoded(rfc8785.dumps(header)) != signature["protected"]:
        raise ValueError("its header is not one of a consent receipt")
    jwk = header["jwk"]
    if header["alg"] != "ES256" or header["typ"] != TYPE or not isinstance(jwk, dict):
        raise ValueError("its header names another kind of signature")
    if (jwk.get("kty"), jwk.get("crv")) != ("EC", "P-256"):
        raise ValueError("its header names another kind of key")
    public = b"\x04" + decoded(str(jwk.get("x"))) + decoded(str(jwk.get("y")))
    if len(public) != 65 or header["kid"] != fingerprint(public):
        raise ValueError("its header names another key than it carries")
    if not verify(public, _digest(signature["protected"], content), decoded(signature["signature"])):
        raise ValueError("the receipt is not what was signed")
    return public


def fingerprint(public65: bytes) -> str:
    """SHA-256 of a public key, in hexadecimal: what an organisation can publish and people can compare."""
    return hashlib.sha256(public65).hexdigest()


def key_of(signature: dict[str, str]) -> str:
    """The fingerprint of the key that a signature names; only `signer` says whether it is true."""
    return str(json.loads(decoded(signature["protected"]))["kid"])


def encoded(data: bytes) -> str:
    """base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """The bytes, if this is their one encoding; else ValueError: another encoding would be a change that no check finds."""
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encoded(data) != text:
        raise ValueError("its base64 is not the one encoding of its bytes")
    return data


def _digest(protected: str, content: dict[str, Any]) -> bytes:
    try:
        payload = rfc8785.dumps(content)
    except rfc8785.CanonicalizationError as error:
        raise VaultError(
            f"The receipt cannot be signed: {error}.", "Look at the recording by `testigo show`."
        ) from None
    return hashlib.sha256(f"{protected}.{encoded(payload)}".encode()).digest()
