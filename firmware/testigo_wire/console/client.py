"""Requests to an appliance over its console, the host's end (docs/formats/control.md); server.py is the other end."""

from testigo_wire.console.server import ANSWERS
from testigo_wire.errors import WireError
from testigo_wire.link.messages import Messages, ProtocolError, check, frame


class RequestRefused(WireError):
    """The appliance refused a request; the text is its reason."""


class Client:
    """One request at a time."""

    def __init__(self):
        self._messages = Messages()
        self._number = 0

    def request(self, name, *arguments):
        """The bytes of a request; `next` returns its answers from now on."""
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
                continue  # to an earlier request, which has timed out
            if message[1] == "no":
                raise RequestRefused(str(message[2]))
            return message[1] == "ok", message[2]
