"""Session descriptions (RFC 8866) and offer/answer (RFC 3264) for one stream of telephone audio.

`parse` reads what a peer sent, `Endpoint` is one end of a leg: it makes offers, answers them, and returns what was agreed.
Encodings are PCMU and PCMA at 8 kHz, and telephone-event (RFC 4733). Streams of other kinds are refused.
"""

from testigo_wire.compat import const
from testigo_wire.errors import WireError

MAX_SIZE = const(4096)
MAX_LINES = const(200)
STATIC = {0: "PCMU", 8: "PCMA"}  # RFC 3551 section 6
TYPES = {"PCMU": 0, "PCMA": 8}
ENCODINGS = ("PCMU", "PCMA")
EVENT = "TELEPHONE-EVENT"
DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
RECORD = ("on", "off", "paused")  # RFC 7866 section 6.2


class SdpError(WireError):
    """A description that is malformed, or with which nothing can be agreed."""


class Media:
    """One m= line and what follows it."""

    __slots__ = ("kind", "port", "protocol", "formats", "host", "attributes")

    def __init__(self, kind, port, protocol, formats, host):
        self.kind = kind
        self.port = port
        self.protocol = protocol
        self.formats = formats
        self.host = host
        self.attributes = []  # [(name, value)]

    def get(self, name, default=None):
        for key, value in self.attributes:
            if key == name:
                return value
        return default

    def encoding(self, payload_type):
        """(upper-case name, clock rate) that a payload type stands for, ("", 0) if unknown."""
        head = str(payload_type) + " "
        for key, value in self.attributes:
            if key == "rtpmap" and value.startswith(head):
                # a=rtpmap:<payload type> <encoding>/<clock rate>[/<channels>], RFC 8866 section 6.6
                parts = value[len(head) :].strip().split("/")
                if len(parts) < 2 or not parts[1].isdigit():
                    return "", 0
                return parts[0].upper(), int(parts[1][:6])
        return STATIC.get(payload_type, ""), 8000


class Session:
    """A description: `attributes` of the session and `media`."""

    __slots__ = ("host", "attributes", "media", "version", "origin")

    def __init__(self):
        self.host = ""
        self.version = self.origin = ""
        self.attributes = []
        self.media = []

    def attribute(self, media, names):
        """Which of the names a stream has as attribute, or the session for it, or None."""
        for attributes in (media.attributes, self.attributes):
            for key, _ in attributes:
                if key in names:
                    return key
        return None


class Agreed:
    """The result of an exchange for the audio stream: address, encoding and direction."""

    def __init__(self, host, port):
        self.host = host
        self.port = port
        self.encoding = ""
        self.payload_type = None
        self.event_type = None
        self.direction = ""
        self.ptime = 20
        self.held = False
        self.record = None
        self.preference = None  # a=recordpref
        self.origin = ""  # who made the session: o= without its version
        self.encodings = []  # that the peer named and we know, in its order


def parse(body):
    """The Session in a body (RFC 8866 section 5)."""
    if len(body) > MAX_SIZE:
        raise SdpError("too large")
    try:
        lines = str(bytes(body), "utf-8").split("\n")
    except UnicodeError:
        raise SdpError("not UTF-8")
    if len(lines) > MAX_LINES or lines[0].strip() != "v=0":
        raise SdpError("no version 0")
    session = Session()
    media = None
    for line in lines[1:]:
        line = line.rstrip("\r")
        if not line:
            continue
        if line[1:2] != "=":
            raise SdpError("malformed line")
        kind, value = line[0], line[2:]
        if kind == "o":
            # o=<username> <sess-id> <sess-version> <nettype> <addrtype> <address>
            parts = value.split(" ")
            session.version = " ".join(parts[1:3])
            session.origin = " ".join(parts[:2] + parts[3:])
        elif kind == "c":
            # c=<nettype> <addrtype> <address>[/<ttl>]
            parts = value.split()
            if len(parts) != 3 or parts[0] != "IN":
                raise SdpError("malformed c=")
            host = parts[2].split("/")[0]
            if media:
                media.host = host
            else:
                session.host = host
        elif kind == "m":
            # m=<media> <port>[/<number>] <proto> <fmt> ...
            parts = value.split()
            if len(parts) < 4:
                raise SdpError("malformed m=")
            media = Media(parts[0], _number(parts[1].split("/")[0]), parts[2], parts[3:], session.host)
            session.media.append(media)
        elif kind == "a":
            name, _, value = value.partition(":")
            (media or session).attributes.append((name.strip().lower(), value.strip()))
    return session


class Endpoint:
    """One end of one leg's audio; it keeps the identity and version of its descriptions (o=)."""

    def __init__(self, host, port, random):
        self.host = host
        self.port = port
        self.session = int.from_bytes(random(4), "big")
        self.version = 0
        self.last = None
        self.offered = None

    def offer(self, encodings=ENCODINGS, event_type=101, direction="sendrecv", record=None):
        """The body of an offer; `event_type` is the payload type of telephone events, None for none."""
        types = [(TYPES[name], name) for name in encodings]
        self.offered = types, event_type, direction
        return self._build([self._audio(types, event_type, direction, record)])

    def accept(self, body):
        """What the answer to the last offer agrees to (RFC 3264 section 7)."""
        types, event_type, direction = self.offered
        session = parse(body)
        media = _find(session)
        if media is None:
            raise SdpError("audio refused")
        ours = [name for _, name in types]
        return self._agree(session, media, ours, direction, event_type is not None)

    def answer(self, body, encodings=ENCODINGS, direction="sendrecv", record=None):
        """(body of the answer, Agreed) for an offer (RFC 3264 section 6)."""
        session = parse(body)
        media = _find(session)
        if media is None:
            raise SdpError("no audio offered")
        agreed = self._agree(session, media, encodings, direction, True)
        lines = []
        for one in session.media:
            if one is media:
                types = [(agreed.payload_type, agreed.encoding)]
                lines.append(self._audio(types, agreed.event_type, agreed.direction, record))
            else:
                lines.append(["m=%s 0 %s %s" % (one.kind, one.protocol, " ".join(one.formats))])
        return self._build(lines), agreed

    def _agree(self, session, media, encodings, direction, events):
        agreed = Agreed(media.host, media.port)
        for text in media.formats:
            payload_type = _number(text)
            if payload_type > 127:
                raise SdpError("malformed format")
            name, rate = media.encoding(payload_type)
            if rate != 8000:
                continue
            if name == EVENT:
                if events and agreed.event_type is None:
                    agreed.event_type = payload_type
            elif TYPES.get(name) == payload_type and name not in agreed.encodings:
                agreed.encodings.append(name)
                if not agreed.encoding and name in encodings:
                    agreed.encoding = name
                    agreed.payload_type = payload_type
        if not agreed.encoding or not agreed.host:
            raise SdpError("no encoding in common")
        theirs = session.attribute(media, DIRECTIONS) or "sendrecv"
        if agreed.host == "0.0.0.0":
            # Hold as RFC 2543 had it (RFC 3264 section 8.4)
            theirs = "inactive" if theirs in ("recvonly", "inactive") else "sendonly"
        sends = direction in ("sendrecv", "sendonly") and theirs in ("sendrecv", "recvonly")
        receives = direction in ("sendrecv", "recvonly") and theirs in ("sendrecv", "sendonly")
        agreed.direction = DIRECTIONS[(0 if receives else 1) if sends else (2 if receives else 3)]
        agreed.held = theirs in ("sendonly", "inactive")
        ptime = media.get("ptime", "20")
        if ptime.isdigit() and len(ptime) < 4 and 5 <= int(ptime) <= 200:
            agreed.ptime = int(ptime)
        record = media.get("record")
        agreed.record = record if record in RECORD else None
        agreed.preference = media.get("recordpref")
        agreed.origin = session.origin
        return agreed

    def _audio(self, types, event_type, direction, record):
        formats = [str(payload_type) for payload_type, _ in types]
        lines = ["a=rtpmap:%d %s/8000" % pair for pair in types]
        if event_type is not None:
            formats.append(str(event_type))
            lines.append("a=rtpmap:%d telephone-event/8000" % event_type)
            lines.append("a=fmtp:%d 0-16" % event_type)
        lines.append("a=ptime:20")
        lines.append("a=" + direction)
        if record:
            lines.append("a=record:" + record)
        return ["m=audio %d RTP/AVP %s" % (self.port, " ".join(formats))] + lines

    def _build(self, media):
        lines = []
        for one in media:
            lines.extend(one)
        if lines != self.last:
            self.version += 1  # RFC 3264 section 8
            self.last = lines
        head = [
            "v=0",
            "o=- %d %d IN IP4 %s" % (self.session, self.version, self.host),
            "s=-",
            "c=IN IP4 " + self.host,
            "t=0 0",
        ]
        return "\r\n".join(head + lines + [""]).encode()


def _find(session):
    for media in session.media:
        if media.kind == "audio" and media.port and media.protocol in ("RTP/AVP", "RTP/AVPF"):
            return media
    return None


def _number(text):
    if not text.isdigit() or len(text) > 5 or int(text) > 65535:
        raise SdpError("malformed number")
    return int(text)
