"""What a thief of the appliance gets, and what becomes of a recording that somebody alters (threat model).

One appliance records itself (`testigo selftest`), and brings its recordings over a serial line that damages one byte in a
thousand. Then its whole folder is taken and everything in it is tried as a key; then the vault's copy is altered.
"""

import hashlib
import hmac
import random
import re
import shutil

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from support.branch import Branch
from support.rig import AUDIO_PASSPHRASE, Appliance, VaultProcess, make_organisation, wait_for
from support.serial_line import NoisyLine, verb
from testigo_vault.identity.organisation import Organisation
from testigo_vault.primitives import UnwrapError, open_base
from testigo_wire.crypto.sframe import TAG_SIZE, decode_header
from testigo_wire.recording.items import AUDIO, INDEX, wrap_info
from testigo_wire.recording.reader import Reader

SEED = 4


@pytest.fixture(scope="module")
def taken(tmp_path_factory, micropython):
    """(organisation's folder, the appliance's files, number to bytes of its recordings) after two self-tests and a sync."""
    folder = tmp_path_factory.mktemp("taken")
    make_organisation(folder / "vault")
    vault = VaultProcess(folder / "vault", micropython)  # not started: everything goes over the serial line
    branch = Branch(folder, vault, "lab-1")
    branch.sign_notice()
    branch.sign_policy()
    appliance = Appliance(folder / "root", micropython)
    appliance.start()
    try:
        branch.connect(appliance.port)
        branch.provision()
        for _ in range(3):
            branch.port.request("selftest", 2, "tone", limit_s=60)
        wait_for(lambda: len(appliance.spool()) == 3, 10, "three recordings")
        branch.disconnect()
        shutil.copytree(folder / "root", folder / "stolen", ignore=shutil.ignore_patterns("tty"))
        with NoisyLine(appliance.port, 1000, SEED) as line:
            done = verb(micropython, "sync", "--port", line.url, "--vault", folder / "vault")
            assert done.returncode == 0 and "3 stored" in done.stdout, done.stdout + done.stderr
            assert line.damaged > 50
        assert appliance.spool() == {}
    finally:
        branch.disconnect()
        branch.close()
        appliance.stop()
    recordings = {int(path.name[:8]): path.read_bytes() for path in (folder / "stolen" / "spool").iterdir()}
    return folder / "vault", folder / "stolen", recordings


def copies(vault, number: int):
    return sorted((vault / "copies").glob(f"*/recordings/lab-1/{number:08d}-*.tsg"))


def test_recordings_arrived_complete_over_the_bad_line(taken):
    vault, _, recordings = taken
    assert sorted(recordings) == [1, 2, 3]
    for number, data in recordings.items():
        assert [path.read_bytes() for path in copies(vault, number)] == [data, data]


class Lock:
    """The first frame of one stream of a recording, and the wrapped keys that belong to it."""

    def __init__(self, data: bytes, stream: int) -> None:
        items = Reader().feed(data)
        self.stream = stream
        self.recording_id = items[0].fields[2]
        self.wrapped = next(item.fields[2] for item in items if item.kind == "keys" and item.stream == stream)
        frame = next(item.body for item in items if item.kind == "frame" and item.stream == stream)
        kid, ctr, end = decode_header(frame)
        aad = frame[:end] + self.recording_id
        self._tag = frame[-TAG_SIZE:]
        sizes = (len(aad), len(frame) - end - TAG_SIZE, TAG_SIZE)
        self._authenticated = b"".join(size.to_bytes(8, "big") for size in sizes), aad + frame[end:-TAG_SIZE]
        self._tail = kid.to_bytes(8, "big") + b"\x00\x01"
        self._ctr = ctr

    def opens(self, base_key: bytes) -> bool:
        """Whether this is the frame's key (RFC 9605 sections 4.4.2 and 4.5.1), by the quick functions of the host."""
        secret = hmac.digest(b"", base_key, "sha256")
        first = hmac.digest(secret, b"SFrame 1.0 Secret key " + self._tail + b"\x01", "sha256")
        second = hmac.digest(secret, first + b"SFrame 1.0 Secret key " + self._tail + b"\x02", "sha256")
        salt = hmac.digest(secret, b"SFrame 1.0 Secret salt " + self._tail + b"\x01", "sha256")[:12]
        nonce = (int.from_bytes(salt, "big") ^ self._ctr).to_bytes(12, "big")
        sizes, data = self._authenticated
        tag = hmac.digest((first + second)[16:48], sizes + nonce + data, "sha256")
        return tag[:TAG_SIZE] == self._tag

    def unwraps(self, private: ec.EllipticCurvePrivateKey) -> bytes | None:
        for _, wrapped in self.wrapped:
            try:
                return open_base(private, wrap_info(self.recording_id, self.stream), wrapped)
            except UnwrapError:
                pass
        return None


def windows(data: bytes, size: int = 32):
    return (data[at : at + size] for at in range(len(data) - size + 1))


def test_nothing_on_the_appliance_opens_a_frame(taken):
    vault, stolen, recordings = taken
    locks = [Lock(recordings[2], stream) for stream in (INDEX, AUDIO)]
    organisation = Organisation(vault)
    openers = {INDEX: organisation.index_key(), AUDIO: organisation.audio_key(AUDIO_PASSPHRASE)}
    files = {path: path.read_bytes() for path in sorted(stolen.rglob("*")) if path.is_file()}
    names = {path.name for path in files}
    assert {"key.der", "seed.bin", "policy.tsd", "state.cbor", "00000001.tsg"} <= names
    for lock in locks:  # the trial itself is right: the vault's keys open what it tries to open
        key = openers[lock.stream].find(lock.stream, lock.recording_id, lock.wrapped)
        assert lock.opens(key)
        assert not lock.opens(bytes(32)) and not lock.opens(b"\xff" * 32)
        assert not any(key in data or key[:16] in data for data in files.values())
    device = serialization.load_der_private_key(files[stolen / "identity" / "key.der"], None)
    assert isinstance(device, ec.EllipticCurvePrivateKey)
    assert [lock.unwraps(device) for lock in locks] == [None, None]
    for path, data in files.items():
        for window in windows(data):
            assert not any(lock.opens(window) for lock in locks), path
    seed = files[stolen / "identity" / "seed.bin"]
    for label in (b"seed\x01", b"key\x01", b"\x00", b"\x01"):
        # What the generator makes of its seed (recorder/storage/primitives.py), without the entropy that went in beside it.
        for made in (hmac.digest(seed, label, "sha256"), hashlib.sha256(label + seed).digest()):
            assert not any(lock.opens(made) for lock in locks)


def test_no_part_of_its_small_files_is_a_private_key_of_the_vault(taken):
    vault, stolen, recordings = taken
    locks = [Lock(recordings[2], stream) for stream in (INDEX, AUDIO)]
    publics = {public for stream, _, public in Organisation(vault).recipients()}
    assert len(publics) == 2
    for path in [*(stolen / "identity").iterdir(), stolen / "state.cbor", stolen / "policy.tsd"]:
        for window in windows(path.read_bytes()):
            try:
                key = ec.derive_private_key(int.from_bytes(window, "big"), ec.SECP256R1())
            except ValueError:
                continue  # not a scalar of the curve
            point = key.public_key().public_bytes(
                serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
            )
            assert point not in publics, path
    assert [lock.unwraps(ec.generate_private_key(ec.SECP256R1())) for lock in locks] == [None, None]


def item_spans(data: bytes) -> list[tuple[int, int]]:
    items = Reader().feed(data)
    return [(item.offset, item.offset + len(item.raw)) for item in items]


def flipped(data, spans, at):
    start, end = spans[at]
    out = bytearray(data)
    out[start + (end - start) * 2 // 3] ^= 4
    return bytes(out)


def dropped(data, spans, at):
    return data[: spans[at][0]] + data[spans[at][1] :]


def repeated(data, spans, at):
    return data[: spans[at][1]] + data[spans[at][0] :]


def swapped(data, spans, at):
    other = at + 1 if at + 1 < len(spans) else at - 1
    (a, b), (c, d) = sorted((spans[at], spans[other]))
    return data[:a] + data[c:d] + data[a:b] + data[d:]


@pytest.mark.parametrize("change", [flipped, dropped, repeated, swapped])
def test_verify_names_the_item_that_was_altered(taken, change, micropython):
    vault, _, recordings = taken
    spans = item_spans(recordings[1])
    assert len(spans) > 12
    path, untouched = copies(vault, 1)
    draw = random.Random(SEED)
    for at in {0, 1, len(spans) - 1, *draw.sample(range(2, len(spans) - 1), 2)}:
        try:
            path.write_bytes(change(recordings[1], spans, at))
            done = verb(micropython, "verify", "lab-1/1", "--vault", vault)
        finally:
            path.write_bytes(recordings[1])
        assert done.returncode == 1, done.stdout
        lines = [line for line in done.stdout.splitlines() if "not whole" in line]
        place = path.relative_to(vault / "copies").parts[0]
        assert lines and all(f"copy {place}:" in line for line in lines), done.stdout
        named = {int(number) for number in re.findall(r" item (\d+)", done.stdout)}
        assert named & {at - 1, at, at + 1}, (change.__name__, at, done.stdout)
    assert verb(micropython, "verify", "lab-1/1", "--vault", vault).returncode == 0
    assert untouched.read_bytes() == recordings[1]


def test_a_missing_recording_is_a_gap_in_the_numbers(tmp_path, taken, micropython):
    """The vault that never got number 2 says so, and so does the chain of headers."""
    vault, _, recordings = taken
    from testigo_vault.ingest.admission import Admission
    from testigo_vault.recordings.indexing import Offer
    from testigo_vault.vault import Vault

    shutil.copytree(vault, tmp_path / "vault")
    (tmp_path / "vault" / "vault.db").unlink()
    for path in (tmp_path / "vault" / "copies").rglob("*.tsg"):
        path.unlink()
    opened = Vault(tmp_path / "vault")
    for number in (1, 3):
        items = Reader().feed(recordings[number])
        offer = Offer("lab-1", number, items[0].fields[2], len(recordings[number]), items[-1].fields[2])
        assert Admission(opened).admit(offer, recordings[number]).state == "good"
    opened.close()
    done = verb(micropython, "verify", "--vault", tmp_path / "vault")
    assert done.returncode == 1
    assert re.search(r"missing\s+.*lab-1.*2", done.stdout), done.stdout
