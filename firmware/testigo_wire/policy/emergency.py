"""Recognises emergency numbers in what a telephone dials: SIP, SIPS and tel URIs, and `urn:service:sos` (RFC 5031).

Such a call is connected before every rule of a policy. A short number that is recognised wrongly costs one recording; one
that is missed may cost a life. So an extension that has the number of an emergency service is taken for that service, also
with a 0 or a 9 before it, as people dial it for an outside line. Longer numbers that merely begin with one are not.

The numbers are those of ALWAYS, of the policy's country (emergency_countries.py), and those that the policy adds.
"""

from testigo_wire.compat import const
from testigo_wire.policy import e164

ALWAYS = "112 911 999 000 110 061 062 080 085 088 091 092"
SERVICE = "urn:service:sos"
OUTSIDE = ("0", "9")  # prefixes for an outside line, beside the one that the policy names
INTERNATIONAL = "00"
WITHHOLD = ("*31#", "#31#", "*31*", "*67", "*82")  # dialled to withhold or show the caller's own number
# No number of E.164 is so short with its country code: Niue's have 7 digits.
LONGEST_ABROAD = const(6)
LONGEST_URI = const(200)  # characters that are looked at
CALLBACK_MINUTES = const(30)
NUMBERS, OUTSIDE_PREFIX, CALLBACK = range(3)  # of a policy's `emergency`


class EmergencyNumbers:
    """The emergency numbers of one site."""

    __slots__ = ("callback_ms", "_codes", "_long", "_numbering", "_outside", "_international")

    def __init__(self, numbering=("", "", ""), settings=None):
        """numbering, settings: of the policy, `settings` its `emergency` or None (docs/formats/documents.md)."""
        added, outside, minutes = settings or ((), "", CALLBACK_MINUTES)
        codes = ALWAYS
        if numbering[0]:
            from testigo_wire.policy import emergency_countries  # loaded for a policy that names its country

            codes += " " + emergency_countries.codes_of(numbering[0])
        self.callback_ms = minutes * 60000
        self._codes = " %s %s " % (codes, " ".join([one for one in added if is_short(one)]))
        self._long = [one for one in added if not is_short(one)]
        self._numbering = numbering
        self._outside = OUTSIDE + (outside,) if outside else OUTSIDE
        self._international = (INTERNATIONAL, numbering[2]) if numbering[2] else (INTERNATIONAL,)

    def find(self, uri):
        """-> the emergency number that a request URI, or what a person wrote, stands for ("112"; SERVICE), or ""."""
        number = dialled(uri)
        if number == SERVICE:
            return number
        if number[:1] == "+":
            return self._abroad(number[1:]) or self._is_added(number)
        found = self._in_country(number)
        for outside in ("", "0") + self._outside[2:]:
            for prefix in self._international:
                if not found and number.startswith(outside + prefix):
                    found = self._abroad(number[len(outside + prefix) :])
        return found

    @property
    def general(self):
        """The number to dial for SERVICE."""
        return "911" if self._numbering[0] == "1" else "112"

    def is_code(self, digits):
        """Whether these digits, dialled as they stand, are one of the short numbers."""
        return digits.isdigit() and " %s " % digits in self._codes

    def _in_country(self, number):
        if self.is_code(number):
            return number
        found = self._is_added(number)
        for prefix in self._outside:
            if not found and number.startswith(prefix):
                rest = number[len(prefix) :]
                found = rest if self.is_code(rest) else self._is_added(rest)
        return found

    def _abroad(self, digits):
        """After a `+` or an international prefix: the number with a country code before it, or without one."""
        country_code = self._numbering[0]
        rest = digits[len(country_code) :] if digits.startswith(country_code) else ""
        if self.is_code(rest):
            return rest
        if len(digits) <= LONGEST_ABROAD:
            for at in range(4):
                if self.is_code(digits[at:]):
                    return digits[at:]
        return ""

    def _is_added(self, number):
        """Of the long numbers that the policy adds, in whatever way it is dialled."""
        if self._long and number:
            number = e164.e164(number, self._numbering)
            for one in self._long:
                if e164.e164(one, self._numbering) == number:
                    return one
        return ""


def is_short(number):
    """Whether a number is dialled as it stands, and is not one of E.164."""
    return number.isdigit() and len(number) < e164.SHORTEST


def dialled(uri):
    """-> what a URI, or a text without a scheme, asks to be dialled: digits, also with `+`, `*` or `#`; SERVICE; or ""."""
    text = uri[:LONGEST_URI].strip(" <>").lower()
    if text.startswith(SERVICE) and text[len(SERVICE) : len(SERVICE) + 1] in ("", ".", ";", "?"):
        return SERVICE
    scheme, colon, rest = text.partition(":")
    if not colon:
        rest = text
    elif scheme not in ("sip", "sips", "tel"):
        return ""
    # RFC 3261 section 19.1.1. Without a user part the host is taken for one: no host has a short number as its name.
    for separator in ("@", ";", "?", ":"):
        rest = rest.partition(separator)[0]
    number = "".join([c for c in e164.unescaped(rest) if c not in e164.SEPARATORS])
    if number == "sos":
        return SERVICE
    for code in WITHHOLD:
        if number.startswith(code):
            number = number[len(code) :]
            break
    return number[:-1] if number.endswith("#") else number  # some telephones send the key that ends dialling
