"""The device's own key and its provisioning."""

import os

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


def read_again(root):
    identity = Identity(stores.hal_unix.Hal(stores.Board, {"root": root, "console": "no"}), DEVICE)
    identity.load()
    return identity


def damaged(name, content):
    """A provisioned appliance whose file has this content; None: it is not there. -> (root, its Identity)"""
    root = stores.fresh_root("damaged")
    stores.provision(root)
    files.remove(root + "/identity/" + name)
    if content is not None:
        files.replace(root + "/identity/" + name, content)
    return root, read_again(root)


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


async def test_a_damaged_key_is_named_and_set_aside():
    for content in (b"", b"\x30\x77" + bytes(119), stores.key_der()[:-1], bytes(1000)):
        root, identity = damaged("key.der", content)
        assert "key.der is damaged: run testigo provision again, with a new device id" in identity.damaged
        assert identity.operator and identity.claimed and not identity.provisioned and identity.device_id is None
        assert files.read(root + "/identity/key.der.bad") == content
        stores.remove_tree(root)


async def test_a_damaged_key_is_replaced_by_provisioning_under_a_new_name():
    root, identity = damaged("key.der", b"nothing")
    public, _ = await identity.identify(bytes(32))
    assert public != stores.Key("device").public
    again = read_again(root)
    assert not again.provisioned and "new device id" in again.damaged, "the old certificate is not for the new key"
    # Its certificate can only be the organisation's; that of the tests is for their own key.
    files.replace(root + "/identity/key.der", stores.key_der())
    again = read_again(root)
    assert again.provisioned and not again.damaged
    stores.remove_tree(root)


async def test_a_key_that_cannot_be_read_is_not_replaced():
    root, identity = damaged("key.der", None)
    os.mkdir(root + "/identity/key.der")
    identity = read_again(root)
    assert "cannot be read" in identity.damaged and not identity.provisioned
    try:
        await identity.identify(bytes(32))
        raise AssertionError("another key was made")
    except IdentityError as error:
        assert "cannot be read" in str(error)
    stores.remove_tree(root)


async def test_other_damaged_files_are_mended_by_the_same_provisioning():
    good = (certificates.DEVICE_DER, certificates.CA_DER, stores.Key("operator").public, stores.DEVICE_ID)
    for name in ("cert.der", "ca.der", "operator.bin", "device.txt"):
        for content in (b"", bytes(70), b"\xff\xfe/", None):
            root, identity = damaged(name, content)
            if name == "device.txt" and content is None:
                continue  # an interrupted provisioning
            where = (name, content, identity.damaged)
            if name == "device.txt" and content == bytes(70):
                assert not identity.provisioned, where
            assert identity.damaged == "identity/%s is damaged: run testigo provision again" % name, where
            assert identity.provisioned == (name in ("cert.der", "ca.der")), where
            if identity.provisioned:
                assert not (await identity.provision(*(good[:3] + ("another",))))[0], where
            if identity.operator:
                other = good[:2] + (stores.Key("stranger").public, stores.DEVICE_ID)
                assert "another organisation" in (await identity.provision(*other))[1], where
            assert await identity.provision(*good) == (True, ""), where
            again = read_again(root)
            assert again.provisioned and not again.damaged and again.device_id == stores.DEVICE_ID, where
            stores.remove_tree(root)


async def test_a_private_key_of_another_public_one_is_found():
    data = bytearray(stores.key_der())
    data[20] ^= 1
    root, identity = damaged("key.der", data)
    assert identity.provisioned and not await identity.check_key()
    assert not identity.provisioned and "key.der is damaged" in identity.damaged
    assert files.size(root + "/identity/key.der.bad") == 121
    stores.remove_tree(root)
    root, identity = damaged("key.der", stores.key_der())
    assert await identity.check_key() and identity.provisioned
    stores.remove_tree(root)


async def test_a_damaged_file_is_written_again_from_its_copy():
    """Each file, each way of damage; also one that no other check could find, as a certificate or a name with another letter."""
    for name in ("key.der", "cert.der", "ca.der", "operator.bin", "device.txt"):
        for how in ("bit", "empty", "gone", "folder"):
            root = stores.fresh_root("copies")
            stores.provision(root)
            identity = read_again(root)
            assert await identity.check_key() and identity.copied
            path = root + "/identity/" + name
            right = files.read(path)
            os.remove(path)
            if how == "bit":
                files.replace(path, right[:-1] + bytes((right[-1] ^ 1,)))
            elif how == "empty":
                files.replace(path, b"")
            elif how == "folder":
                os.mkdir(path)
                files.set_aside(path)  # as leftovers.py does
            identity = read_again(root)
            if name == "device.txt" and how in ("gone", "folder"):
                assert not identity.provisioned, "an interrupted provisioning, or a person's wish"
            else:
                assert identity.provisioned and not identity.damaged and identity.restored == [name], (name, how)
                assert files.read(path) == right and await identity.check_key()
            stores.remove_tree(root)


async def test_damaged_copies_are_not_used_and_are_made_again():
    root = stores.fresh_root("copies")
    stores.provision(root)
    assert await read_again(root).check_key()
    path = root + "/identity/copies.bin"
    right = files.read(path)
    for at in range(0, len(right), 97):
        files.replace(path, right[:at] + bytes((right[at] ^ 8,)) + right[at + 1 :])
        identity = read_again(root)
        assert not identity.restored and not identity.copied and identity.provisioned
        assert await identity.check_key() and files.read(path) == right
    stores.remove_tree(root)


async def test_copies_of_an_older_provisioning_never_come_back():
    root = stores.fresh_root("copies")
    stores.provision(root)
    identity = read_again(root)
    assert await identity.check_key()
    identity.damaged = "identity/cert.der is damaged"  # so that it is taken again
    good = (certificates.DEVICE_DER, certificates.CA_DER, stores.Key("operator").public, stores.DEVICE_ID)
    written = []
    replace = files.replace

    def watched(path, data):
        written.append((path.rpartition("/")[2], files.size(root + "/identity/copies.bin") >= 0))
        replace(path, data)

    files.replace = watched
    try:
        assert await identity.provision(*good) == (True, "")
    finally:
        files.replace = replace
    names = ["cert.der", "ca.der", "operator.bin", "device.txt", "copies.bin"]
    assert written == [(name, False) for name in names], "no copies beside files that are half new"
    assert not read_again(root).restored
    stores.remove_tree(root)
