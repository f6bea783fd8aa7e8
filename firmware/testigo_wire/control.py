"""Requests to an appliance over channel 0 of its serial link: diagnosis, provisioning, self-test.

Specification: docs/formats/control.md. Messages are framed as in link.py. A request is [id, name, ...]; its answers are any
number of [id, "more", value], then [id, "ok", value] or [id, "no", reason].
"""

from testigo_wire.errors import WireError
from testigo_wire.link_messages import Messages, ProtocolError, check, frame

REQUESTS = {
    "diag": "",
    "identify": "b",  # challenge
    "provision": "bbbs",  # certificate, CA (DER), operator's public key, device id
    "document": "b",
    "blob": "sib?",  # name, offset, piece, whether it is the last
    "wanted": "",  # the blobs that notices lack: [[name, offset], ...]
    "selftest": "is",  # seconds, source
    "sync": "",  # a vault now waits on channel 1
    "record": "si",  # start, stop, pause or resume; of the recording with that number, 0 where one call is up
    "log": "i",  # the newest lines, how many
    "reboot": "",
    "service": "",  # reboot into service mode
}
ANSWERS = ("more", "ok", "no")


class RequestRefused(WireError):
    """The appliance said no; the text is its reason."""


class Server:
    """The appliance's end."""

    def __init__(self):
        self._messages = Messages()

    def receive(self, data):
        self._messages.feed(data)

    def next(self):
        """(id, name, arguments) or None. name is None when the request is unknown here: answer "no".

        Raises ProtocolError when the stream is of no more use.
        """
        message = self._messages.next()
        if message is None:
            return None
        if len(message) < 2 or not check(message[:2], "is"):
            raise ProtocolError("no request")
        number, name = message[:2]
        if name not in REQUESTS or not check(message[2:], REQUESTS[name]):
            name = None
        return number, name, message[2:]


def answer(number, kind, value):
    """The bytes of an answer of that kind, one of ANSWERS."""
    return frame([number, kind, value])


class Client:
    """The technician's end: one request at a time."""

    def __init__(self):
        self._messages = Messages()
        self._number = 0

    def request(self, name, *arguments):
        """The bytes of a request, whose answers `next` gives from now on."""
        self._number += 1
        return frame([self._number, name] + list(arguments))

    def receive(self, data):
        self._messages.feed(data)

    def next(self):
        """(done, value) of the next answer to the latest request, or None. Raises RequestRefused, ProtocolError."""
        while True:
            message = self._messages.next()
            if message is None:
                return None
            if len(message) != 3 or not check(message[:2], "is") or message[1] not in ANSWERS:
                raise ProtocolError("no answer")
            if message[0] != self._number:
                continue  # to a request that was given up
            if message[1] == "no":
                raise RequestRefused(str(message[2]))
            return message[1] == "ok", message[2]
