"""The softphone against ends that others wrote: sipp and baresip."""

import asyncio
import json
import os
import sys
import wave

import pytest

from support.sip_ends import HOST, baresip, free_port, sipp
from testigo_tools.softphone import audio as softphone_audio
from testigo_tools.softphone import keys as softphone_keys
from testigo_tools.softphone.phone import CallFailed, Softphone
from testigo_wire.rtp import g711
from testigo_wire.sip.auth import Credentials
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


def tone(path, seconds=3):
    samples = b"".join(int(8000 * (-1) ** (i // 8)).to_bytes(2, "little", signed=True) for i in range(RATE * seconds))
    softphone_audio.save(path, samples)
    return path


def test_a_caller_of_sipp_is_heard_exactly(tmp_path):
    sent = noise(1.0)
    (tmp_path / "speech.raw").write_bytes(sent)

    async def run():
        async with Softphone(HOST) as phone:
            async with sipp(tmp_path, "uac_speech.xml", f"{HOST}:{phone.port}") as end:
                call = await phone.wait_call(10)
                assert call.sip.display == 'Ana, "la de ventas"'
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
            await asyncio.sleep(1.5)
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
def test_a_password_is_asked_for(tmp_path, password, outcome):
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


def test_a_call_that_nobody_takes_is_cancelled(tmp_path):
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
    audio = tone(tmp_path / "tone.wav")

    async def run():
        async with baresip(tmp_path / "baresip", audio) as end, Softphone(HOST) as phone:
            call = await phone.call(f"sip:baresip@{HOST}:{end.port}")
            await call.answered(10)
            await call.press("1")
            await asyncio.sleep(1)
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
    audio = tone(tmp_path / "tone.wav")

    async def run():
        async with Softphone(HOST) as phone, baresip(tmp_path / "baresip", audio) as end:
            await end.command("dial", f"sip:phone@{HOST}:{phone.port}")
            call = await phone.wait_call(10)
            call.ring()
            call.answer()
            await asyncio.sleep(0.7)
            await end.command("hangup")
            await call.ended(5)
            return call

    report = asyncio.run(run()).report()
    assert report["ended_by"] == "peer"
    assert report["received"] > 20 and report["lost"] == 0


@pytest.mark.parametrize(("password", "bound"), [("naranja", True), ("manzana", False)])
def test_baresip_registers_at_our_registrar_and_is_called(tmp_path, password, bound):
    audio = tone(tmp_path / "tone.wav")

    async def run():
        async with Softphone(HOST) as phone:
            registrar = phone.agent.registrar = Registrar("testigo", {"ana": "naranja"}, os.urandom)
            account = f"<sip:ana@{HOST}:{phone.port}>;auth_user=ana;auth_pass={password};regint=60"
            async with baresip(tmp_path / "baresip", audio, account):
                for _ in range(40):
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
            await asyncio.sleep(0.2)
            return registrar.lookup("ana", server.now())

    assert asyncio.run(run("naranja")) is None
    with pytest.raises(CallFailed):
        asyncio.run(run("manzana"))


def command(*arguments):
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    return asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "testigo_tools.cli", "call", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
    )


def test_the_command_calls_plays_presses_and_records(tmp_path):
    audio = tone(tmp_path / "tone.wav")
    port = free_port()

    async def run():
        far = await command(
            *("--listen", str(port), "--bind", HOST, "--answer-after", "0.2", "--json"),
            *("--record", str(tmp_path / "far.wav")),
        )
        try:
            near = await command(
                f"sip:x@{HOST}:{port}",
                *("--wav", str(audio), "--keys", "1@+0.5,w0.2,2#", "--duration", "2.5", "--json"),
                *("--record", str(tmp_path / "near.wav")),
            )
            async with asyncio.timeout(40):
                outputs = [(await process.communicate())[0] for process in (near, far)]
        finally:
            if far.returncode is None:
                far.kill()
        return [json.loads(text) for text in outputs], near.returncode, far.returncode

    (near, far), *status = asyncio.run(run())
    assert status == [0, 0]
    assert far["keys_heard"] == "12#"
    assert far["lost"] == near["lost"] == 0
    assert far["timestamp_jumps"] == 0
    with wave.open(str(tmp_path / "far.wav")) as file:
        assert file.getframerate() == RATE
        assert 2.0 < file.getnframes() / RATE < 3.0


def test_the_command_says_how_it_ended():
    port = free_port()

    async def run():
        far = await command("--listen", str(port), "--bind", HOST, "--busy")
        near = await command(f"sip:x@{HOST}:{port}")
        async with asyncio.timeout(40):
            output, _ = await near.communicate()
            await far.wait()
        return near.returncode, output

    status, output = asyncio.run(run())
    assert status == 2
    assert output.startswith(b"busy (486")


def test_plans_of_keys():
    plan = softphone_keys.parse("1@+4.0, w2, 5#")
    assert [(press.digit, press.at, press.wait) for press in plan] == [
        ("1", 4.0, softphone_keys.PAUSE_S),
        ("5", None, 2.0),
        ("#", None, softphone_keys.PAUSE_S),
    ]
    for bad in ("x", "1@", "w", "1@-1", "1@nan"):
        with pytest.raises(ValueError):
            softphone_keys.parse(bad)
