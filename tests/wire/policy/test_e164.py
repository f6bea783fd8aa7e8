"""Telephone numbers out of URIs, and what is kept of them."""

from testigo_wire.policy import e164

SPAIN = ["34", "", "00"]
GERMANY = ["49", "0", "00"]
STATES = ["1", "1", "011"]
NOWHERE = ["", "", ""]


def test_user_of_a_uri():
    for uri, user in (
        ("sip:+34600111222@example.net", "+34600111222"),
        ("<sip:+34600111222@example.net;user=phone>", "+34600111222"),
        ("SIP:200:secret@10.0.0.1", "200"),
        ("sips:anna@example.net", "anna"),
        ("tel:+34-600-111-222;phone-context=x", "+34-600-111-222"),
        ("sip:%2B34600111222@example.net", "+34600111222"),
        ("sip:100%@x", "100%"),
        ("sip:example.net", ""),
        ("http://x@y", ""),
        ("", ""),
    ):
        assert e164.user(uri) == user, uri


def test_e164():
    for uri, numbering, number in (
        ("sip:+34600111222@x", SPAIN, "+34600111222"),
        ("sip:+34600111222@x", NOWHERE, "+34600111222"),
        ("tel:+34-600-111-222", SPAIN, "+34600111222"),
        ("sip:600111222@x", SPAIN, "+34600111222"),
        ("sip:0034600111222@x", SPAIN, "+34600111222"),
        ("600 11 12 22", SPAIN, "+34600111222"),
        ("(030) 123456", GERMANY, "+4930123456"),
        ("sip:030123456@x", GERMANY, "+4930123456"),
        ("sip:004930123456@x", GERMANY, "+4930123456"),
        ("sip:15551234567@x", STATES, "+15551234567"),
        ("sip:5551234567@x", STATES, "+15551234567"),
        ("sip:01134600111222@x", STATES, "+34600111222"),
        ("sip:100@x", SPAIN, "100"),  # an extension
        ("112", SPAIN, "112"),
        ("sip:600111222@x", NOWHERE, "600111222"),
        ("sip:anonymous@anonymous.invalid", SPAIN, ""),
        ("sip:+34600x11222@x", SPAIN, ""),
        ("+12345678901234567", SPAIN, ""),
        ("", SPAIN, ""),
        ("+", SPAIN, ""),
    ):
        assert e164.e164(uri, numbering) == number, (uri, e164.e164(uri, numbering))


def test_digits_kept_of_a_number():
    uri = "sip:+34600111222@example.net"
    assert e164.kept(uri, "full") == uri
    assert e164.kept(uri, "last-3") == "*222"
    assert e164.kept(uri, "none") == ""
    assert e164.kept("sip:12@x", "last-3") == "*"
    assert e164.kept("sip:anna@x", "last-3") == "*"
