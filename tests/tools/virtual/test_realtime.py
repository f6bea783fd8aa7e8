"""`--realtime`: before other processes and in memory, where the system allows it; else the appliance runs all the same."""

import os
import resource
import subprocess
import sys
from pathlib import Path

from support.serial_line import appliance, environment, verb
from testigo_tools.virtual.realtime import schedule_first

POLICY = (
    "import os; from testigo_tools.virtual.realtime import schedule_first as f; print(f(), os.sched_getscheduler(0))"
)
NOBODY = 65534


def scheduled(micropython) -> list[str]:
    """What a process gets that asks for it."""
    line = [sys.executable, "-c", POLICY]
    done = subprocess.run(line, env=environment(micropython), capture_output=True, text=True, check=True)
    return done.stdout.rsplit(maxsplit=1)


def locked_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmLck"))


def test_the_firmware_gets_what_the_system_allows(micropython, tmp_path):
    allowed, policy = scheduled(micropython)
    with appliance(micropython, tmp_path, "--realtime"):
        pid = int((tmp_path / "appliance.pid").read_text())
        assert verb(micropython, "diag", "--port", tmp_path / "tty").returncode == 0
        assert os.sched_getscheduler(pid) == int(policy)
        if allowed == "nice":
            assert os.getpriority(os.PRIO_PROCESS, pid) == -10
        refused = "memory is not locked" in (tmp_path / "stderr.log").read_text()
        assert bool(locked_kib(pid)) != refused


def test_without_the_option_nothing_is_asked_for(micropython, tmp_path):
    with appliance(micropython, tmp_path):
        pid = int((tmp_path / "appliance.pid").read_text())
        assert verb(micropython, "diag", "--port", tmp_path / "tty").returncode == 0
        assert os.sched_getscheduler(pid) == os.sched_getscheduler(0)
        assert locked_kib(pid) == 0


def test_a_system_that_refuses_is_no_error():
    """As for a user without rights whose limits are 0."""
    child = os.fork()
    if not child:
        try:
            for limit in (resource.RLIMIT_RTPRIO, resource.RLIMIT_NICE):
                resource.setrlimit(limit, (0, 0))
            if not os.getuid():
                os.setuid(NOBODY)
            os._exit(0 if schedule_first() == "" and os.sched_getscheduler(0) == os.SCHED_OTHER else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
