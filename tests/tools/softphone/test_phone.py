"""The softphone against ends that others wrote: sipp and baresip."""

import asyncio
import os

import pytest

from support.sip.softphone_peers import HOST, baresip, sipp
from support.sounds import square_wave
from testigo_tools.softphone.phone import CallFailed, Softphone
from testigo_wire.rtp import g711
from testigo_wire.sip.auth import Credentials
from testigo_wire.sip.message import address
from testigo_wire.sip.registrar import Registrar

RATE = 8000


def noise(seconds, seed=7):
    """G.711 codes that no silence, echo or tone resembles."""
    state = seed
    made = bytearray()
    for _ in range(int(seconds * RATE)):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        made.append(state >> 16 & 0xFF)
    return bytes(made)


async def until(done, limit_s=20):
    async with asyncio.timeout(limit_s):
        while not done():
            await asyncio.sleep(0.02)


def test_the_audio_of_a_sipp_caller_arrives_exactly(tmp_path):
    sent = noise(1.0)
    (tmp_path / "speech.raw").write_bytes(sent)

    async def run():
        async with Softphone(HOST) as phone:
            async with sipp(tmp_path, "uac_speech.xml", f"{HOST}:{phone.port}") as end:
                call = await phone.wait_call(10)
                assert address(call.sip.request.get("from"))[0] == 'Ana, "la de ventas"'
                call.ring()
                call.answer()
                await call.ended(15)
                await end.succeeded()
            return call

    call = asyncio.run(run())
    report = call.report()
    assert report["codec"] == "PCMA"
    assert report["keys_heard"] == "7"
    assert report["ended_by"] == "peer"
    assert report["lost"] == report["sequence_jumps"] == report["timestamp_jumps"] == 0
    heard = call.media.timeline.encoded()
    assert sent[: len(heard)] in heard or heard.startswith(sent[: len(heard) - 160])
    assert len(heard) >= len(sent) - 160


def test_the_callee_of_sipp_echoes_what_is_played(tmp_path):
    samples = g711.decode("PCMU", noise(1.0))

    async def run():
        async with sipp(tmp_path, "uas", "-rtp_echo") as end, Softphone(HOST) as phone:
            call = await phone.call(f"sip:service@{HOST}:{end.port}", audio=samples)
            await call.answered(10)
            await until(lambda: call.media.statistics.received >= 75)
            call.hang_up()
            await call.ended(5)
            await end.succeeded()
            return call

    call = asyncio.run(run())
    report = call.report()
    assert (report["outcome"], report["ended_by"], report["codec"]) == ("answered", "us", "PCMU")
    assert report["received"] > 60
    assert report["sequence_jumps"] == report["timestamp_jumps"] == 0
    # What is in flight at both ends of the call may be missing.
    assert g711.encode("PCMU", samples)[320:6400] in call.media.timeline.encoded()


@pytest.mark.parametrize(("password", "outcome"), [("naranja", "answered"), ("manzana", "refused")])
def test_a_digest_challenge_is_answered(tmp_path, password, outcome):
    async def run():
        async with sipp(tmp_path, "uas_digest.xml") as end, Softphone(HOST) as phone:
            call = await phone.call(
                f"sip:service@{HOST}:{end.port}", credentials=Credentials("ana", password, os.urandom)
            )
            try:
                await call.answered(10)
                call.hang_up()
                await call.ended(5)
                await end.succeeded()
            except CallFailed as error:
                assert error.status == 403
            return call

    assert asyncio.run(run()).outcome() == outcome


def test_the_peer_holds_and_hangs_up(tmp_path):
    async def run():
        async with sipp(tmp_path, "uas_reinvite.xml") as end, Softphone(HOST) as phone:
            call = await phone.call(f"sip:service@{HOST}:{end.port}")
            await call.answered(10)
            await call.ended(10)
            await end.succeeded()
            return call

    call = asyncio.run(run())
    assert call.holds == [True]
    assert call.media.agreed.direction == "recvonly"
    assert call.report()["ended_by"] == "peer"


def test_an_unanswered_call_is_cancelled(tmp_path):
    async def run():
        async with Softphone(HOST) as callee, Softphone(HOST) as phone:
            call = await phone.call(f"sip:nobody@{HOST}:{callee.port}")
            taken = await callee.wait_call(5)
            taken.ring()
            with pytest.raises(TimeoutError):
                await call.answered(0.3)
            call.hang_up()
            await call.ended(5)
            await taken.ended(5)
            return call, taken

    call, taken = asyncio.run(run())
    assert (call.status, call.local, call.progress) == (487, True, [180])
    assert (taken.status, taken.local) == (487, False)


def test_baresip_is_called_and_heard(tmp_path):
    audio = square_wave(tmp_path / "tone.wav")

    async def run():
        async with baresip(tmp_path / "baresip", audio) as end, Softphone(HOST) as phone:
            call = await phone.call(f"sip:baresip@{HOST}:{end.port}")
            await call.answered(10)
            await call.press("1")
            await until(lambda: call.media.statistics.received > 50)
            call.hold()
            await asyncio.sleep(0.3)
            call.hold("sendrecv")
            await asyncio.sleep(0.5)
            call.hang_up()
            await call.ended(5)
            return call, end.log.read_text(errors="replace")

    call, log = asyncio.run(run())
    report = call.report()
    assert "received event: '1' (end=1)" in log
    assert report["outcome"] == "answered"
    assert report["lost"] == 0 and report["received"] > 50
    samples = call.media.timeline.samples()
    assert max(abs(int.from_bytes(samples[i : i + 2], "little", signed=True)) for i in range(0, len(samples), 2)) > 4000


def test_baresip_calls(tmp_path):
    audio = square_wave(tmp_path / "tone.wav")

    async def run():
        async with Softphone(HOST) as phone, baresip(tmp_path / "baresip", audio) as end:
            await end.command("dial", f"sip:phone@{HOST}:{phone.port}")
            call = await phone.wait_call(10)
            call.ring()
            call.answer()
            await until(lambda: call.media.statistics.received >= 35)
            await end.command("hangup")
            await call.ended(5)
            return call

    report = asyncio.run(run()).report()
    assert report["ended_by"] == "peer"
    assert report["received"] > 20 and report["lost"] == 0


@pytest.mark.parametrize(("password", "bound"), [("naranja", True), ("manzana", False)])
def test_baresip_registers_at_our_registrar_and_is_called(tmp_path, password, bound):
    audio = square_wave(tmp_path / "tone.wav")

    async def run():
        async with Softphone(HOST) as phone:
            registrar = phone.agent.registrar = Registrar("testigo", {"ana": "naranja"}, os.urandom)
            account = f"<sip:ana@{HOST}:{phone.port}>;auth_user=ana;auth_pass={password};regint=60"
            async with baresip(tmp_path / "baresip", audio, account):
                for _ in range(400 if bound else 40):
                    await asyncio.sleep(0.05)
                    if registrar.lookup("ana", phone.now()):
                        break
                found = registrar.lookup("ana", phone.now())
                if found:
                    uri, source = found
                    call = await phone.call(uri, target=source)
                    await call.answered(10)
                    call.hang_up()
                    await call.ended(5)
                return found

    assert bool(asyncio.run(run())) is bound


def test_the_softphone_registers_at_our_registrar():
    async def run(password):
        async with Softphone(HOST) as server, Softphone(HOST) as phone:
            registrar = server.agent.registrar = Registrar("testigo", {"ana": "naranja"}, os.urandom)
            await phone.register(f"sip:ana@{HOST}:{server.port}", Credentials("ana", password, os.urandom))
            assert registrar.lookup("ana", server.now())[1] == (HOST, phone.port)
            phone.unregister()
            await until(lambda: registrar.lookup("ana", server.now()) is None)
            return registrar.lookup("ana", server.now())

    assert asyncio.run(run("naranja")) is None
    with pytest.raises(CallFailed):
        asyncio.run(run("manzana"))
