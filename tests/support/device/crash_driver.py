"""Makes calls and takes documents without end, until it is killed; then, with `check`, boots and looks at everything.

    micropython crash_driver.py make|check ROOT

Beside ROOT, in ROOT-seen, stands what the appliance had promised before it was killed:
keys, stored frames, objections, accepted versions.
"""

import asyncio
import os
import sys

from recorder import files
from recorder.storage import recovery
from recorder.storage.primitives import DEVICE
from support.device import stores


def note(root, *words):
    """One write, so that a kill leaves a whole line or none."""
    with open(root + "-seen", "ab") as file:
        file.write((" ".join(str(word) for word in words) + "\n").encode())


async def make(root):
    if files.size(root + "/policy.tsd") < 0:  # written last
        stores.provision(root)
        files.replace(root + "/policy.tsd", stores.policy())
    a = await stores.Appliance(root).boot()
    turn = DEVICE.random(1)[0]
    while True:
        await a.keypool.fill()
        made = a.begin()
        for stream in (0, 1):
            note(root, "key", made.recording_id.hex(), stream, a.base_keys[made.recording_id, stream].hex())
        audio = made.start_audio()
        for i in range(turn % 7):
            made.write_audio(stores.put_audio(audio, 20, i * 250))
            note(root, "frame", made.number, i + 1)
        turn += 1
        if turn % 3 == 0:
            made.event("objection", 1, "9", "rfc4733")
            note(root, "objection", made.number)
            await made.erase_audio()
        if turn % 4 == 0:
            version = a.documents.policy.version + 1
            ok, reason = await a.documents.accept(stores.policy(version))
            assert ok, reason
            note(root, "policy", version)
        await made.close("hang-up")
        note(root, "closed", made.number)


def promised(root):
    """The lines one by one: a fast machine makes more of them than a heap holds."""
    if files.size(root + "-seen") >= 0:
        with open(root + "-seen") as file:
            for line in file:
                yield line


async def check(root):
    a = await stores.Appliance(root).boot(fill=False)
    frames = {}
    objected = set()
    closed = set()
    policy = 1
    for line in promised(root):
        words = line.split()
        if words[0] == "key":
            a.base_keys[bytes.fromhex(words[1]), int(words[2])] = bytes.fromhex(words[3])
        elif words[0] == "frame":
            frames[int(words[1])] = int(words[2])
        elif words[0] == "objection":
            objected.add(int(words[1]))
        elif words[0] == "closed":
            closed.add(int(words[1]))
        else:
            policy = int(words[1])
    assert a.documents.policy and a.documents.policy.version >= policy, "policy"
    numbers = a.spool.numbers()
    assert numbers == list(range(1, len(numbers) + 1)), numbers
    assert a.spool.next_number == len(numbers) + 1 and not a.spool.aside()
    previous = bytes(32)
    for number in numbers:
        verifier = a.verify(number)
        header = verifier.header
        assert header[4] == number and header[5] == previous, "row"
        previous = recovery._header_digest(a.spool, number, ".tsg")
        cut = verifier.seal[4] in ("power-loss", "erased")
        assert not cut or number not in closed, "a closed recording was closed again"
        assert not verifier.findings, (number, verifier.findings)
        if number in objected:
            assert verifier.audio_frames == 0, "audio came back"
        elif not verifier.gone:
            assert verifier.audio_frames >= frames.get(number, 0), "stored frames are missing"
    left = files.names(a.spool.folder)
    assert len(left) == len(numbers), left
    print("checked", len(numbers), "closed by this start", len(a.closed))


def main(what, root):
    asyncio.run({"make": make, "check": check}[what](root))


if __name__ == "__main__":
    if files.size(sys.argv[2]) < 0:
        os.mkdir(sys.argv[2])
    main(sys.argv[1], sys.argv[2])
