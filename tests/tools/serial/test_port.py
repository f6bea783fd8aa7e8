"""A device's port from the host's side: what can go wrong, and how it is told."""

import os
import pty
import socket
import threading
import tty
from contextlib import suppress

import pytest

from support.serial_line import appliance, verb
from testigo_tools.serial.port import Port, PortError


def test_a_missing_port_is_reported():
    with pytest.raises(PortError, match="cannot be opened"):
        Port("/dev/does-not-exist")


def test_a_port_without_an_answer_is_reported():
    master, slave = pty.openpty()
    tty.setraw(slave)
    try:
        with pytest.raises(PortError, match="no answer on"):
            Port(os.ttyname(slave), wait_s=0.5)
    finally:
        os.close(master)
        os.close(slave)


def test_a_port_in_use_is_reported(micropython, tmp_path):
    with appliance(micropython, tmp_path), Port(str(tmp_path / "tty")):
        done = verb(micropython, "diag", "--port", tmp_path / "tty")
        assert done.returncode == 1 and "close other programs" in done.stderr


def test_requests(micropython, tmp_path):
    with appliance(micropython, tmp_path), Port(str(tmp_path / "tty")) as device:
        facts = device.diagnose()
        assert facts["board"] == "virtual" and facts["device_id"] == "" and facts["recordings"] == [0, 0, 1]
        assert any("boot" in line for line in device.request("log", 10))
        for name, arguments, reason in (
            ("sync", (), "not provisioned"),
            ("document", (b"no document",), "not provisioned"),
            ("blob", ("es.PCMU", 0, b"x", True), "no notice lacks"),
            ("identify", (b"short",), "16 to 64 bytes"),
            ("provision", (b"c", b"ca", b"o", "x"), "identify first"),
            ("format", (), "unknown request"),
            ("log", ("many",), "unknown request"),
        ):
            with pytest.raises(PortError, match=reason):
                device.request(name, *arguments)
        assert device.diagnose()["uptime_ms"] >= facts["uptime_ms"]


def test_garbage_on_the_line_is_ignored(micropython, tmp_path):
    with appliance(micropython, tmp_path):
        Port(str(tmp_path / "tty")).close()
        with open(tmp_path / "tty", "wb", buffering=0) as line:
            line.write(b"ets Jun  8 2016 00:22:57\r\n" * 50 + b"\0\0" + bytes(range(256)) * 8)
        with Port(str(tmp_path / "tty")) as device:
            assert device.diagnose()["serial"][3] > 0


def test_a_restart_of_the_device_is_reported(micropython, tmp_path):
    with appliance(micropython, tmp_path), Port(str(tmp_path / "tty")) as device:
        device.request("reboot")
        with pytest.raises(PortError, match="restarted"):
            device.diagnose()
            device.diagnose()
        device.connect(10)
        assert device.diagnose()["uptime_ms"] < 10000


def test_port_behind_a_socket(micropython, tmp_path):
    """As with a serial server, or a chip's port that another program offers on TCP."""
    with appliance(micropython, tmp_path), socket.create_server(("127.0.0.1", 0)) as server:
        fd = os.open(tmp_path / "tty", os.O_RDWR | os.O_NOCTTY)
        tty.setraw(fd)

        def relay():
            connection, _ = server.accept()

            def up():
                with suppress(OSError):
                    while data := os.read(fd, 512):
                        connection.sendall(data)

            threading.Thread(target=up, daemon=True).start()
            while data := connection.recv(512):
                os.write(fd, data)

        threading.Thread(target=relay, daemon=True).start()
        done = verb(micropython, "diag", "--port", f"socket://127.0.0.1:{server.getsockname()[1]}", "--json")
        assert done.returncode == 0, done.stderr
        assert '"board": "virtual"' in done.stdout
