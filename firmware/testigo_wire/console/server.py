"""Requests to an appliance over channel 0 of its serial link: diagnosis, provisioning, self-test. client.py is the
other end.

Specification: docs/formats/control.md. Messages are framed as those of the link (link/messages.py). A request is
[id, name, ...]; its answers are any number of [id, "more", value], then [id, "ok", value] or [id, "no", reason].
"""

from testigo_wire.link.messages import Messages, ProtocolError, check, frame

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


class Server:
    """The appliance's end."""

    def __init__(self):
        self._messages = Messages()

    def receive(self, data):
        self._messages.feed(data)

    def next(self):
        """(id, name, arguments) or None. name is None when the request is unknown here: answer "no".

        Raises ProtocolError when the stream cannot be read any further.
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
