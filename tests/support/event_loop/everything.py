"""Everything that an appliance can have to do at the same time: calls, an objection, sync, documents, console, a scanner."""

import hashlib
import random
import socket
import threading
from contextlib import suppress

import pytest

from support.branch import NOTICE_MS, Branch, sound
from support.rig import FAR, NEAR, wait_for
from support.sip.sipp import answering, calling
from testigo_tools.serial.port import PortError
from testigo_wire.policy import objections

LISTED = 16384  # numbers on the list of objections
SCANNED_PER_S = 200
LONG_MS = 37000  # longer than the rest takes on a busy machine; the calls are cut off when it is done
REQUESTS = (
    "OPTIONS sip:100@{host} SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{n}\r\nFrom: <sip:a@b>;tag={n}\r\n"
    "To: <sip:100@{host}>\r\nCall-ID: {n}\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
    "REGISTER sip:{host} SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{n}\r\nFrom: <sip:100@{host}>;tag={n}\r\n"
    "To: <sip:100@{host}>\r\nCall-ID: {n}\r\nCSeq: 1 REGISTER\r\nContact: <sip:a@{host}:{port}>\r\nMax-Forwards: 70\r\n"
    "Content-Length: 0\r\n\r\n",
    "no SIP at all {n}",
)


class Scanner:
    """Sends what scanners send, from an address that the appliance does not know."""

    def __init__(self, to: tuple[str, int], per_s: int = SCANNED_PER_S) -> None:
        self._to = to
        self._pause_s = 1 / per_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.sent = 0

    def __enter__(self) -> "Scanner":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(5)

    def _run(self) -> None:
        chance = random.Random(8)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.9", 0))
            host, port = sock.getsockname()
            while not self._ended.wait(self._pause_s):
                text = chance.choice(REQUESTS).format(host=host, port=port, n=self.sent)
                with suppress(OSError):
                    sock.sendto(text.encode(), self._to)
                self.sent += 1


def sign_objections(branch: Branch, count: int = LISTED) -> None:
    """A list that arrives by the next session with the vault."""
    chance = random.Random(count)
    data = b"".join(sorted(chance.randbytes(objections.WIDTH) for _ in range(count)))
    body = [chance.randbytes(32), count, hashlib.sha256(data).digest()]
    branch._sign(branch.documents.objections_path(), "objections", body, {objections.BLOB: data})


def prepare(branch: Branch) -> None:
    """The branch's line lets a party object by 9."""
    branch.sign_notice()
    branch.sign_policy(rule="opt-out")
    branch.sign_settings(max_calls=4)
    branch.provision()
    branch.ready()


def run(branch: Branch) -> None:
    """Two long calls, which are still up when this returns, and everything else beside them."""
    branch.worker(answering(), calls=4)
    branch.caller(calling().pause(LONG_MS).bye(), calls=2)
    wait_for(lambda: len(branch.near.calls) == 2 and all(c.heard_audio() for c in branch.near.calls), 20, "two calls")
    with Scanner(branch.sip) as scanner:
        sign_objections(branch)
        branch.call(calling().pause(NOTICE_MS + 2000).info("9").pause(500).bye())
        branch.sign_notice(audio={"PCMU": sound(3, 4 * NOTICE_MS), "PCMA": sound(4, 4 * NOTICE_MS)})
        branch.sign_policy(rule="opt-out", tone=[])
        branch.provision()
        assert branch.port
        with pytest.raises(PortError, match="a call is up"):
            branch.port.request("selftest", 1, "tone")
        branch.log()
        branch.call(calling().pause(4 * NOTICE_MS + 1500).bye())
        for index in (2, 3):
            branch.recording(index)  # taken to the vault beside the calls
        assert branch.diagnose()["calls"] == 2, "the calls were too short"
    assert scanner.sent > 100


def check_talk(branch: Branch) -> None:
    """What the parties of the long calls heard of each other is what the other one said, without a packet missing."""
    said = [
        {b"".join(packet.payload for packet in call.said_audio()) for call in capture.calls[:2]}
        for capture in branch.captures
    ]
    for leg, notice in ((NEAR, 0), (FAR, NOTICE_MS // 20)):
        for call in branch.captures[leg].calls[:2]:
            heard = b"".join(packet.payload for packet in call.heard_audio()[notice:])
            assert len(heard) > 160 * 200
            assert any(heard in whole for whole in said[1 - leg]), "a packet is missing"
