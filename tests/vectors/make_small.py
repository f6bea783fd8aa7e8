"""Vectors of audio frames and of events, each good one with its malformed siblings."""

from support.device import recordings
from testigo_wire.encoding import cbor
from testigo_wire.recording import audio_frame, events

SOURCE = "made by the project: tests/vectors/make_formats.py"


def audio_frames() -> dict:
    buffer = bytearray(400)
    first = recordings.packet(7, b"\xd5" * 8)
    second = recordings.packet(40000, b"\xff" * 8)
    at = audio_frame.begin(buffer, 0, 70000)
    at = audio_frame.put(buffer, at, audio_frame.NEAR, 0, first)
    one = bytes(buffer[:at])
    at = audio_frame.put(buffer, at, audio_frame.FAR, 258, second)
    two = bytes(buffer[:at])

    def changed(data: bytes, at: int, value: int) -> bytes:
        return data[:at] + bytes([value]) + data[at + 1 :]

    malformed = [
        ("empty", b"", "version or head"),
        ("version 2", changed(one, 0, 2), "version or head"),
        ("head alone", one[:5], "no packet"),
        ("packet head cut short", one + b"\x00\x00", "packet head cut short at 30"),
        ("packet cut short", one[:-1], "packet cut short at 5"),
        ("leg 2", changed(one, 5, 2), "packet head at 5"),
        ("packet too short for RTP", one[:8] + b"\x00\x0b" + one[10:21], "packet head at 5"),
        ("not RTP version 2", changed(one, 10, 0x40), "no RTP packet at 5"),
        ("time goes back", changed(two, 6, 2), "packet head at 30"),
    ]
    return {
        "source": SOURCE,
        "frames": [
            {"name": "one packet", "plaintext": one.hex(), "packets": [[0, 70000, first.hex()]]},
            {
                "name": "both legs",
                "plaintext": two.hex(),
                "packets": [[0, 70000, first.hex()], [1, 70258, second.hex()]],
            },
        ],
        "malformed": [{"name": n, "plaintext": p.hex(), "refused": r} for n, p, r in malformed],
    }


EVENTS = (
    recordings.CALL,
    recordings.POLICY,
    ("terms", 1, "consent", "acknowledgement", "connect", True),
    recordings.NOTICE,
    recordings.CONSENT,
    ("worker", 5150, "acknowledgement", "worker-1 2026-01-10"),
    ("parties", 5160, "sip:+34600111222@example.net", "sip:900@example.net"),
    ("tone", 5170, 1400, 200, 15000, 20),
    ("started", 5180, "key"),
    ("stopped", 5190, "host"),
    ("joined", 5200, 1, "+34600111333", "identity"),
    recordings.MEDIA[0],
    ("confirmed", 5300, 1, "rtp"),
    ("dtmf", 5500, 1, "5", "rfc4733"),
    ("on_hold", 7000, 0, True),
    ("pause", 8000, "key"),
    ("resume", 9000, "limit"),
    ("gap", 9100, 1, 12, 240, "no room to send"),
    ("quality", 9900, 1, 480, 3, 1, 1250, 82560),
    ("objection", 9950, 1, "9", "info"),
    ("erased", 9960, 41),
    ("unrecorded", 9970, "notice missing"),
    ("no_recording", 9975, "space", 12, 1700000000000, 1700000400000),
    ("hang_up", 9980, 1, 200, "BYE"),
    ("power_loss", 9990),
)


def all_events() -> dict:
    malformed = [
        ("no array", cbor.encode("call"), "no known event"),
        ("empty", cbor.encode([]), "no known event"),
        ("name alone", cbor.encode(["pause"]), "no known event"),
        ("unknown name", cbor.encode(["party", 0]), "no known event"),
        ("negative time", cbor.encode(["pause", -1, "key"]), "pause.t_ms: not an unsigned number"),
        ("a field too many", cbor.encode(["pause", 1, "key", 2]), "pause: 4 fields, not 3"),
        ("a field too few", cbor.encode(["on_hold", 1, 0]), "on_hold: 3 fields, not 4"),
        ("leg 2", cbor.encode(["on_hold", 1, 2, True]), "on_hold.leg: not one of the known values"),
        ("number for a boolean", cbor.encode(["on_hold", 1, 1, 1]), "on_hold.held: not a boolean"),
        ("no telephone key", cbor.encode(["objection", 1, 1, "9#", ""]), "objection.key: not a telephone key"),
        ("unknown rule", cbor.encode(["policy", 1, 1, b"", "all", "ask"]), "policy.rule: not one of the known values"),
        ("digest cut short", cbor.encode([*recordings.NOTICE[:5], b"4", 1, 1, True]), "notice.digest: not 32 bytes"),
        ("unknown who", cbor.encode(["pause", 1, "caller"]), "pause.by: not one of the known values"),
        (
            "calls as text",
            cbor.encode(["no_recording", 1, "space", "12", 1, 2]),
            "no_recording.calls: not an unsigned number",
        ),
        (
            "leg confirmed by nothing known",
            cbor.encode(["confirmed", 1, 0, "icmp"]),
            "confirmed.how: not one of the known values",
        ),
        ("bytes after it", cbor.encode(["pause", 1, "key"]) + b"\x00", "bytes after the item"),
    ]
    assert {event[0] for event in EVENTS} == set(events.EVENTS)
    return {
        "source": SOURCE,
        "events": [{"name": event[0], "plaintext": cbor.encode(event).hex()} for event in EVENTS],
        "malformed": [{"name": n, "plaintext": p.hex(), "refused": r} for n, p, r in malformed],
    }
