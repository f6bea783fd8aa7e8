"""Who is on each leg, as far as SIP tells, and who of them has been told: parties who join later have to be, those who
heard the notice have not to hear it again.

A peer that puts somebody else into a call says so by another identity (P-Asserted-Identity of RFC 3325, Remote-Party-ID,
or a changed From as in RFC 4916), or only by a session of another origin (RFC 8866 section 5.2), or it becomes a
conference (`isfocus`, RFC 4579).
"""

from testigo_wire.policy import e164
from testigo_wire.sip.message import SipError, address

NOBODY = ("anonymous", "unknown", "unavailable")  # users of those who withhold who they are (RFC 3323 section 4.1.1.3)


class Parties:
    """numbering: the policy's."""

    def __init__(self, numbering):
        self._numbering = numbering
        self._now = [{}, {}]  # of each leg: what -> who
        self._told = ([], [])

    def seen(self, side, said, origin):
        """The leg has a session -> how somebody new came in: "identity", "session", "conference", or "".

        said: what the peer says of itself, as `heard_from` gives it. origin: of its SDP.
        """
        known = self._now[side]
        asserted, sender, contact = said
        names = {}
        hidden = self._number(asserted).lower() in NOBODY
        nobody = hidden or (not asserted and self._number(sender).lower() in NOBODY)
        for what, value in (("asserted", asserted), ("from", sender)):
            number = self._number(value)
            if number and (what == "from" or not hidden):
                names[what] = number
        focus = _is_focus(contact)
        how = ""
        if known:
            changed = [what for what in names if what in known and names[what] != known[what]]
            asserted = "asserted" in names
            if focus and not known.get("focus"):
                how = "conference"
            elif changed or (hidden and "asserted" in known):
                how = "identity"
            elif asserted and "asserted" not in known and names["asserted"] not in known.values():
                how = "identity"
            elif origin != known["origin"] and not asserted:
                how = "session"
            if how and not asserted:
                known.pop("asserted", None)  # of the one who was there before
        known.update(names)
        known["origin"] = origin
        known["focus"] = focus
        if how and how != "conference" and not nobody and self._name(side) in self._told[side]:
            how = ""
        return how

    def _number(self, value):
        try:
            uri = address(value)[1]
        except SipError:
            uri = value
        return e164.e164(uri, self._numbering) or e164.user(uri)

    def _name(self, side):
        known = self._now[side]
        return known.get("asserted") or self._session(known)

    def _session(self, known):
        return known.get("from", ""), known["origin"]

    def told(self, side):
        """Whoever is on the leg now has heard the notice, or was informed."""
        known = self._now[side]
        if known:
            self._told[side].extend((self.who(side), self._session(known)))

    def who(self, side):
        """A name for the record."""
        known = self._now[side]
        return known.get("asserted") or known.get("from", "")


def _is_focus(contact):
    return "isfocus" in [part.partition("=")[0].strip().lower() for part in contact.split(";")[1:]]
