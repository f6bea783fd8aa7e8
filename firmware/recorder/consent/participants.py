"""Who is on each leg, as far as SIP shows it, and which of them are informed: those who heard the notice, and the worker.

Who joins later has to be informed too; who was informed once is not informed again. A peer shows that another party is in
the call by another identity (P-Asserted-Identity of RFC 3325, Remote-Party-ID, a changed From as in RFC 4916), by a session
of another origin (RFC 8866 section 5.2), or by becoming a conference (`isfocus`, RFC 4579).
"""

from testigo_wire.policy import e164
from testigo_wire.sip.message import SipError, address

WITHHELD = ("anonymous", "unknown", "unavailable")  # users that stand for no identity (RFC 3323 section 4.1.1.3)


class Participants:
    """numbering: the policy's."""

    def __init__(self, numbering):
        self._numbering = numbering
        self._present = [{}, {}]  # of each leg: "asserted", "from", "origin" and "focus" of who is there
        self._informed = ([], [])  # of each leg: names and sessions

    def update(self, side, identity, origin):
        """The leg has a session -> how another party came in: "identity", "session", "conference", or "": none did.

        identity: of the peer, as `identity_of` gives it. origin: of its SDP.
        """
        present = self._present[side]
        asserted, sender, contact = identity
        names = {}
        hidden = self._number(asserted).lower() in WITHHELD
        withheld = hidden or (not asserted and self._number(sender).lower() in WITHHELD)
        for kind, value in (("asserted", asserted), ("from", sender)):
            number = self._number(value)
            if number and (kind == "from" or not hidden):
                names[kind] = number
        focus = _is_focus(contact)
        how = ""
        if present:
            changed = [kind for kind in names if kind in present and names[kind] != present[kind]]
            asserted = "asserted" in names
            if focus and not present.get("focus"):
                how = "conference"
            elif changed or (hidden and "asserted" in present):
                how = "identity"
            elif asserted and "asserted" not in present and names["asserted"] not in present.values():
                how = "identity"
            elif origin != present["origin"] and not asserted:
                how = "session"
            if how and not asserted:
                present.pop("asserted", None)  # it was of the one who was there before
        present.update(names)
        present["origin"] = origin
        present["focus"] = focus
        if how and how != "conference" and not withheld and self._key(side) in self._informed[side]:
            how = ""
        return how

    def _number(self, value):
        try:
            uri = address(value)[1]
        except SipError:
            uri = value
        return e164.e164(uri, self._numbering) or e164.user(uri)

    def _key(self, side):
        present = self._present[side]
        return present.get("asserted") or self._session(present)

    def _session(self, present):
        return present.get("from", ""), present["origin"]

    def set_informed(self, side):
        """Who is on the leg now has heard the notice, or was informed as the policy says."""
        present = self._present[side]
        if present:
            self._informed[side].extend((self.name(side), self._session(present)))

    def name(self, side):
        """The number or user of who is on the leg, for the recording."""
        present = self._present[side]
        return present.get("asserted") or present.get("from", "")


def _is_focus(contact):
    return "isfocus" in [part.partition("=")[0].strip().lower() for part in contact.split(";")[1:]]
