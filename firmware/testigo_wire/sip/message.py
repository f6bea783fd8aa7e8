"""SIP messages (RFC 3261 sections 7, 19.1, 20 and 25): the object, its header values, and how it is written.

Header names are kept in lower case and in their long form; values are text, as they stood. What a peer sent is read by
parser.py. Everything here raises `SipError`, with the status of the response that is due.
"""

from testigo_wire.compat import const
from testigo_wire.errors import WireError

MAX_FORWARDS = const(70)
MAX_NUMBER = const(0x7FFFFFFF)  # CSeq, 8.1.1.5
SIP_PORT = const(5060)
COOKIE = "z9hG4bK"  # 8.1.1.7
EXTENSIONS = ("timer", "100rel")
ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK"

REASONS = {
    100: "Trying",
    180: "Ringing",
    183: "Session Progress",
    200: "OK",
    401: "Unauthorized",
    403: "Forbidden",
    480: "Temporarily Unavailable",
    481: "Call Does Not Exist",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    491: "Request Pending",
    603: "Decline",
}


class SipError(WireError):
    """What is wrong with a message or an action; `status` is for the response, `message` what could be read of it."""

    def __init__(self, reason, status=400):
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.retry_after = 5  # s, for a 500 or 503
        self.message = None


class Message:
    """A request (`status` 0) or a response; `method` and `number` are those of its CSeq."""

    __slots__ = (
        "method",
        "uri",
        "status",
        "reason",
        "headers",
        "body",
        "number",
        "call_id",
        "from_tag",
        "to_tag",
        "branch",
        "sent_by",
    )

    def __init__(self, method="", uri="", status=0, reason=""):
        self.method = method
        self.uri = uri
        self.status = status
        self.reason = reason
        self.headers = []
        self.body = b""
        self.number = 0
        self.call_id = self.from_tag = self.to_tag = self.branch = self.sent_by = ""

    def get(self, name, default=None):
        """The first value of a header, as it stands."""
        for key, value in self.headers:
            if key == name:
                return value
        return default

    def all(self, name):
        """Every value of a header that is a comma list (7.3.1)."""
        values = []
        for key, value in self.headers:
            if key == name and value:
                values.extend(split(value, ","))
        return values

    def add(self, name, value):
        self.headers.append((name, value))

    def set(self, name, value):
        self.remove(name)
        self.headers.append((name, value))

    def remove(self, name):
        self.headers = [pair for pair in self.headers if pair[0] != name]

    def set_body(self, content_type, body):
        """Set body and Content-Type; a body of None or b"" leaves the message without."""
        if body:
            self.add("content-type", content_type)
            self.body = body

    def has(self, name, token):
        """Whether a comma list holds a token, in any case."""
        for value in self.all(name):
            if value.lower() == token:
                return True
        return False

    def encode(self):
        """The datagram."""
        if self.status:
            lines = ["SIP/2.0 %d %s" % (self.status, self.reason)]
        else:
            lines = ["%s %s SIP/2.0" % (self.method, self.uri)]
        for name, value in self.headers:
            lines.append("%s: %s" % (_spelling(name), value))
        lines.append("Content-Length: %d\r\n\r\n" % len(self.body))
        return "\r\n".join(lines).encode() + self.body


def _spelling(name):
    # Names are free in case (7.3.1); a few old peers are not.
    if name == "call-id":
        return "Call-ID"
    if name == "cseq":
        return "CSeq"
    if name == "www-authenticate":
        return "WWW-Authenticate"
    return "-".join([part[:1].upper() + part[1:] for part in name.split("-")])


def response(request, status, tag="", reason=None):
    """A response to a request (8.2.6); `tag` becomes the To tag where the request has none."""
    message = Message(request.method, "", status, reason or REASONS.get(status, "Refused"))
    for name, value in request.headers:
        if name in ("via", "from", "call-id", "cseq"):
            message.add(name, value)
        elif name == "to":
            if tag and not request.to_tag:
                value += ";tag=" + tag
            message.add(name, value)
    message.number = request.number
    message.call_id = request.call_id
    message.from_tag = request.from_tag
    message.to_tag = request.to_tag or tag
    return message


def split(text, separator):
    """Parts between separators that stand outside of quoted strings and angle brackets, stripped."""
    if '"' not in text and "<" not in text:
        return [part.strip() for part in text.split(separator)]
    parts = []
    part = []
    quoted = escaped = angle = False
    for c in text:
        if escaped:
            escaped = False
        elif quoted:
            if c == "\\":
                escaped = True
            elif c == '"':
                quoted = False
        elif c == '"':
            quoted = not angle  # a URI holds no quoted string
        elif c == "<":
            angle = True
        elif c == ">":
            angle = False
        elif c == separator and not angle:
            parts.append("".join(part).strip())
            part = []
            continue
        part.append(c)
    if quoted or angle:
        raise SipError("unclosed quote or bracket")
    parts.append("".join(part).strip())
    return parts


def unquote(text):
    """The content of a quoted string (25.1), or the text itself."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    text = text[1:-1]
    if "\\" not in text:
        return text
    plain = ""
    escaped = False
    for c in text:
        if c == "\\" and not escaped:
            escaped = True
        else:
            plain += c
            escaped = False
    return plain


def parameters(parts):
    """[`name=value`, ...] as a dict of lower-case names; a bare name has the value ""."""
    values = {}
    for part in parts:
        at = part.find("=")
        if at < 0:
            values[part.lower()] = ""
        else:
            values[part[:at].strip().lower()] = unquote(part[at + 1 :].strip())
    return values


def address(value):
    """(display name, URI, parameters) of a From, To, Contact, Route value (20.10)."""
    parts = split(value, ";")
    head = parts[0]
    display = ""
    if head.endswith(">"):
        # The bracket that counts is the last one: a quoted name may hold others.
        at = head.rfind("<")
        display = unquote(head[:at].strip())
        head = head[at + 1 : -1].strip()
    if not head or " " in head or "<" in head or '"' in head:
        raise SipError("malformed address")
    return display, head, parameters(parts[1:])


def uri(text):
    """(scheme, user, host, port or 0, parameters) of a SIP or tel URI (19.1, RFC 3966)."""
    at = text.find(":")
    scheme = text[:at].lower()
    if at < 1 or " " in text or "<" in text or ">" in text:
        raise SipError("malformed URI")
    rest = text[at + 1 :]
    if scheme == "tel":
        return scheme, rest.split(";")[0], "", 0, {}
    if scheme != "sip":
        raise SipError("unsupported URI scheme", 416)
    user = ""
    at = rest.find("@")
    if at >= 0:
        user = rest[:at]
        at += 1
        rest = rest[at:]
    parts = rest.split("?")[0].split(";")
    name, port = host_port(parts[0])
    return scheme, user, name, port, parameters(parts[1:])


def host_port(text):
    """(host, port or 0) of `host[:port]`; an IPv6 reference keeps its brackets."""
    at = text.rfind(":")
    port = 0
    if at > text.rfind("]"):
        port = number(text[at + 1 :].strip(), 65535)
        text = text[:at].strip()
    if not text or "@" in text or " " in text or (":" in text and text[0] != "["):
        raise SipError("malformed host")
    return text.lower(), port


def via(value):
    """(sent-by as host:port, host, port, parameters) of a Via value (20.42)."""
    parts = split(value, ";")
    head = parts[0].split("/", 2)
    if len(head) != 3:
        raise SipError("malformed Via")
    sent_by = head[2].split(None, 1)
    if head[0].strip().upper() != "SIP" or len(sent_by) != 2:
        raise SipError("malformed Via")
    host, port = host_port(sent_by[1].strip())
    return "%s:%d" % (host, port or SIP_PORT), host, port, parameters(parts[1:])


def number(text, limit=MAX_NUMBER):
    """A decimal number up to a limit."""
    if not text or len(text) > 10 or not text.isdigit():
        raise SipError("malformed number")
    value = int(text)
    if value > limit:
        raise SipError("number out of range")
    return value


def complete_via(message, source):
    """Add to the top Via where a request came from (18.2.1, RFC 3581); returns where its responses go (18.2.2)."""
    value = message.get("via")
    values = split(value, ",")
    parts = split(values[0], ";")
    _, host, port, given = via(values[0])
    kept = [part for part in parts if part.split("=")[0].strip().lower() not in ("received", "rport")]
    kept.append("received=" + source[0])
    if "rport" in given:
        port = source[1]
        kept.append("rport=%d" % port)
    values[0] = ";".join(kept)
    for i in range(len(message.headers)):
        if message.headers[i][0] == "via":
            message.headers[i] = ("via", ", ".join(values))
            break
    return source[0], port or SIP_PORT
