"""What the program on a serial port does with the recording of a call. Loaded for it, and unloaded."""


def run(calls, action, number):
    """start, stop, pause, resume: of the recording of that number, 0 for the one call that is up.

    calls: those that are up. -> (its number, "" or why not).
    """
    chosen = [call for call in calls if not number or (call.recording and call.recording.number == number)]
    if len(chosen) != 1:
        return 0, "%d calls are up: say which" % len(chosen) if chosen else "no such call is up"
    call = chosen[0]
    return call.recording.number if call.recording else 0, call.control(action, "host")
