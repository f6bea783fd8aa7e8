"""`testigo call` as a person types it: two of them call each other."""

import asyncio
import json
import os
import sys
import wave

from support.sip.softphone_peers import HOST, free_port
from support.sounds import square_wave

RATE = 8000


def command(*arguments):
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    return asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "testigo_tools.cli", "call", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
    )


def test_the_command_calls_plays_presses_and_records(tmp_path):
    audio = square_wave(tmp_path / "tone.wav")
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


def test_the_command_reports_how_the_call_ended():
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
