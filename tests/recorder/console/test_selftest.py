"""The self-test: what it records is a whole recording, marked as a test."""

import os

from recorder.console import selftest
from recorder.storage.spool import SpoolError
from support.device import stores


async def test_tone_is_recorded_and_marked_as_a_test():
    a = await stores.ready("tone")
    percent = []
    result = await selftest.run(a.recordings, a.keypool, a.hal, 1, "tone", percent.append)
    values = {step: value for step, value, _ in result}
    assert values["recording"] == 1 and values["packets"] == 96 and values["bytes"] > 96 * 172
    assert percent == sorted(percent) and percent[-1] <= 100
    print(result)
    verifier = a.verify(1)
    assert not verifier.findings, verifier.findings
    assert verifier.audio_frames == 4 and verifier.seal[4] == "test"
    assert verifier.events[0][7] == "test" and verifier.events[2][4] == "test"
    stores.remove_tree(a.root)


async def test_file_is_recorded():
    a = await stores.ready("file")
    os.mkdir(a.root + "/test")
    alaw = bytes(range(256)) * 8
    fmt = b"fmt \x12\x00\x00\x00\x06\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00\x00\x00"
    with open(a.root + "/test/speech.wav", "wb") as file:
        file.write(b"RIFF\x00\x00\x00\x00WAVE" + fmt + b"data" + len(alaw).to_bytes(4, "little") + alaw)
    await selftest.run(a.recordings, a.keypool, a.hal, 1, "speech.wav")
    verifier = a.verify(1)
    assert not verifier.findings and verifier.events[3][3:5] == ["PCMA", 8]
    for wrong in ("../identity/key.der", "nothing.wav"):
        try:
            await selftest.run(a.recordings, a.keypool, a.hal, 1, wrong)
        except (SpoolError, OSError):
            continue
        raise AssertionError(wrong)
    assert a.spool.next_number == 2
    stores.remove_tree(a.root)


async def test_no_selftest_without_a_policy():
    root = stores.fresh_root("none")
    stores.provision(root)
    a = await stores.Appliance(root).boot(fill=False)
    try:
        await selftest.run(a.recordings, a.keypool, a.hal, 1)
    except SpoolError as error:
        assert error.why == "recipients"
    else:
        raise AssertionError
    stores.remove_tree(root)
