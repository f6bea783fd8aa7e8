"""Real-time priority, as the service of the appliance has it: what else runs on the machine then disturbs a measurement less."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PRIORITY = 10


def prefer(pid: int) -> None:
    """All threads of a process, where this one may give it."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            os.sched_setscheduler(int(task.name), os.SCHED_RR, os.sched_param(PRIORITY))
        except OSError:
            return


@contextmanager
def preferred() -> Iterator[None]:
    """This process and those that it starts meanwhile."""
    before, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    prefer(os.getpid())
    try:
        yield
    finally:
        os.sched_setscheduler(0, before, parameters)
