"""From a datagram to a SIP message (RFC 3261 sections 7, 18.3 and 25).

Tolerant as the RFC requires: compact names, folding, case, blanks around separators, comma lists. Strict where tolerance
is dangerous: repeated identifying headers, stray line ends, wrong lengths, sizes.
"""

from testigo_wire.compat import const
from testigo_wire.sip.message import COOKIE, Message, SipError, address, number, split, uri, via

MAX_SIZE = const(8192)
MAX_HEADERS = const(128)

# 7.3.3, RFC 4028, RFC 6665
COMPACT = {
    "c": "content-type",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "s": "subject",
    "t": "to",
    "v": "via",
    "x": "session-expires",
}
SINGLE = ("from", "to", "call-id", "cseq", "content-length", "max-forwards")
TOKEN = "-.!%*_+`'~"  # beside letters and digits, 25.1


def parse(datagram):
    """The Message in a datagram, or SipError; its `message` then holds what could be read, for the response."""
    datagram = bytes(datagram)
    if len(datagram) > MAX_SIZE:
        raise SipError("too large", 513)
    start = 0
    while datagram[start : start + 2] == b"\r\n":  # 7.5
        start += 2
    end = datagram.find(b"\r\n\r\n", start)
    if end < 0:
        raise SipError("no end of headers")
    try:
        lines = str(datagram[start:end], "utf-8").split("\r\n")
    except UnicodeError:
        raise SipError("not UTF-8")
    message = Message()
    if lines[0][:4].upper() == "SIP/":
        message.status = 1  # a response, which must not be answered
    try:
        _headers(message, lines)
        _identity(message)
        _start_line(message, lines[0])
        _body(message, datagram, end + 4)
    except SipError as error:
        error.message = message
        raise
    return message


def is_token(text):
    """Whether a text is a token (25.1)."""
    for c in text:
        if not ("a" <= c <= "z" or "A" <= c <= "Z" or "0" <= c <= "9" or c in TOKEN):
            return False
    return bool(text)


def _headers(message, lines):
    # message-header = (header-name HCOLON header-value CRLF), 7.3
    headers = message.headers
    if len(lines) > MAX_HEADERS:
        raise SipError("too many headers")
    for i in range(1, len(lines)):
        line = lines[i]
        if "\n" in line or "\r" in line:
            raise SipError("stray line end")
        if line[:1] in (" ", "\t"):
            if not headers:
                raise SipError("malformed header")
            name, value = headers[-1]
            headers[-1] = (name, (value + " " + line.strip()).strip())
            continue
        at = line.find(":")
        name = line[:at].strip().lower()
        if at < 1 or not is_token(name):
            raise SipError("malformed header")
        headers.append((COMPACT.get(name, name), line[at + 1 :].strip()))
    if len([name for name, _ in headers if name == "via"]) == 1 and "," not in message.get("via"):
        return
    message.headers = []
    for name, value in headers:
        for one in split(value, ",") if name == "via" else (value,):
            message.add(name, one)


def _identity(message):
    # What every message has (8.1.1), so that later code may rely on it.
    for name in SINGLE:
        count = 0
        for key, _ in message.headers:
            count += key == name
        if count > 1:
            raise SipError("repeated " + name)
        if not count and name in ("from", "to", "call-id", "cseq"):
            raise SipError("missing " + name)
    message.call_id = message.get("call-id")
    if not message.call_id or " " in message.call_id:
        raise SipError("malformed call-id")
    message.sent_by, _, _, values = via(message.get("via", ""))
    message.branch = values.get("branch", "")
    message.from_tag = address(message.get("from"))[2].get("tag", "")
    message.to_tag = address(message.get("to"))[2].get("tag", "")
    cseq = message.get("cseq").split()
    if len(cseq) != 2 or not is_token(cseq[1]):
        raise SipError("malformed cseq")
    message.number = number(cseq[0])
    message.method = cseq[1]
    number(message.get("max-forwards", "70"), 255)


def _start_line(message, line):
    parts = line.split(" ", 2)
    if len(parts) != 3 or "\r" in line or "\n" in line:
        raise SipError("malformed start line")
    if message.status:
        # Status-Line = SIP-Version SP Status-Code SP Reason-Phrase, 7.2
        if parts[0].upper() != "SIP/2.0" or len(parts[1]) != 3:
            raise SipError("malformed start line")
        status = number(parts[1], 699)
        if status < 100:
            raise SipError("malformed start line")
        message.status = status
        message.reason = parts[2]
        return
    # Request-Line = Method SP Request-URI SP SIP-Version, 7.1
    method, message.uri, version = parts
    if version.upper() != "SIP/2.0":
        if version[:4].upper() == "SIP/" and " " not in version:
            raise SipError("version not supported", 505)
        raise SipError("malformed start line")
    if method != message.method:
        raise SipError("method differs from cseq")
    if method != "ACK" and not message.branch.startswith(COOKIE) and not message.from_tag:
        raise SipError("neither branch nor tag")
    try:
        uri(message.uri)
    except SipError as error:
        # Emergency calls may use other schemes. `Agent` refuses these for all other requests.
        if error.status != 416 or not message.uri.lower().startswith(("sips:", "urn:service:sos")):
            raise


def _body(message, datagram, start):
    # 18.3: over UDP more than the length is cut off, less is an error
    length = message.get("content-length")
    have = len(datagram) - start
    if length is not None:
        length = number(length)
        if length > have:
            raise SipError("body shorter than its length")
        have = length
        message.remove("content-length")
    message.body = datagram[start : start + have]
