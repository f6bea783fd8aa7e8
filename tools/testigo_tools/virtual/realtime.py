"""Scheduling of the appliance's process before that of others, as far as the system lets it."""

import os

PRIORITY = 10  # of SCHED_RR; most threads of the kernel that handle devices have 50
NICE = -10


def schedule_first() -> str:
    """Called in the process itself -> "real time", "nice" where only that is allowed, or "".

    Threads that it starts, as those that flush files, have ordinary scheduling (sched(7), RLIMIT_RTPRIO and RLIMIT_NICE).
    """
    try:
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(PRIORITY))
        return "real time"
    except OSError:
        pass
    try:
        os.setpriority(os.PRIO_PROCESS, 0, NICE)
        return "nice"
    except OSError:
        return ""
