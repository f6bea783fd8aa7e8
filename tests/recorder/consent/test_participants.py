"""Participants of a leg as SIP shows them: new ones, the same in another spelling, those who come back."""

from recorder.consent.participants import Participants
from recorder.media.leg import FAR, NEAR
from support.device import stores  # noqa: F401 - first: imported by others, its own imports would be too deep for the stack
from testigo_wire.sip import parser as sip_parse
from testigo_wire.sip import sdp

HEAP = "1m"
NUMBERING = ["34", "0", "00"]
ANA = "<sip:+34600111222@trunk>"
BEA = "<sip:+34600333444@trunk>"
OURS = "- 11 IN IP4 198.51.100.7"
OTHER = "- 12 IN IP4 198.51.100.7"
CONTACT = "<sip:pbx@198.51.100.7>"


def informed(said=("", ANA, CONTACT), origin=OURS, side=FAR):
    """Participants whose far leg has heard the notice."""
    present = Participants(NUMBERING)
    assert present.update(side, said, origin) == "", "who is there first joins nobody"
    present.set_informed(side)
    return present


def body(session, version, extra=""):
    head = "v=0\r\no=- %d %d IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n" % (session, version)
    return (head + "m=audio 4000 RTP/AVP 0\r\n" + extra).encode()


def origin(session, version, extra=""):
    return sdp.Endpoint("192.0.2.1", 4000, bytes).answer(body(session, version, extra))[1].origin


def heard(*headers, status=0, called=""):
    from recorder.consent.recording_control import identity_of

    start = "SIP/2.0 200 OK" if status else "INVITE sip:100@x SIP/2.0"
    fixed = ("Via: SIP/2.0/UDP h;branch=z9hG4bK1", "To: <sip:100@x>;tag=2", "Call-ID: a", "CSeq: 1 INVITE")
    if not [one for one in headers if one.startswith("From")]:
        fixed += ("From: %s;tag=1" % ANA,)
    data = "\r\n".join((start,) + fixed + headers + ("", ""))
    return identity_of(sip_parse.parse(data.encode()), called)


def test_hold_and_resume_are_not_a_join():
    present = informed(origin=origin(11, 1))
    for version, extra in ((2, "a=sendonly\r\n"), (3, "a=sendrecv\r\n"), (4, "a=inactive\r\n"), (9, "")):
        assert present.update(FAR, ("", ANA, CONTACT), origin(11, version, extra)) == ""


def test_session_of_another_origin_is_a_join():
    for other in (origin(12, 1), "ana 11 IN IP4 198.51.100.7", "- 11 IN IP4 198.51.100.8", "- 11 IN IP6 ::1", ""):
        present = informed(origin=origin(11, 1))
        assert present.update(FAR, ("", ANA, CONTACT), other) == "session", other
        assert present.update(FAR, ("", ANA, CONTACT), other) == "", "said once"


def test_asserted_identity_counts_more_than_the_session():
    present = informed((ANA, ANA, CONTACT))
    assert present.update(FAR, (ANA, ANA, CONTACT), OTHER) == "", "the same person by another route"
    assert present.update(FAR, (BEA, ANA, CONTACT), OTHER) == "identity"
    assert present.name(FAR) == "+34600333444"
    present = informed((ANA, ANA, CONTACT))
    assert present.update(FAR, (BEA, ANA, CONTACT), OURS) == "identity", "in the same session too"


def test_identity_that_appears():
    present = informed(("", ANA, CONTACT))
    assert present.update(FAR, (ANA, ANA, CONTACT), OTHER) == "", "asserted now, and the one whom From named"
    present = informed(("", ANA, CONTACT))
    assert present.update(FAR, (BEA, ANA, CONTACT), OURS) == "identity"
    present = informed(("", ANA, CONTACT))
    assert present.update(FAR, (BEA, BEA, CONTACT), OURS) == "identity"


def test_identity_that_disappears_does_not_identify_a_new_session():
    present = informed((ANA, ANA, CONTACT))
    assert present.update(FAR, ("", ANA, CONTACT), OTHER) == "session"
    assert present.update(FAR, ("", ANA, CONTACT), OTHER) == ""
    present = informed((ANA, ANA, CONTACT))
    assert present.update(FAR, ("", ANA, CONTACT), OURS) == "", "the same session, only less is said"


def test_another_from_is_a_join():
    """RFC 4916."""
    present = informed(("", ANA, CONTACT))
    assert present.update(FAR, ("", BEA, CONTACT), OURS) == "identity" and present.name(FAR) == "+34600333444"
    for who in (OURS, OTHER):
        present = informed((ANA, ANA, CONTACT))
        assert present.update(FAR, ("", BEA, CONTACT), who) == "identity", "whom the network asserted is gone"
        assert present.name(FAR) == "+34600333444"
    present = informed(("", "<sip:anonymous@anonymous.invalid>", CONTACT))
    assert present.update(FAR, ("", BEA, CONTACT), OURS) == "identity"


def test_informed_participant_who_comes_back_is_not_a_join():
    present = informed(("", ANA, CONTACT))
    assert present.update(FAR, ("", ANA, CONTACT), OTHER) == "session"
    assert present.update(FAR, ("", ANA, CONTACT), OURS) == "", "back before the other was told"
    assert present.update(FAR, ("", ANA, CONTACT), OTHER) == "session", "who was not told is still to be told"
    present.set_informed(FAR)
    for who in (OURS, OTHER, OURS):
        assert present.update(FAR, ("", ANA, CONTACT), who) == ""
    present = informed((ANA, ANA, CONTACT))
    assert present.update(FAR, (BEA, BEA, CONTACT), OTHER) == "identity"
    present.set_informed(FAR)
    for who in (ANA, BEA, ANA):
        assert present.update(FAR, (who, who, CONTACT), OTHER) == ""


def test_notice_on_one_leg_does_not_inform_the_other():
    present = informed(("", ANA, CONTACT), side=NEAR)
    assert present.update(FAR, ("", BEA, CONTACT), OURS) == ""
    assert present.update(FAR, ("", ANA, CONTACT), OTHER) == "identity", "told on the other leg, not on this"
    present = Participants(NUMBERING)
    present.set_informed(FAR)
    assert present.update(FAR, ("", ANA, CONTACT), OURS) == "" and present.update(FAR, ("", BEA, CONTACT), OURS)


def test_conference_is_a_join():
    for focus in ("<sip:c@pbx>;isfocus", "<sip:c@pbx>; IsFocus ;q=1", "<sip:c@pbx>;q=1;isfocus=1"):
        present = informed()
        assert present.update(FAR, ("", ANA, focus), OURS) == "conference", focus
        present.set_informed(FAR)
        assert present.update(FAR, ("", ANA, focus), OURS) == "", "it is one already"
        assert present.update(FAR, ("", ANA, CONTACT), OURS) == ""
        assert present.update(FAR, ("", ANA, focus), OURS) == "conference", "a new one, with whom nobody knows"
    for other in ("<sip:isfocus@pbx>", "<sip:c@pbx;isfocus>", "<sip:c@pbx>;notisfocus", "isfocus", ""):
        assert informed().update(FAR, ("", ANA, other), OURS) == "", other


def test_one_number_in_any_spelling_is_one_participant():
    spellings = (
        "<sip:+34600111222@trunk>",
        '"Ana" <sip:600111222@pbx;user=phone>',
        "<sip:0600111222@pbx>",
        "<sip:0034600111222@carrier:5080>",
        "<sip:0034-600-111-222@carrier>",
        "tel:+34-600-11-12-22",
        "<tel:600111222;phone-context=+34>",
        "<sip:+34600111222;npdi;rn=+34900@trunk>",
        "<sip:%2B34600111222@trunk>",
        "<sips:+34600111222@trunk>",
    )
    for first in spellings:
        for second in spellings:
            present = informed((first, "", CONTACT))
            assert present.update(FAR, (second, "", CONTACT), OTHER) == "", (first, second)
            assert informed(("", first, CONTACT)).update(FAR, ("", second, CONTACT), OURS) == "", (first, second)
    for other in ("<sip:600111223@pbx>", "<sip:+44600111222@trunk>", "<sip:ana@pbx>", "<sip:222@pbx>"):
        assert informed((ANA, "", CONTACT)).update(FAR, (other, "", CONTACT), OURS) == "identity", other


def test_withheld_name_is_not_an_identity():
    for nobody in ("<sip:anonymous@anonymous.invalid>", '"Anonymous" <sip:Anonymous@pbx>', "<sip:unknown@pbx>"):
        present = informed((nobody, ANA, CONTACT))
        assert present.update(FAR, (nobody, ANA, CONTACT), OTHER) == "session", nobody


def test_withheld_identity_is_always_a_new_participant():
    nobody = "<sip:anonymous@anonymous.invalid>"
    for first in ("", nobody):
        present = informed((first or ANA, ANA, CONTACT))
        if first:
            assert present.update(FAR, (BEA, ANA, CONTACT), OURS) == "identity"
            present.set_informed(FAR)
        assert present.update(FAR, (nobody, ANA, CONTACT), OURS) == "identity", (
            "after a number, in one session of a PBX"
        )
        assert present.update(FAR, (nobody, ANA, CONTACT), OURS) == "", "refreshed"
        present.set_informed(FAR)
        assert present.update(FAR, (BEA, ANA, CONTACT), OURS) == ("" if first else "identity")
    present = informed(("", nobody, CONTACT))
    assert present.update(FAR, ("", BEA, CONTACT), OURS) == "identity"
    present.set_informed(FAR)
    assert present.update(FAR, ("", nobody, CONTACT), OURS) == "identity", "who knows whether it is the same nobody"
    present = informed((ANA, nobody, CONTACT))
    assert present.update(FAR, ("", nobody, CONTACT), OURS) == "", "asserted no more, and withheld from the beginning"


def test_malformed_names_are_ignored():
    for wrong in (
        '"Ana <sip:600',
        "<sip:+34600111222",
        "<>",
        ";;;",
        "sip:",
        "<mailto:ana@x>",
        "\u00e9",
    ):
        present = Participants(NUMBERING)
        for who in (wrong, ANA, wrong):
            assert present.update(FAR, (who, who, who), OURS) in ("", "identity"), wrong
        assert informed(("", wrong, wrong)).update(FAR, (wrong, wrong, wrong), OTHER), (
            "the session still counts: " + wrong
        )


def test_identity_of_a_message():
    assert heard("Contact: " + CONTACT) == ("", ANA + ";tag=1", CONTACT)
    assert heard("P-Asserted-Identity: " + BEA)[0] == BEA
    assert heard('Remote-Party-ID: "B" %s;party=calling;screen=yes' % BEA)[0].startswith('"B" ' + BEA)
    assert heard("P-Asserted-Identity: " + ANA, "Remote-Party-ID: " + BEA)[0] == ANA
    assert heard("P-Asserted-Identity: <sip:ana@x>, <tel:+34600111222>")[0] == "<tel:+34600111222>", "the number of two"
    assert (
        heard("P-Asserted-Identity: <sip:ana@x>", "P-Asserted-Identity: <tel:+34600111222>")[0] == "<tel:+34600111222>"
    )
    assert heard("P-Asserted-Identity: " + BEA, status=200, called="sip:100@x")[:2] == (BEA, "sip:100@x")
    assert heard(status=200)[1] == "", "From of a response is ours"
    assert heard('From: "a;tag" %s;tag=1' % BEA)[1].startswith('"a;tag" ' + BEA)


def test_malformed_assertions_are_ignored():
    for wrong in ('"Ana', "<sip:600@x", '"a\\', '<sip:1@x>, "b', ",,,", ""):
        asserted, sender, contact = heard("P-Asserted-Identity: " + wrong, "Contact: " + CONTACT)
        assert (sender, contact) == (ANA + ";tag=1", CONTACT), wrong
        present = informed()
        assert present.update(FAR, (asserted, sender, contact), OTHER) == "session", wrong
