"""`testigo virtual run`: starting, stopping, dying, and never twice on one folder."""

import os
import signal
import socket
import time
from pathlib import Path

from support.serial_line import appliance, verb


def firmware(root: Path) -> int:
    return int((root / "appliance.pid").read_text())


def gone(pid: int) -> bool:
    """Dead, or a zombie whose parent is dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_until(done, limit_s=10):
    end = time.monotonic() + limit_s
    while not done():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_answers_and_stops_cleanly(micropython, tmp_path):
    with appliance(micropython, tmp_path) as process:
        for _ in range(2):
            done = verb(micropython, "diag", "--port", tmp_path / "tty")
            assert done.returncode == 0, done.stderr
            assert "on virtual (unix)" in done.stdout and "not provisioned" in done.stdout
        written = [path for path in tmp_path.rglob("*") if path.name in ("key.der", "log.txt", "state.cbor")]
        assert written and not [path for path in written if path.stat().st_mode & 0o077]
        pid = firmware(tmp_path)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert gone(pid)
    assert not (tmp_path / "tty").exists()
    assert (tmp_path / "stderr.log").read_bytes() == b""


def test_a_second_run_is_refused_until_the_first_has_ended(micropython, tmp_path):
    with appliance(micropython, tmp_path) as process:
        second = verb(micropython, "virtual", "run", "--root", tmp_path)
        assert second.returncode == 1
        assert f"process {process.pid} runs the appliance" in second.stderr
        assert verb(micropython, "diag", "--port", tmp_path / "tty").returncode == 0
        pid = firmware(tmp_path)
        process.kill()
        process.wait()
    wait_until(lambda: gone(pid))
    with appliance(micropython, tmp_path):
        assert verb(micropython, "diag", "--port", tmp_path / "tty").returncode == 0


def test_firmware_that_is_killed_is_reported(micropython, tmp_path):
    with appliance(micropython, tmp_path) as process:
        os.kill(firmware(tmp_path), signal.SIGKILL)
        assert process.wait(10) == 1
        assert "was killed by signal 9" in process.stdout.read()


def test_reboot_by_request_starts_it_again(micropython, tmp_path):
    from testigo_tools.serial.port import Port

    with appliance(micropython, tmp_path):
        with Port(str(tmp_path / "tty")) as device:
            before = firmware(tmp_path)
            device.request("reboot")
            wait_until(lambda: firmware(tmp_path) != before)
        with Port(str(tmp_path / "tty")) as device:
            assert device.diagnose()["uptime_ms"] < 10000


def test_service_mode_is_only_for_a_device_without_an_identity(micropython, tmp_path):
    from testigo_tools.serial.port import Port

    with appliance(micropython, tmp_path), Port(str(tmp_path / "tty")) as device:
        before = firmware(tmp_path)
        device.request("service")
        wait_until(lambda: firmware(tmp_path) != before)
    assert "service was asked for" in (tmp_path / "log.txt").read_text()


def test_systemd_hears_of_the_start_and_of_progress(micropython, tmp_path, monkeypatch):
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(path))
        systemd.settimeout(60)
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        with appliance(micropython, tmp_path / "root"):
            assert [systemd.recv(64) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]


def test_unknown_interpreter_is_named(tmp_path):
    done = verb(Path("/bin/true"), "virtual", "run", "--root", tmp_path)
    assert done.returncode == 1 and "is no MicroPython" in done.stderr
