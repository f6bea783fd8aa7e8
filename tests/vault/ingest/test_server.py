"""The ingest server and an appliance over real TLS on loopback: certificates, resuming, documents sent to the appliance."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress

import pytest
from sqlalchemy import select

from support.fake_appliance import Appliance, speech
from support.ingest import serving
from support.rig import wait_for
from testigo_vault.documents.signing import sign_policy, sign_settings
from testigo_vault.ingest.admission import Admission
from testigo_vault.ingest.device_adapter import DeviceAdapter
from testigo_vault.ingest.server import MAX_UNKNOWN_PER_ADDRESS
from testigo_vault.new_vault import create
from testigo_vault.notice.audio import NoticeAudio
from testigo_vault.notice.signed import sign_notice
from testigo_vault.primitives import HOST
from testigo_vault.recordings.indexing import Offer
from testigo_vault.recordings.search import Query, RecordingIndex
from testigo_vault.storage.models import Alarm
from testigo_wire.link.device import SERVER_NAME, DeviceSession, ProtocolError
from testigo_wire.link.vault import RecordingRefused
from testigo_wire.policy import documents


@contextmanager
def process(folder, *arguments):
    """`testigo vault run` as a separate process; -> (process, port, address)."""
    command = [sys.executable, "-m", "testigo_tools.cli", "vault", "run", "--vault", str(folder), *arguments]
    path = os.pathsep.join(entry for entry in sys.path if entry)
    running = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": path}
    )
    try:
        line = running.stdout.readline()
        assert line, running.stderr.read()
        words = line.split()
        yield running, int(words[3].rstrip(",")), words[-1]
    finally:
        if running.poll() is None:
            running.kill()
        running.communicate()


def alarms(vault):
    with vault.database.read() as session:
        return [alarm.text for alarm in session.scalars(select(Alarm).order_by(Alarm.id))]


def wait_for_bytes(vault, sent):
    """Until the vault has kept what it was sent. Some of it is the protocol's own, and the last piece may be incomplete."""
    incoming = vault.folder / "incoming"
    wait_for(
        lambda: any(part.stat().st_size > sent * 0.9 for part in incoming.glob("branch-1/*.part")), what="the bytes"
    )


def test_several_recordings_and_lost_receipts(vault, appliance):
    for i in range(4):
        appliance.record(packets=speech(1, seed=i))
    with serving(vault) as port:
        appliance.sync(port)
        assert sorted(appliance.receipts) == [1, 2, 3, 4]
        # The receipts were lost on the way: offered again, nothing is sent twice.
        lost, appliance.receipts = appliance.receipts, {}
        assert appliance.sync(port) < 2000
    assert appliance.receipts == lost
    rows, total = RecordingIndex(vault.database).find(Query())
    assert total == 4 and {row.state for row in rows} == {"good"}
    assert list((vault.folder / "incoming" / "branch-1").iterdir()) == []


def test_documents_and_notice_audio_reach_the_appliance(vault, appliance):
    sound = NoticeAudio(bytes(range(256)) * 50, bytes(12800))
    sign_notice(vault.organisation, "welcome", "en", "Hello", sound)
    sign_settings(vault.organisation, vault.folder / "settings.toml", "branch-1")
    sign_policy(vault.organisation, vault.folder / "policy.toml")
    with serving(vault) as port:
        appliance.sync(port)
        assert [documents.parse(data).kind for data in appliance.documents] == ["notice", "policy", "settings"]
        assert appliance.blobs == {"welcome.PCMU": sound.pcmu, "welcome.PCMA": sound.pcma}
        appliance.sync(port)
        assert len(appliance.documents) == 3
        policy = vault.folder / "policy.toml"
        policy.write_text(policy.read_text().replace('["proof"]', '["dispute"]'))
        sign_policy(vault.organisation, policy)
        appliance.sync(port)
    assert documents.parse(appliance.documents[3]).version == 2


def test_a_document_without_room_gives_one_alarm(vault, appliance):
    sign_settings(vault.organisation, vault.folder / "settings.toml", "branch-1")
    with serving(vault) as port:
        for free in (90, 80):
            appliance.refuses = f"no room: it needs 9 KiB, {free} KiB are free, of which 96 KiB are kept for recordings"
            appliance.sync(port)
        told = [text for text in alarms(vault) if "did not take" in text]
        assert len(told) == 1 and "branch-1 did not take the settings version 1: no room: it needs 9 KiB, 90" in told[0]
        appliance.refuses = ""
        appliance.sync(port)
    assert [documents.parse(data).kind for data in appliance.documents] == ["settings"]


def test_a_cut_connection_resumes_at_the_byte(vault, appliance):
    made = appliance.record(packets=speech(10))
    size = len(made.data)
    with serving(vault) as port:
        first = appliance.sync(port, stop_after=size // 2)
        wait_for_bytes(vault, first)
        second = appliance.sync(port)
    assert 1 in appliance.receipts
    assert second < size - first * 0.9 + 20_000
    assert first + second < size * 1.2


def test_vault_killed_during_a_transfer(vault, folder, appliance):
    made = appliance.record(packets=speech(60))
    size = len(made.data)  # so large that what is sent at once is a small part of it

    def parts():
        return list((folder / "incoming").glob("branch-1/*.part"))

    def arrived() -> int:
        try:
            return sum(part.stat().st_size for part in parts())
        except FileNotFoundError:
            return 0  # removed since it was listed

    with process(folder, "--no-web") as (running, port, _):

        def kill(sent):
            # Bytes in the sockets' buffers have not arrived yet.
            while running.poll() is None and sent > 80_000 + arrived():
                time.sleep(0.001)
            if sent > size * 0.8 and running.poll() is None:
                os.kill(running.pid, signal.SIGKILL)
                running.wait()

        with pytest.raises((OSError, ProtocolError)):
            appliance.sync(port, on_bytes=kill)
        assert running.poll() == -signal.SIGKILL
    assert 1 not in appliance.receipts
    kept = parts()[0].stat().st_size
    assert 0.5 * size < kept < size
    with process(folder, "--no-web") as (running, port, _):
        sent = appliance.sync(port)
        assert sent < (size - kept) * 1.1 + 3000
        running.send_signal(signal.SIGTERM)
        assert running.wait(10) == 0
    row = RecordingIndex(vault.database).get("branch-1/1")
    assert vault.store.places[0].get(row.path) == made.data == vault.store.places[1].get(row.path)


def test_a_damaged_partial_file_starts_again(vault, appliance):
    made = appliance.record(packets=speech(5))
    with serving(vault) as port:
        wait_for_bytes(vault, appliance.sync(port, stop_after=len(made.data) // 2))
        part = next((vault.folder / "incoming" / "branch-1").iterdir())
        data = bytearray(part.read_bytes())
        data[100] ^= 1
        part.write_bytes(data)
        appliance.sync(port)
    assert 1 in appliance.receipts
    assert RecordingIndex(vault.database).get("branch-1/1").state == "good"


def test_revoked_appliance(vault, appliance):
    appliance.record(packets=speech(1))
    vault.organisation.devices.revoke("branch-1", "stolen from the van")
    with serving(vault) as port, pytest.raises((OSError, ProtocolError)):
        appliance.sync(port)
    assert appliance.receipts == {}
    assert any("revoked" in text and "stolen from the van" in text for text in alarms(vault))


def test_certificate_of_another_organisation(vault, tmp_path):
    other = create(tmp_path / "other", "Other organisation", "another passphrase", "and one for audio")
    other.unlock("another passphrase")
    other_appliance = Appliance(other, "branch-1", tmp_path)
    # It trusts our vault, but its own certificate is of another CA.
    other_appliance.organisation.ca_der = vault.organisation.ca_der
    with serving(vault) as port:
        with pytest.raises((OSError, ProtocolError)):
            other_appliance.sync(port)
        wait_for(lambda: any("connection was refused" in text for text in alarms(vault)), what="the alarm")


def test_certified_but_unregistered_appliance(vault, appliance):
    (vault.folder / "devices" / "branch-1.json").unlink()
    with serving(vault) as port, pytest.raises((OSError, ProtocolError)):
        appliance.sync(port)
    assert any("not in the register" in text for text in alarms(vault))


def test_refused_recording_stays_on_the_appliance(vault, appliance):
    made = appliance.record(packets=speech(1))
    good = made.data
    made.data = good[:5000] + bytes([good[5000] ^ 1]) + good[5001:]
    appliance.record(packets=speech(1))
    with serving(vault) as port:
        appliance.sync(port)
        assert sorted(appliance.receipts) == [2]
        assert "not as a device sealed it" in appliance.refused[1]
        # Offered again, it is refused without being sent.
        assert appliance.sync(port) < 2000
    assert RecordingIndex(vault.database).counts() == {"quarantined": 1, "good": 1}


def test_garbage_on_the_port_has_no_effect(vault, appliance):
    import socket

    appliance.record(packets=speech(1))
    with serving(vault) as port:
        with socket.create_connection(("127.0.0.1", port)) as raw:
            raw.sendall(b"GET / HTTP/1.0\r\n\r\n" * 10)
        appliance.sync(port)
    assert 1 in appliance.receipts


def test_the_newest_connection_of_a_device_is_kept(vault, appliance):
    """An appliance that lost power during a transfer connects again before the vault has noticed."""
    import socket

    made = appliance.record(packets=speech(10))
    with serving(vault) as port:
        hanging = socket.create_connection(("127.0.0.1", port))
        line = appliance.context().wrap_socket(hanging, server_hostname=SERVER_NAME)
        session = DeviceSession((appliance.device_id, "test", 2), HOST, appliance, appliance)
        answer, sent = None, 0
        while sent < len(made.data) // 2:
            event = session.next_event(answer)
            answer = appliance.on_event(event) if event else None
            if data := session.data_to_send():
                line.sendall(data)
                sent += len(data)
            elif event is None:
                session.receive(line.recv(65536))
        wait_for_bytes(vault, sent)
        began = time.monotonic()
        again = appliance.sync(port)
        assert time.monotonic() - began < 10
        assert 1 in appliance.receipts and again < len(made.data) * 0.7
        line.close()
    assert RecordingIndex(vault.database).get("branch-1/1").state == "good"


def test_a_partial_file_of_a_stored_recording_is_removed(vault, appliance):
    """A vault that is killed after indexing leaves a file that can hold audio with an objection."""
    made = appliance.record(packets=speech(1), after=[("objection", 5000, 1, "9", "rfc4733")], reason="objection")
    Admission(vault).admit(Offer("branch-1", 1, made.recording_id, len(made.data), made.head), made.data)
    part = vault.folder / "incoming" / "branch-1" / f"00000001-{made.recording_id.hex()}-{made.head.hex()[:8]}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(made.data)
    with serving(vault) as port:
        appliance.sync(port)
    assert 1 in appliance.receipts and not part.exists()


def test_a_copy_that_cannot_be_written_gives_an_alarm_and_no_receipt(vault, appliance):
    appliance.record(packets=speech(1))
    second = vault.folder / "copies" / "second" / "recordings"
    second.write_bytes(b"")
    with serving(vault) as port:
        for _ in range(2):
            with pytest.raises((OSError, ProtocolError)):
                appliance.sync(port)
        assert appliance.receipts == {}
        second.unlink()
        appliance.sync(port)
    assert 1 in appliance.receipts
    assert [text for text in alarms(vault) if "Copy second could not take" in text]


def test_offers_that_are_too_large_are_refused(vault, appliance):
    adapter = DeviceAdapter(vault, Admission(vault), "branch-1")
    for number, size in ((1 << 60, 1000), (1, 3 << 30)):
        with pytest.raises(RecordingRefused, match="larger"):
            adapter.resume(number, bytes(16), size, bytes(32))
    vault.organisation.devices.revoke("branch-1", "stolen while it was connected")
    with pytest.raises(RecordingRefused, match="revoked"):
        adapter.resume(1, bytes(16), 1000, bytes(32))


def test_a_message_that_trickles_in_is_silence(vault, appliance, monkeypatch):
    """Single bytes keep no session: a whole message has to come in time. What arrived before stays."""
    import socket

    from testigo_wire.link.messages import frame

    monkeypatch.setattr("testigo_vault.ingest.server.SILENCE_MS", 500)
    message = frame(["hello", 1, "branch-1", "x" * 4000, 1, []])
    with serving(vault) as port, socket.create_connection(("127.0.0.1", port)) as raw:
        line = appliance.context().wrap_socket(raw, server_hostname=SERVER_NAME)
        with pytest.raises(OSError):
            for at in range(len(message)):
                line.sendall(message[at : at + 1])
                time.sleep(0.02)
        monkeypatch.undo()
        appliance.record(packets=speech(0.2))
        appliance.sync(port)
    assert 1 in appliance.receipts


def test_a_handshake_has_ten_seconds(vault, appliance, monkeypatch):
    import socket

    monkeypatch.setattr("testigo_vault.ingest.server.HANDSHAKE_TIMEOUT_S", 0.5)
    with serving(vault) as port, socket.create_connection(("127.0.0.1", port), timeout=20) as raw:
        raw.sendall(b"\x16\x03\x01")
        assert raw.recv(100) == b""


def test_unknown_peers_have_few_places(vault, appliance):
    """The oldest gives way, so that an appliance of the same address gets in."""
    import socket
    from contextlib import ExitStack

    appliance.record(packets=speech(0.2))
    with serving(vault) as port, ExitStack() as stack:
        lines = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
            for _ in range(MAX_UNKNOWN_PER_ADDRESS + 4)
        ]
        for line in lines[:4]:
            with suppress(ConnectionResetError):
                assert line.recv(100) == b""
        appliance.sync(port)
    assert 1 in appliance.receipts


def test_a_truncated_access_log_gives_an_alarm_at_the_start(vault, folder):
    for _ in range(3):
        vault.log.append("maite", "view", "granted")
    vault.log.path.write_bytes(vault.log.path.read_bytes().splitlines(True)[0])
    with process(folder, "--no-web") as (running, _, _):
        running.send_signal(signal.SIGTERM)
        assert running.wait(10) == 0
    assert any("The access log does not hold: line 3 is missing" in text for text in alarms(vault))


def test_the_whole_access_log_is_checked_while_the_service_runs(vault, folder):
    for _ in range(3):
        vault.log.append("maite", "view", "granted")
    vault.log.check()  # makes a checkpoint, before which pages do not look
    vault.log.path.write_bytes(vault.log.path.read_bytes().replace(b"granted", b"denied ", 1))
    assert vault.log.check().breaks == []
    with process(folder, "--no-web") as (running, _, _):
        wait_for(lambda: any("does not hold: line 1 was changed" in text for text in alarms(vault)), what="the alarm")
        running.send_signal(signal.SIGTERM)
        assert running.wait(10) == 0
