"""The running service against strangers and faults: connections, an index that cannot be written, a place that is not there."""

import contextlib
import os
import re
import resource
import signal
import socket
import subprocess
import sys

import httpx
import pytest

from support.fake_appliance import speech
from support.ingest import serving
from support.rig import wait_for
from support.vault_fixtures import full
from testigo_wire.link.device import ProtocolError


@contextlib.contextmanager
def service(folder, files=None, status=0):
    """`testigo vault run` as a process; -> (ingest's port, web's port, the file of its log). files: (soft, hard) limit."""
    path = os.pathsep.join(entry for entry in sys.path if entry)
    log = folder.with_suffix(".log")

    def limit():
        if files:
            resource.setrlimit(resource.RLIMIT_NOFILE, files)

    with log.open("w") as output:
        running = subprocess.Popen(
            [sys.executable, "-m", "testigo_tools.cli", "vault", "run", "--vault", str(folder)],
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
            env=os.environ | {"PYTHONPATH": path},
            preexec_fn=limit,
        )
    try:
        assert running.stdout is not None
        line = running.stdout.readline()
        assert line, log.read_text()
        yield (*(int(port) for port in re.findall(r"(?:port |:)(\d+)", line)), log)
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == status
    finally:
        running.kill()
        running.communicate()


@pytest.fixture
def connections():
    """connections(port, count): so many connections that send nothing."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 3000:
        pytest.skip(f"this test needs 3000 open files, this user may have {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 3000), hard))
    opened = []

    def connect(port, count):
        for _ in range(count):
            with contextlib.suppress(OSError):
                opened.append(socket.create_connection(("127.0.0.1", port), timeout=5))

    yield connect
    for one in opened:
        one.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("which", ["ingest", "web"])
def test_idle_connections_stop_neither_appliances_nor_pages(vault, appliance, connections, which):
    """More than the process may have files; some sent rubbish, some go away."""
    appliance.record(packets=speech(1))
    with service(vault.folder, files=(256, 1024)) as (ingest, web, log):
        connections({"ingest": ingest, "web": web}[which], 1100)
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", ingest)) as line:
                line.sendall(b"GET / HTTP/1.0\r\n\r\n" * 10)
        appliance.sync(ingest)
        assert httpx.get(f"http://127.0.0.1:{web}/sign-in", timeout=120).status_code == 200
        assert vault.device_contacts.all()["branch-1"].next_number == 2
    assert 1 in appliance.receipts
    text = log.read_text()
    assert "Traceback" not in text and len(text) < 30_000, text[:3000]


def test_a_request_that_does_not_come_holds_no_page(vault, connections):
    """The time runs out for who sends a part of a request; a browser is answered meanwhile."""
    with service(vault.folder) as (_, web, log), contextlib.ExitStack() as stack:
        slow = [stack.enter_context(socket.create_connection(("127.0.0.1", web), timeout=120)) for _ in range(200)]
        for line in slow:
            with contextlib.suppress(OSError):
                line.sendall(b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nname=")
        assert httpx.get(f"http://127.0.0.1:{web}/sign-in", timeout=120).status_code == 200
        with contextlib.suppress(ConnectionResetError):
            assert slow[-1].recv(10) == b""
    text = log.read_text()
    assert "Traceback" not in text and len(text) < 30_000, text[:3000]


def test_an_index_that_cannot_be_written_raises_an_alarm(vault, appliance):
    """Recordings stay on the appliance; the alarm is in the file and on the page at once, and in the index later."""
    from sqlalchemy import event

    appliance.record(packets=speech(0.2))
    engine = vault.database.engine

    def read_only(connection, record):
        connection.execute("PRAGMA query_only = ON")

    event.listen(engine, "connect", read_only)
    engine.dispose()
    with serving(vault) as port:
        for _ in range(2):
            with pytest.raises((OSError, ProtocolError)):
                appliance.sync(port)
        told = "Nothing can be taken in: the index cannot be used: attempt to write a readonly database."
        wait_for(lambda: vault.alarms.latest(), what="the alarm")
        assert [(alarm.kind, alarm.text) for alarm in vault.alarms.latest()] == [("index", told)]
        assert told in (vault.folder / "alarms.log").read_text()
        event.remove(engine, "connect", read_only)
        engine.dispose()
        appliance.sync(port)
    assert 1 in appliance.receipts
    assert vault.alarms.save_unsaved() and [alarm.text for alarm in vault.alarms.latest()] == [told]


def test_the_service_does_not_start_on_an_index_that_cannot_be_written(vault, testigo):
    full(vault.folder)
    assert "cannot be written: database or disk is full" in testigo("vault", "run", status=1)
    assert "The service does not start" in (vault.folder / "alarms.log").read_text()


def test_a_place_that_is_not_there_is_told_when_the_service_starts(vault, folder):
    second = folder / "copies" / "second"
    second.rename(folder / "copies" / "disk")
    with service(folder):
        wait_for(lambda: vault.alarms.latest(), what="the alarm")
    assert "not the place that this vault wrote to" in vault.alarms.latest()[0].text
    assert not second.exists()


def test_strangers_fill_no_alarms(vault, appliance, tmp_path):
    """Forty connections with certificates of another organisation."""
    from support.fake_appliance import Appliance
    from testigo_vault.new_vault import create

    other = create(tmp_path / "other", "Other organisation", "another passphrase", "and one for audio")
    other.unlock("another passphrase")
    stranger = Appliance(other, "branch-1", tmp_path)
    stranger.organisation.ca_der = vault.organisation.ca_der
    with serving(vault) as port:
        for _ in range(40):
            with pytest.raises((OSError, ProtocolError)):
                stranger.sync(port)
        appliance.record(packets=speech(0.2))
        appliance.sync(port)
    texts = [alarm.text for alarm in vault.alarms.latest() if alarm.kind == "stranger"]
    assert len(texts) == 4, texts
    # TLS 1.3: the client may be done before its certificate is refused, and the last ones may still be on the way.
    assert re.match(r"3\d more connections were refused, from 1 addresses; the last: From 127", texts[0])
    assert 1 in appliance.receipts
