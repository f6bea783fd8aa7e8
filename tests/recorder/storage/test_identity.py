"""The device's own key and its provisioning."""

import tls

from recorder import files
from recorder.storage.identity import Identity, IdentityError
from recorder.storage.primitives import DEVICE
from support.device import certificates, stores
from testigo_wire.crypto import ecdsa, p256
from testigo_wire.encoding import cbor


def unprovisioned(name):
    root = stores.fresh_root(name)
    files.make_folder(root + "/identity")
    hal = stores.hal_unix.Hal(stores.Board, {"root": root, "console": "no"})
    identity = Identity(hal, DEVICE)
    identity.load()
    return root, hal, identity


async def test_the_key_is_made_once_and_proved():
    root, hal, identity = unprovisioned("key")
    assert not identity.provisioned and identity.public is None
    challenge = bytes(range(32))
    public, signature = await identity.identify(challenge)
    digest = DEVICE.sha256(cbor.encode(["testigo identify 1", challenge, public]))
    assert p256.finish(ecdsa.verify_steps(DEVICE, public, digest, signature))
    again = Identity(hal, DEVICE)
    again.load()
    assert again.public == public and (await again.identify(challenge))[0] == public
    stores.remove_tree(root)


async def test_a_challenge_has_a_size():
    root, _, identity = unprovisioned("challenge")
    for size in (0, 15, 65):
        try:
            await identity.identify(bytes(size))
        except IdentityError:
            continue
        raise AssertionError(size)
    assert identity.public is None
    stores.remove_tree(root)


async def test_mbedtls_loads_the_key():
    root = stores.fresh_root("tls")
    stores.provision(root)
    identity = Identity(stores.hal_unix.Hal(stores.Board, {"root": root, "console": "no"}), DEVICE)
    identity.load()
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    context.load_cert_chain(identity.certificate_der(), identity.key_der())
    stores.remove_tree(root)


async def test_provisioning_is_accepted_once():
    root = stores.fresh_root("provision")
    stores.provision(root)
    for name in ("cert.der", "ca.der", "operator.bin", "device.txt"):
        files.remove(root + "/identity/" + name)
    hal = stores.hal_unix.Hal(stores.Board, {"root": root, "console": "no"})
    identity = Identity(hal, DEVICE)
    identity.load()
    operator = stores.Key("operator").public
    good = (certificates.DEVICE_DER, certificates.CA_DER, operator, stores.DEVICE_ID)
    for at, value in (
        (0, certificates.CA_DER),
        (1, b"junk"),
        (2, operator[:64] + b"x"),
        (3, ""),
        (3, "a/b"),
        (3, "x" * 33),
    ):
        wrong = list(good)
        wrong[at] = value
        ok, reason = await identity.provision(*wrong)
        assert not ok and reason and not identity.provisioned, (at, value)
    assert await identity.provision(*good) == (True, "")
    ok, reason = await identity.provision(*good)
    assert not ok and reason == "provisioned already"
    again = Identity(hal, DEVICE)
    again.load()
    assert again.device_id == stores.DEVICE_ID and again.operator == operator
    stores.remove_tree(root)


async def test_an_interrupted_provisioning_does_not_count():
    """device.txt is written last; without it the device can be provisioned again."""
    root = stores.fresh_root("cut")
    stores.provision(root)
    files.remove(root + "/identity/device.txt")
    identity = Identity(stores.hal_unix.Hal(stores.Board, {"root": root, "console": "no"}), DEVICE)
    identity.load()
    assert not identity.provisioned and identity.public
    stores.remove_tree(root)


async def test_a_damaged_key_is_named():
    root, hal, identity = unprovisioned("damaged")
    files.replace(root + "/identity/key.der", b"\x30\x77" + bytes(119))
    try:
        identity.load()
    except IdentityError:
        pass
    else:
        raise AssertionError
    stores.remove_tree(root)
