"""Each line of the log that docs/log.md quotes, brought about by its cause."""

import pytest

from support.guide.messages import Causes
from support.micropython_runner import ROOT, run_micropython

MESSAGES = "docs/log.md"
causes = Causes(MESSAGES)


@pytest.fixture(scope="module")
def logs(micropython):
    """{what was done: the log, with the names of the page}."""
    done = run_micropython(ROOT / "tests" / "support" / "device" / "log_lines.py")
    assert done.returncode == 0, done.stdout
    printed = done.stdout.replace("notice hello", "notice welcome").replace("cert.der", "key.der")
    printed = printed.replace("second copy of policy used", "second copy of settings used")
    return dict(line.split("\t", 1) for line in printed.splitlines() if "\t" in line)


for quote, what in {
    "boot: testigo 0.2.0 on …": "start",
    "start: …": "start",
    "the seed is stored": "start",
    "a time of 17 s since 1970 is not taken": "start",
    "clock.bin is damaged and not used": "start",
    "clock.bin is not what belongs there: set aside": "start",
    "crash.txt not removed: …": "start",
    "settings 4 in force": "settings",
    "restarts with a larger heap, for 40 calls": "settings",
    "notice welcome in force": "settings",
    "network: …": "settings",
    "control: …": "requests",
    "control diag: …": "requests",
    "diag: storage_free: …": "requests",
    "restarts after a fault": "fault",
    "audio of notice welcome has a wrong digest": "documents",
    "document refused: policy version 1 is older than the one held": "documents",
    "document refused: max_calls 8: …": "documents",
    "the list of objections has a wrong digest": "documents",
    "max_calls 8: 1 calls are taken, …": "damaged documents",
    "documents: …": "damaged documents",
    "notices: …": "damaged documents",
    "notice welcome: …": "damaged documents",
    "objections.tsd: …": "damaged documents",
    "receipt refused: …": "spool",
    "free space is not known: …": "spool",
    "recording 17: not begun, removed": "spool",
    "recording 17 cannot be read: …": "spool",
    "recording 17 closed: power-loss, 12 bytes at its end were torn": "spool",
    "recording 17 has no header: …": "spool",
    "recording 17 set aside: …": "spool",
    "recording 17 waits to be closed: …": "spool",
    "state.cbor: …": "spool",
    "state.cbor is damaged; numbers go on from the spool": "spool",
    "unrecorded.cbor: …": "spool",
    "unrecorded.cbor is damaged: calls without a recording are counted anew": "spool",
    "no memory to count a call without a recording": "spool",
    "second copy of settings: …": "mended",
    "second copy of settings used: …": "mended",
    "recording 17: a rename that was cut is finished": "mended",
    "leftover 00000017: …": "mended",
    "removed: …": "mended",
    "identity/key.der damaged, second copy used: …": "mended",
    "identity not copied: …": "unlisted",
    "recordings not listed: …": "unlisted",
    "repair: …": "unlisted",
    "recording 17: erasing mark: …": "recordings",
    "recording 17: erasing waits: …": "recordings",
    "recording 17: not begun: …": "recordings",
    "recording 17: quality came after its end": "recordings",
    "recording 17: storage full": "recordings",
    "recording 17: write: …": "recordings",
    "sync beside a call, which is silent for a second: 300 KB are free": "recordings",
    "call 17 ended: hang-up": "calls",
    "record of a call failed: …": "calls",
    "SIP timer failed: …": "calls",
    "tone before the end: …": "calls",
    "no memory is kept back for an emergency call": "nothing kept back",
}.items():
    causes.of(quote)(lambda request, what=what: request.getfixturevalue("logs")[what])


def test_each_message_has_its_cause():
    assert causes.differences() == []


@pytest.mark.parametrize("quote", list(causes))
def test_message(request, quote):
    causes.check(quote, request)
