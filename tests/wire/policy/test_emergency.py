"""Emergency numbers in every way in which telephones send them, and what must not be taken for one."""

from testigo_wire.policy.emergency import ALWAYS, SERVICE, EmergencyNumbers, dialled
from testigo_wire.policy.emergency_countries import codes_of

SPAIN = ("34", "", "00")
GERMANY = ("49", "0", "00")
STATES = ("1", "1", "011")
FRANCE = ("33", "0", "00")
ITALY = ("39", "", "00")
NOWHERE = ("", "", "")
EVERYWHERE = (NOWHERE, SPAIN, GERMANY, STATES, FRANCE)


def test_numbers_that_hold_everywhere():
    for numbering in EVERYWHERE:
        numbers = EmergencyNumbers(numbering)
        for code in ALWAYS.split(" "):
            for dialled_as in (code, "0" + code, "9" + code):
                found = numbers.find("sip:%s@192.0.2.1" % dialled_as)
                assert found and dialled_as.endswith(found), (numbering, dialled_as, found)


def test_every_way_of_sending_one():
    for numbering in EVERYWHERE:
        numbers = EmergencyNumbers(numbering)
        for uri in (
            "112",
            "1 1 2",
            "1-1.2",
            "(112)",
            "+34112",
            "+112",
            "+49112",
            "+376112",
            "+1112",
            "0034112",
            "00 49 112",
            "00112",
            "000 34 112",  # an outside line first
            "112#",
            "*31#112",
            "#31#112",
            "*67112",
            "sip:112@192.0.2.1",
            "sip:112@192.0.2.1:5070",
            "sip:112@[2001:db8::1]:5070",
            "sip:112@example.net;user=phone",
            "SIP:112@EXAMPLE.NET;USER=PHONE",
            "sip:112:secret@example.net",
            "sip:112;phone-context=example.net@example.net;user=phone",
            "sip:112;phone-context=+34@example.net;user=phone",
            "sip:1-1-2@example.net",
            "sip:+34112@example.net",
            "sip:+34112@example.net;user=phone",
            "sip:0034112@example.net",
            "sip:%2B34112@example.net",
            "sip:%31%31%32@example.net",
            "sip:%31%31%32%23@example.net",
            "sip:112?priority=emergency",
            "sip:112",
            "sip:112;user=phone",
            "sips:112@example.net",
            "SIPS:112@example.net;transport=tcp",
            "<sip:112@example.net>",
            "<sip:112@example.net;user=phone>",
            "tel:112",
            "TEL:112",
            "tel:112;phone-context=+34",
            "tel:112;phone-context=example.net",
            "tel:+34112",
            "tel:+34-112",
            "tel:%31%31%32",
            "sip:112@example.net;" + "x" * 2000,
        ):
            assert numbers.find(uri) == "112", (numbering, uri, numbers.find(uri))


def test_services_of_rfc_5031():
    for uri in (
        "urn:service:sos",
        "URN:SERVICE:SOS",
        "urn:service:sos.ambulance",
        "urn:service:sos.fire",
        "urn:service:sos.police",
        "urn:service:sos.animal-control",
        "<urn:service:sos.mountain>",
        "sip:sos@example.net",
        "sip:SOS@example.net;user=phone",
    ):
        assert EmergencyNumbers().find(uri) == SERVICE, uri
    for uri in (
        "urn:service:counseling",
        "urn:service:sosx",
        "urn:service",
        "urn:uuid:112",
        "urn:service:information.sos",
    ):
        assert EmergencyNumbers().find(uri) == "", uri


def test_prefixes_and_neighbours():
    for number, found in (
        ("0112", "112"),
        ("9112", "112"),
        ("9911", "911"),
        ("9999", "999"),
        ("0999", "999"),
        ("000", "000"),
        ("0000", "000"),
        ("9000", "000"),
        ("0061", "061"),
        ("0110", "110"),
        ("8112", ""),
        ("19112", ""),
        ("01120", ""),
        ("1120", ""),
        ("1112", ""),
        ("11", ""),
        ("1", ""),
        ("0", ""),
        ("00", ""),
        ("9", ""),
        ("", ""),
    ):
        assert EmergencyNumbers().find(number) == found, (number, EmergencyNumbers().find(number))


def test_ordinary_numbers_are_none():
    for numbering in EVERYWHERE + (ITALY,):
        numbers = EmergencyNumbers(numbering)
        for number in (
            "600111222",
            "+34600111222",
            "0034600111112",
            "011012345",  # nine digits that begin with 0110
            "0110123456",
            "110123456",
            "112345678",
            "091123456",
            "0911123456",  # Nuremberg
            "90047112",  # a mobile number of Norway that looks like 9, 00, 47, 112
            "+6834112",  # Niue: no number of E.164 is shorter
            "00683411",
            "+34943000112",
            "943000112",
            "sip:anna@112",
            "sip:anna@example.net",
            "sip:112anna@example.net",
            "sip:@112",
            "sip:x112@example.net",
            "http://112@example.net",
            "mailto:112@example.net",
            "sip:",
            "tel:",
            ":",
            "@",
            "+",
            "%",
            "%%%",
            "#",
            "*",
            "12345",
            "100@x",
            "200",
        ):
            assert numbers.find(number) == "", (numbering, number, numbers.find(number))
    assert EmergencyNumbers(ITALY).find("011534112") == ""  # Turin


def test_numbers_of_a_country():
    for numbering, number, found in (
        (SPAIN, "016", "016"),
        (NOWHERE, "016", ""),
        (FRANCE, "15", "15"),
        (FRANCE, "015", "15"),
        (FRANCE, "+3315", "15"),
        (FRANCE, "003315", "15"),
        (FRANCE, "3114", "3114"),
        (FRANCE, "+333114", "3114"),
        (FRANCE, "150", ""),
        (SPAIN, "15", ""),
        (STATES, "988", "988"),
        (STATES, "9988", "988"),
        (STATES, "011 34 112", "112"),
        (STATES, "+1911", "911"),
        (GERMANY, "116123", "116123"),
        (GERMANY, "+49116123", "116123"),
        (GERMANY, "0049116123", "116123"),
        (ITALY, "118", "118"),
        (("44", "0", "00"), "18000", "18000"),
        (("44", "0", "00"), "+4418000", "18000"),
        (("56", "", "00"), "131", "131"),
        (("7", "8", "810"), "112", "112"),  # a country of which nothing more is known
    ):
        assert EmergencyNumbers(numbering).find(number) == found, (numbering, number)


def test_every_country_has_its_numbers():
    assert codes_of("") == codes_of("7") == codes_of(": ") == ""
    for country_code, some in (
        ("34", "112"), ("44", "999"), ("49", "110"), ("1", "911"), ("33", "15 17 18"), ("39", "113 115 118"),
        ("351", "112"), ("376", "110 116 118"), ("52", "911"), ("54", "101 107"), ("56", "131 132 133"),
        ("57", "123"), ("51", "105 116"), ("58", "171"), ("593", "911"), ("591", "110 118 119"), ("595", "911"),
        ("598", "911"), ("53", "104 105 106"), ("502", "110 120 123"), ("503", "911"), ("504", "199"),
        ("505", "118"), ("506", "911"), ("507", "911"), ("55", "190 192 193"), ("240", "113"),
        ("262", "15"), ("508", "15"),
    ):  # fmt: skip
        codes = codes_of(country_code).split(" ")
        for code in some.split(" "):
            assert code in codes, (country_code, code)
        for code in codes:
            assert code.isdigit() and len(code) < 7, (country_code, code)


def test_a_policy_adds_numbers_and_a_prefix():
    added = EmergencyNumbers(SPAIN, [["5555", "+34943111222", "943333444"], "8", 90])
    assert added.callback_ms == 90 * 60000 and EmergencyNumbers().callback_ms == 30 * 60000
    for number, found in (
        ("5555", "5555"),
        ("05555", "5555"),
        ("85555", "5555"),
        ("8112", "112"),
        ("80034112", "112"),
        ("0112", "112"),  # the policy's prefix comes beside the usual ones
        ("943111222", "+34943111222"),
        ("0034943111222", "+34943111222"),
        ("8943111222", "+34943111222"),
        ("sip:+34943111222@x", "+34943111222"),
        ("tel:+34-943-33-34-44", "943333444"),
        ("112", "112"),
        ("943111223", ""),
        ("55555", ""),
    ):
        assert added.find(number) == found, (number, added.find(number))
    assert EmergencyNumbers(NOWHERE, [["943111222"], "", 0]).find("943111222") == "943111222"


def test_what_is_dialled():
    for uri, number in (
        ("sip:+34600111222@x", "+34600111222"),
        ("sip:*21#@x", "*21"),
        ("sip:anna@x", "anna"),
        ("urn:service:sos.fire", SERVICE),
        ("urn:isbn:1", ""),
    ):
        assert dialled(uri) == number, uri
