"""Every file of an appliance in hand, while a call was up: neither a key nor a byte of audio is in them."""

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.serialization import load_der_private_key

from support.rig import wait_for
from testigo_wire.encoding import cbor
from testigo_wire.recording import items as recording
from testigo_wire.recording.item_parser import parse_item

AUDIO = bytes((7,)) * 160  # a packet of the driver's, see appliance.put_audio
LIMIT_S = 60
KEYS = 200  # two of each call


def items(data):
    offset = 0
    while offset < len(data):
        try:
            item, offset = parse_item(data, offset)
        except cbor.Incomplete:
            return
        yield item


def test_a_stolen_appliance_cannot_open_its_recordings(start, tmp_path, micropython):
    root = tmp_path / "device"
    process = start("make", root, "micropython")
    seen = tmp_path / "device-seen"
    wait_for(lambda: process.poll() is not None or (seen.exists() and seen.read_text().count("key") >= KEYS), LIMIT_S)
    process.kill()
    process.communicate(timeout=LIMIT_S)
    promised = seen.read_text().splitlines()
    secrets = [bytes.fromhex(line.split()[3]) for line in promised if line.startswith("key")]
    assert len(secrets) > 4 and any(line.startswith("frame") for line in promised)
    taken = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    for path, data in taken.items():
        assert AUDIO not in data, path
        for secret in secrets:
            assert secret not in data and secret[:16] not in data, path

    # What the thief can try as a private key: the device's own, and the seed as if it were one.
    numbers = [
        load_der_private_key(taken[root / "identity" / "key.der"], None),
        ec.derive_private_key(int.from_bytes(taken[root / "identity" / "seed.bin"], "big") >> 1, ec.SECP256R1()),
    ]
    suite = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
    tried = 0
    for path, data in taken.items():
        if path.suffix not in (".tsg", ".open"):
            continue
        header = None
        for item in items(data):
            header = item.fields if item.kind == "header" else header
            for _, wrapped in item.fields[2] if item.kind == "keys" else ():
                for private in numbers:
                    info = recording.wrap_info(header[2], item.stream)
                    with pytest.raises(InvalidTag):
                        suite.decrypt(wrapped, private, info)
                    tried += 1
    assert tried
