"""Captures the traffic between the appliance and its peers: forwards SIP and RTP, and keeps every packet.

It has the place of a router: the appliance sends to its front, the peers (sipp, baresip) send to its back, and addresses
in messages are translated on the way (as RFC 3261 and SDP carry them), so that media takes this way too. It keeps what was
on the wire, and needs no special rights, as capturing on a network interface would.

sipp cannot hear. So the capture tells it when a notice has ended, by a MESSAGE that its scenario waits for: a person who
waits for the end of the notice does so on a busy machine too, where a fixed time would be too short.
"""

import re
import selectors
import socket
import threading
import time
from dataclasses import dataclass, field

Address = tuple[str, int]
MEDIA_LINE = re.compile(rb"(?m)^m=audio (\d+)")
CONNECTION = re.compile(rb"(?m)^c=IN IP4 (\S+)")
CALL_ID = re.compile(rb"(?mi)^(?:Call-ID|i)\s*:\s*(\S+)")
TO = re.compile(rb"(?mi)^(?:To|t)\s*:[^\r\n]*")
LENGTH = re.compile(rb"(?mi)^(Content-Length|l)(\s*:\s*)\d+")


def bound(host: str, port: int = 0) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    sock.bind((host, port))
    sock.setblocking(False)
    return sock


@dataclass
class Rtp:
    """One packet as it passed (RFC 3550 section 5.1)."""

    at: float
    data: bytes

    @property
    def payload_type(self) -> int:
        return self.data[1] & 127

    @property
    def marker(self) -> bool:
        return bool(self.data[1] & 128)

    @property
    def sequence_number(self) -> int:
        return int.from_bytes(self.data[2:4], "big")

    @property
    def timestamp(self) -> int:
        return int.from_bytes(self.data[4:8], "big")

    @property
    def ssrc(self) -> bytes:
        return self.data[8:12]

    @property
    def payload(self) -> bytes:
        return self.data[12:]


@dataclass
class Media:
    """The RTP of one captured call. said: by the peer. heard: by the peer."""

    front: socket.socket
    back: socket.socket
    appliance: Address | None = None
    peer: Address | None = None
    said: list[Rtp] = field(default_factory=list)
    heard: list[Rtp] = field(default_factory=list)

    def said_audio(self) -> list[Rtp]:
        return [packet for packet in self.said if packet.payload_type in (0, 8)]

    def heard_audio(self) -> list[Rtp]:
        return [packet for packet in self.heard if packet.payload_type in (0, 8)]


@dataclass
class Message:
    """One SIP datagram as the peer sent or received it."""

    at: float
    from_peer: bool
    data: bytes

    @property
    def first_line(self) -> str:
        return self.data.split(b"\r\n", 1)[0].decode("utf-8", "replace")


class TrafficCapture(threading.Thread):
    """front_port: which the appliance takes this side to be. callee: the peer that calls of the appliance go to."""

    def __init__(self, host: str, appliance: Address, front_port: int = 0) -> None:
        super().__init__(name="traffic-capture", daemon=True)
        self.host = host
        self.appliance = appliance
        self.callee: Address | None = None
        self.messages: list[Message] = []
        self.calls: list[Media] = []
        self._front = bound(host, front_port)
        self._back = bound(host)
        self.front = self._front.getsockname()
        self.back = self._back.getsockname()
        self.notice_ends: set[bytes] = set()  # the last 20 ms of each notice (RTP payload)
        self.waiting: dict[Address, int] = {}  # for how many ends of notices each scenario still waits
        self._peers: dict[bytes, Address] = {}
        self._answers: dict[bytes, bytes] = {}  # the header To of the answer that the caller had
        self._media: dict[bytes, Media] = {}
        self._lock = threading.Lock()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._front, selectors.EVENT_READ, self._from_appliance)
        self._selector.register(self._back, selectors.EVENT_READ, self._from_peer)
        self._ending = False
        self.start()

    def reset(self) -> None:
        """Forget the calls there were: the next test begins with an empty capture."""
        with self._lock:
            for media in self._media.values():
                for sock in (media.front, media.back):
                    self._selector.unregister(sock)
                    sock.close()
            self._media.clear()
            self._peers.clear()
            self._answers.clear()
            self.waiting.clear()
            self.messages.clear()
            self.calls.clear()
            self.callee = None

    def close(self) -> None:
        self._ending = True
        self.join(5)
        self.reset()
        self._front.close()
        self._back.close()

    def run(self) -> None:
        while not self._ending:
            for key, _ in self._selector.select(0.1):
                with self._lock:
                    if key.fileobj.fileno() >= 0:
                        self._drain(key.fileobj, key.data)

    def _drain(self, sock: socket.socket, handle) -> None:
        while True:
            try:
                data, source = sock.recvfrom(4096)
            except OSError:
                return
            handle(data, source)

    # SIP

    def _from_peer(self, data: bytes, source: Address) -> None:
        self.messages.append(Message(time.monotonic(), True, data))
        call_id = self._call_id(data)
        self._peers[call_id] = source
        data = self._media_moved(data, call_id, from_peer=True)
        data = self._translated(data, {source: self.front, self.back: self.appliance})
        self._front.sendto(data, self.appliance)

    def _from_appliance(self, data: bytes, _: Address) -> None:
        call_id = self._call_id(data)
        peer = self._peers.get(call_id)
        if peer is None and data.startswith(b"INVITE "):
            peer = self.callee
        if peer is None:
            return  # of a call of an earlier test
        self._peers[call_id] = peer
        data = self._media_moved(data, call_id, from_peer=False)
        data = self._translated(data, {self.appliance: self.back, self.front: peer})
        self.messages.append(Message(time.monotonic(), False, data))
        if data.startswith(b"SIP/2.0 200") and (found := TO.search(data)):
            self._answers.setdefault(call_id, found[0])
        self._back.sendto(data, peer)

    def _tell_notice_ended(self, call_id: bytes) -> None:
        peer = self._peers.get(call_id)
        if peer is None or not self.waiting.get(peer):
            return
        self.waiting[peer] -= 1
        # sipp's next request has the To of the last message.
        to = self._answers.get(call_id, b"To: <sip:peer@localhost>")
        head = b"MESSAGE sip:peer@localhost SIP/2.0\r\nVia: SIP/2.0/UDP %s:%d;branch=z9hG4bKnotice%d\r\n%s\r\n"
        head %= (self.back[0].encode(), self.back[1], self.waiting[peer], to)
        rest = (
            b"From: <sip:capture@localhost>;tag=capture\r\nCall-ID: %s\r\nCSeq: 1 MESSAGE\r\nContent-Length: 0\r\n\r\n"
        )
        self._back.sendto(head + rest % call_id, peer)

    def _call_id(self, data: bytes) -> bytes:
        found = CALL_ID.search(data)
        return found[1] if found else b""

    def _translated(self, data: bytes, addresses: dict[Address, Address]) -> bytes:
        """Every address host:port of the message's text in one pass, then the length of the body."""
        known = {
            b"%s:%d" % (old[0].encode(), old[1]): b"%s:%d" % (new[0].encode(), new[1]) for old, new in addresses.items()
        }
        pattern = b"(?:" + b"|".join(map(re.escape, known)) + rb")(?!\d)"
        data = re.sub(pattern, lambda match: known[match[0]], data)
        body = data.partition(b"\r\n\r\n")[2]
        return LENGTH.sub(rb"\g<1>\g<2>%d" % len(body), data, count=1)

    def _media_moved(self, data: bytes, call_id: bytes, from_peer: bool) -> bytes:
        """The message with the capture's media port in its SDP (RFC 8866) in place of the sender's."""
        found = MEDIA_LINE.search(data)
        if not found or found[1] == b"0":
            return data
        media = self._media.get(call_id) or self._open_media(call_id)
        connection = CONNECTION.search(data)
        there = (connection[1].decode() if connection else self.host, int(found[1]))
        if from_peer:
            media.peer = there
        else:
            media.appliance = there
        port = (media.front if from_peer else media.back).getsockname()[1]
        return MEDIA_LINE.sub(b"m=audio %d" % port, data, count=1)

    # RTP

    def _open_media(self, call_id: bytes) -> Media:
        media = Media(bound(self.host), bound(self.host))
        self._media[call_id] = media
        self.calls.append(media)

        def heard(data: bytes, _: Address) -> None:
            packet = Rtp(time.monotonic(), data)
            media.heard.append(packet)
            if media.peer:
                media.back.sendto(data, media.peer)
            if packet.payload in self.notice_ends:
                self._tell_notice_ended(call_id)

        def said(data: bytes, _: Address) -> None:
            media.said.append(Rtp(time.monotonic(), data))
            if media.appliance:
                media.front.sendto(data, media.appliance)

        self._selector.register(media.front, selectors.EVENT_READ, heard)
        self._selector.register(media.back, selectors.EVENT_READ, said)
        return media
