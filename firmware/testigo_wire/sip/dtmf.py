"""Keys in the bodies of SIP INFO; those in RTP are in telephone_event.py."""

from testigo_wire.encoding.schema import KEYS


def from_info(content_type, body):
    """(digit, duration in ms) of an INFO body, or None."""
    kind = content_type.split(";")[0].strip().lower()
    signal, duration = "", 0
    try:
        text = str(body, "utf-8")
    except UnicodeError:
        return None
    if kind == "application/dtmf-relay":
        for line in text.split("\n"):
            name, _, value = line.partition("=")
            name = name.strip().lower()
            value = value.strip()
            if name == "signal":
                signal = value
            elif name == "duration" and value.isdigit():
                duration = min(int(value[:5]), 60000)
    elif kind == "application/dtmf":
        signal = text.strip()
    # Some peers write the event number (RFC 4733) for * and #.
    if len(signal) == 2 and signal.isdigit() and int(signal) < len(KEYS):
        signal = KEYS[int(signal)]
    signal = signal.upper()
    if len(signal) != 1 or signal not in KEYS:
        return None
    return signal, duration
