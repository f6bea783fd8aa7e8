"""What is done with the counts of calls without a recording. Loaded when there are some, and unloaded afterwards.

state: the UnrecordedCalls of unrecorded.py.
"""

from recorder import files
from testigo_wire.encoding import cbor

NAME = "testigo unrecorded"
MAX_REASONS = 16
MAX_TEXT = 32
OTHER = "other"
WRITE_EVERY_MS = 10000  # a flood of calls does not wear out the flash


def load(state):
    try:
        name, version, link_version, entries = cbor.decode(files.read(state.path) or b"")
        if name != NAME or version != 1:
            raise ValueError
        state.entries = [[why[:MAX_TEXT], calls + 0, since + 0, until + 0, 0] for why, calls, since, until in entries]
        state.link_version = link_version + 0
    except (cbor.CborError, ValueError, TypeError):
        state.log("unrecorded.cbor is damaged: calls without a recording are counted anew")


def add(state, why):
    why = why[:MAX_TEXT]
    now = state.hal.unix_ms()
    entry = _entry(state, why)
    if entry is None and len(state.entries) >= MAX_REASONS:
        why = OTHER
        entry = _entry(state, why)
    if entry is None:
        state.entries.append([why, 1, now, now, 0])
    else:
        entry[1] += 1
        entry[3] = max(entry[2], now)
    state.changed = True
    if state.written_ms is None or state.hal.ms() - state.written_ms >= WRITE_EVERY_MS:
        write(state)


def _entry(state, why):
    for entry in state.entries:
        if entry[0] == why and not entry[4]:
            return entry
    return None


def write(state):
    state.written_ms = state.hal.ms()
    try:
        files.replace(state.path, cbor.encode([NAME, 1, state.link_version, [entry[:4] for entry in state.entries]]))
        state.changed = False
    except OSError as exc:
        state.changed = True
        state.log("unrecorded.cbor: %s" % exc)


def tell(state, recording):
    for entry in state.entries:
        if not entry[4]:
            recording.event("no_recording", *entry[:4])
            entry[4] = recording.number


def sealed(state, number, whole):
    told = [entry for entry in state.entries if entry[4] == number]
    if not told:
        return
    if whole:
        state.entries = [entry for entry in state.entries if entry[4] != number]
        write(state)
    else:  # told once more, by the next recording
        for entry in told:
            entry[4] = 0
