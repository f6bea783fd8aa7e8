"""Telephone numbers out of SIP and tel URIs, as E.164 (ITU-T; the `+` of RFC 3966 section 5.1.4 before it), and what is
kept of them.

A numbering is [country_code, national_prefix, international_prefix], digits as text, as the policy has it. Numbers too
short for E.164 (extensions, emergency numbers) stay the digits that were dialled.
"""

from testigo_wire.compat import const

SHORTEST = const(7)  # digits of a national number
LONGEST = const(15)  # of E.164 without the `+`
SEPARATORS = "-.() "  # visual separators, RFC 3966 section 5.1.1, and what people write


def user(uri):
    """The user part of a SIP, SIPS or tel URI without parameters and escapes, or "" (RFC 3261 section 19.1.1)."""
    scheme, colon, rest = uri.strip(" <>").partition(":")
    scheme = scheme.lower()
    if not colon or scheme not in ("sip", "sips", "tel"):
        return ""
    if scheme != "tel":
        rest, at, _ = rest.partition("@")
        if not at:
            return ""
        rest = rest.partition(":")[0]  # a password
    return unescaped(rest.partition(";")[0])


def unescaped(text):
    """Percent escapes of a URI replaced (RFC 3986 section 2.1); what is none stays."""
    parts = text.split("%")
    out = parts[0]
    for part in parts[1:]:
        try:
            out += chr(int(part[:2], 16)) + part[2:]
        except ValueError:
            out += "%" + part
    return out


def e164(uri, numbering):
    """The number in a URI, or in what a person wrote: "+34600111222", the digits of a short one, "" for what is none."""
    text = user(uri) if ":" in uri else uri
    text = "".join([c for c in text if c not in SEPARATORS])
    plus = text[:1] == "+"
    digits = text[1:] if plus else text
    if not digits or not all([c in "0123456789" for c in digits]):
        return ""
    country_code, national, international = numbering
    if not plus:
        if international and digits.startswith(international) and len(digits) > len(international) + SHORTEST:
            digits = digits[len(international) :]
        elif len(digits) < SHORTEST or not country_code:
            return digits if len(digits) <= LONGEST else ""
        else:
            if national and digits.startswith(national):
                digits = digits[len(national) :]
            digits = country_code + digits
    return "+" + digits if len(digits) <= LONGEST else ""


def kept(uri, how):
    """What the record of an unrecorded call keeps of a party: how is "full", "last-3" or "none"."""
    if how == "full":
        return uri
    if how == "none":
        return ""
    digits = "".join([c for c in user(uri) if c in "0123456789"])
    return "*" + digits[-3:] if len(digits) > 3 else "*"
