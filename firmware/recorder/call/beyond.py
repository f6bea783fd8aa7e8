"""Whether a call beyond `max_calls` is taken. It is connected without recording, or refused where the policy says so. Loaded for
it, and unloaded.
"""

from recorder.loading import unload

FREE = 32768  # bytes in one piece: such a call takes less, and leaves enough for the messages of the others


def may_begin(gateway, calls, max_calls):
    """calls: that are up. Ports are left over for an emergency call, and for the call back after one."""
    from testigo_wire.policy import limits

    unload("testigo_wire.policy.limits")
    up = len([call for call in calls if not call.has_place])
    first, last = gateway.ports
    if up + gateway.emergency.expects_call_back >= limits.beyond(max_calls, first, last, gateway.hal.limits()[2]):
        return False
    try:
        bytearray(FREE)
    except MemoryError:
        return False
    gateway.log("%d calls are up: one more is not recorded" % len(calls))
    return True
