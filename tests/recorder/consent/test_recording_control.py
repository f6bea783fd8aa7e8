"""Events at unusual moments of a call: joins while it rings or during a notice, pauses, faults."""

import asyncio
import struct

from recorder.media.leg import FAR, NEAR
from recorder.storage import recordings
from support.device import stores  # noqa: F401 - first: imported by two_phone_rig, its own imports would be too deep for the stack
from support.device.two_phone_rig import install_notice, join_as, line, rig, until
from testigo_wire.sip import events as sip_event

HEAP = "2m"
OTHER = "<sip:+34600333444@trunk>"
KEYS = ["*1", "*2", "*7", "*8"]
PAUSE = {"keys": KEYS, "pause_limit": 60000}
TELLS = {"worker": "notice", "worker_reference": "worker"}
FIRST_TIME = "call policy terms media notice consent media worker audio"


def notices_of(sealed, leg):
    """(name, completed) of each notice that this leg heard."""
    return [(name, completed) for side, _, name, _, _, _, completed in sealed.all("notice") if side == leg]


async def test_join_while_ringing_plays_the_notice_before_the_conversation():
    r = await rig("ringing", line())
    r.near.rings = True
    r.far.invite(r.port)
    await until(lambda: sip_event.INCOMING in r.near.events, "ringing")
    assert r.control.consent_given
    await join_as(r.far, asserted=OTHER)
    r.near.pick_up()
    await until(lambda: r.capture.on, lambda: "recording: " + r.log())
    r.far.speak(2)
    await asyncio.sleep_ms(200)
    sealed = await r.sealed()
    assert sealed.event_names == "call policy terms media notice consent joined media notice consent worker audio", (
        sealed.event_names
    )
    assert notices_of(sealed, FAR) == [("hello", True)] * 2 and sealed.reason == "hang-up"
    await r.close()


async def test_join_during_the_workers_notice():
    """On either side: the one hears the caller's notice anew, the other the worker's from its beginning."""
    r = await rig("while-told", line(**TELLS))
    await install_notice(r.app, "worker", 8000)
    r.far.invite(r.port)
    await until(lambda: r.near.heard, "the worker's notice")
    await join_as(r.far, asserted=OTHER)
    await join_as(r.near, asserted="<sip:102@pbx>")
    await until(lambda: r.capture.on, lambda: "recording: " + r.log())
    sealed = await r.sealed()
    assert notices_of(sealed, FAR) == [("hello", True)] * 2
    assert notices_of(sealed, NEAR) == [("worker", False), ("worker", True)]
    assert [leg for leg, _, _ in sealed.all("joined")] == [FAR, NEAR]
    assert sealed.all("worker") == [["notice", "worker"]]
    await r.close()


async def test_worker_who_takes_over_between_two_parts_is_informed():
    r = await rig("between-parts", line(mode="on-demand", **PAUSE, **TELLS), notices=("hello", "worker"))
    await r.talk(recorded=False)
    for part in (1, 2):
        assert r.gateway.control("start", 0)[1] == ""
        await until(lambda: r.capture.on, "part %d" % part)
        assert r.gateway.control("stop", 0)[1] == ""
        if part == 1:
            await join_as(r.near, asserted="<sip:102@pbx>")
    sealed = await r.sealed()
    assert notices_of(sealed, NEAR) == [("worker", True)] * 2, sealed.event_names
    await r.close()


async def test_update_without_sdp_with_another_identity_is_a_join():
    """A PBX that keeps the media to itself tells of a transfer by a connected identity only (RFC 4916)."""
    r = await rig("connected-line", line(**TELLS), notices=("hello", "worker"))
    await r.talk()
    for phone, who in ((r.far, OTHER), (r.near, "<sip:102@pbx>")):
        phone.become(asserted=who)
        phone.call._request("UPDATE", phone.hal.ms())
        phone.flush()
        await until(lambda: not r.capture.on, "the end of recording")
        await until(lambda: r.capture.on, "the notice")
    sealed = await r.sealed()
    assert notices_of(sealed, FAR) == [("hello", True)] * 2 and notices_of(sealed, NEAR) == [("worker", True)] * 2
    assert [how for _, _, how in sealed.all("joined")] == ["identity"] * 2
    await r.close()


async def test_objection_counts_after_a_failed_or_unanswered_notice():
    """What the first party agreed to is held still: it is destroyed."""
    for name, changes in (
        ("failed", {}),
        ("silent", {"rule": "opt-in", "accept_key": "1", "key_timeout": 100, "repeats": 0}),
    ):
        r = await rig(name, line(**changes))
        if changes:
            r.far.invite(r.port)
            await until(lambda: r.gateway.calls and r.control.notice, "the call")  # noqa: B023
            await until(lambda: r.far.heard, "the notice")  # noqa: B023
            await r.far.press("1")
        await r.talk() if not changes else await until(lambda: r.capture.on, "recording")  # noqa: B023
        r.far.speak(2)
        await asyncio.sleep_ms(300)
        if not changes:
            await install_notice(r.app, encodings=("PCMA",), version=2)
        await join_as(r.far, asserted=OTHER)
        notice = r.control.notice
        await until(lambda: notice.failed or notice.refused, "no consent")  # noqa: B023
        for _ in range(2):
            await r.far.press("9")
            await asyncio.sleep_ms(100)
        sealed = await r.sealed()
        assert sealed.reason == "objection" and not sealed.packets and sealed.gone, (name, sealed.event_names)
        assert sealed.all("objection") == [[FAR, "9", "rfc4733"]], name
        await r.close()


async def test_participant_who_joins_in_a_pause_can_object_during_the_notice():
    """Nobody hears the keys then, so they are no digits of a card."""
    r = await rig("asked-in-a-pause", line(rule="opt-out", key_timeout=500, **PAUSE))
    r.far.invite(r.port)
    await until(lambda: r.gateway.calls and r.call.bridge.up and r.capture.on, "recording")
    r.far.speak(2)
    await asyncio.sleep_ms(200)
    assert r.gateway.control("pause", 0)[1] == ""
    await r.far.press("9")
    await asyncio.sleep_ms(50)
    assert r.control.consent_given, "a digit of a card"
    await join_as(r.far, asserted=OTHER)
    await until(lambda: r.control.notice.in_progress, "the notice")
    await r.far.press("9")
    await until(lambda: r.control.notice.refused, "the objection")
    sealed = await r.sealed()
    assert sealed.reason == "objection" and not sealed.packets and not sealed.all("dtmf")
    await r.close()


async def test_pause_requested_during_a_notice_begins_with_the_recording():
    r = await rig("pause-while-asked", line(**PAUSE))
    await r.talk()
    await install_notice(r.app, "hello", 4000, version=2)
    await join_as(r.far, asserted=OTHER)
    await until(lambda: r.control.notice.in_progress, "the notice")
    await r.near.press("*7")
    await until(lambda: r.state.paused, "the pause")
    await until(lambda: r.control.consent_given, "consent")
    await asyncio.sleep_ms(50)
    r.near.speak(11)
    r.far.speak(12)
    await r.far.press("4929")
    await asyncio.sleep_ms(200)
    r.near.be_silent()
    r.far.be_silent()
    await asyncio.sleep_ms(50)
    assert r.gateway.control("resume", 0)[1] == ""
    await until(lambda: r.capture.on, "the end of the pause")
    r.far.speak(22)
    await asyncio.sleep_ms(200)
    sealed = await r.sealed()
    assert sealed.spoken(FAR) == [2, 22] and sealed.spoken(NEAR) == [1]
    assert "4" not in [digit for _, digit, _ in sealed.all("dtmf")]
    assert sealed.event_names == FIRST_TIME + " joined pause notice consent gap gap resume audio", sealed.event_names
    await r.close()


async def test_part_that_begins_in_a_pause():
    """Nothing was ever taken, and the pause ends by its limit."""
    r = await rig("pause-first", line(mode="on-demand", keys=KEYS, pause_limit=400))
    await r.talk(recorded=False)
    await install_notice(r.app, "hello", 6400, version=2)
    assert r.gateway.control("pause", 0)[1] == "nothing is being recorded"
    assert r.gateway.control("start", 0)[1] == "" == r.gateway.control("pause", 0)[1]
    await until(lambda: r.capture.on, "recording")
    sealed = await r.sealed()
    assert sealed.all("pause") == [["host"]] and sealed.all("resume") == [["limit"]]
    await r.close()


async def test_state_in_the_invite_is_corrected_when_the_notice_of_the_worker_is_missing():
    r = await rig("worker-missing", line(**TELLS))
    r.near.agent.more = (("supported", "record-aware"),)
    await r.talk(recorded=False)
    assert b"a=record:on" in r.near.call.request.body
    await until(lambda: r.near.offers, "the offer")
    assert b"a=record:off" in r.near.offers[0]
    sealed = await r.sealed()
    assert sealed.all("unrecorded") == [["notice of the worker missing or incomplete"]] and not sealed.packets
    await r.close()


async def test_join_after_the_longest_time_plays_no_notice():
    """After the longest time a notice would be untrue, and a moment would be kept."""
    r = await rig("longest", line(max_ms=1200))
    await r.talk()
    await until(lambda: r.limit_reached, "the limit")
    await join_as(r.far, asserted=OTHER)
    r.far.speak(12)
    await asyncio.sleep_ms(500)
    sealed = await r.sealed()
    assert notices_of(sealed, FAR) == [("hello", True)] and sealed.spoken(FAR) == [2], sealed.event_names
    assert sealed.all("unrecorded") == [["limit"]] and sealed.reason == "limit"
    await r.close()


async def test_refreshed_session_does_not_end_a_pause():
    """A telephone that says `on` in all that it sends wants nothing new by it."""
    r = await rig("ever-on", line(**PAUSE))
    r.near.extra = b"a=recordpref:on\r\n"
    await r.talk()
    await r.near.press("*7")
    await until(lambda: r.state.paused, "the pause")
    for _ in range(2):
        await join_as(r.near)
        await asyncio.sleep_ms(50)
        assert r.state.paused
    r.near.extra = b"a=recordpref:pause\r\n"
    await join_as(r.near)
    r.near.extra = b"a=recordpref:on\r\n"
    await join_as(r.near)
    await until(lambda: r.capture.on, "the end of the pause")
    sealed = await r.sealed()
    assert sealed.all("pause") == [["key"]] and sealed.all("resume") == [["sdp"]]
    await r.close()


async def test_packets_too_long_for_a_frame_are_counted():
    r = await rig("too-long", line())
    await r.talk()
    to = r.far.hal.address(r.far.agreed.host, r.far.agreed.port)
    r.far.be_silent()
    for i in range(5):
        r.far.rtp.sendto(struct.pack(">BBHII", 0x80, 0, 9000 + i, 1600 * i, 0x0D0E0F10) + bytes(1600), to)
        await asyncio.sleep_ms(20)
    sealed = await r.sealed()
    assert [FAR, 5, 0, "longer than a frame takes"] in sealed.all("gap"), sealed.all("gap")
    await r.close()


async def test_fault_in_the_timer_of_one_call_does_not_stop_the_others():
    r = await rig("timers", line(**PAUSE))
    await r.talk()
    capture = r.capture
    assert r.gateway.control("pause", 0)[1] == ""
    r.control.pause.limit_ms = 100
    r.gateway.calls.insert(0, Broken())
    await until(lambda: capture.on, "the end of the pause")
    r.gateway.calls.pop(0)
    await r.sealed()
    await r.close(clean=False)


class Broken:
    recording = None

    def tick(self):
        raise ValueError("as any fault in there")

    def fail(self):
        pass


async def test_fault_in_the_timer_of_a_call_ends_its_recording_and_is_logged_once():
    """The parties talk on; the log, which is flash, is not filled twenty times a second."""
    r = await rig("faulty", line())
    await r.talk()
    r.gateway.calls[0].bridge.media_timed_out = lambda now: 1 // 0
    await until(lambda: not r.capture.on, "the end of the recording")
    heard = len(r.near.heard)
    await asyncio.sleep_ms(400)
    assert len(r.near.heard) > heard + 5
    assert r.log().count("timer failed") == 1, r.log()
    sealed = await r.sealed()
    assert sealed.all("unrecorded") == [["fault"]], sealed.event_names
    await r.close(clean=False)


async def test_with_little_room_a_call_leaves_a_recording_that_says_so():
    """The policy decides whether the call goes on; there is no notice, since nothing would be recorded."""
    for impossible in ("connect-unrecorded", "refuse-call"):
        r = await rig("little-room", line(impossible=impossible))
        r.app.hal.free_bytes = lambda folder=None: recordings.FREE_TO_RECORD - 1
        if impossible == "refuse-call":
            r.far.invite(r.port)
            await until(lambda: r.app.spool.numbers() == [1], "the end")
        else:
            await r.talk(recorded=False)
        sealed = await r.sealed()
        assert sealed.all("unrecorded") == [["storage full"]] and not sealed.all("notice"), impossible
        assert not sealed.packets and (not r.near.events) == (impossible == "refuse-call")
        await r.close()


async def test_the_asserted_number_of_a_caller_decides_and_not_the_one_it_sends():
    """Only the network's word is known to be true (RFC 3325); From is what the caller's telephone says."""
    spain, britain = "sip:+34600333444@trunk", "sip:+442071838750@trunk"
    for asserted, sent, why in (
        (spain, britain, ""),
        (britain, spain, "not of the numbers to be recorded"),
        ("", spain, ""),
        ("", britain, "not of the numbers to be recorded"),
    ):
        r = await rig("asserted", line(only=["+34"]))
        r.far.agent.more = (("p-asserted-identity", "<%s>" % asserted),) if asserted else ()
        r.far.invite(r.port, caller=sent)
        await until(lambda: r.gateway.calls and r.call.bridge.up, lambda: "the conversation: " + r.log())  # noqa: B023
        await asyncio.sleep_ms(300)
        sealed = await r.sealed()
        assert sealed.all("unrecorded") == ([[why]] if why else []), (asserted, sent)
        await r.close()


async def test_of_an_outgoing_call_the_called_number_decides():
    for called, why in (("+34600333444", ""), ("+442071838750", "not of the numbers to be recorded")):
        r = await rig("called", line(only=["+34"]))
        r.near.invite(r.port, uri="sip:%s@pbx" % called, caller="sip:+34943000000@pbx")
        await until(lambda: r.gateway.calls and r.call.bridge.up, lambda: "the conversation: " + r.log())  # noqa: B023
        await asyncio.sleep_ms(300)
        sealed = await r.sealed()
        assert sealed.all("unrecorded") == ([[why]] if why else []), called
        await r.close()
