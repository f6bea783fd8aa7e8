"""Each message that docs/technician.md quotes, brought about by its cause."""

import ast
import asyncio
import re
import socket
from contextlib import suppress

import pytest
from typer.testing import CliRunner

from support.guide.messages import Causes
from support.guide.stage import on_stage
from support.micropython_runner import ROOT, run_micropython
from support.peers import peer
from support.rig import free_udp_range, wait_for
from support.sync_ends import failure_by_dates
from testigo_tools.cli import assemble
from testigo_tools.commands.diag import rows
from testigo_tools.demo.environment import POLICY, DemoEnvironment
from testigo_tools.serial.port import Port
from testigo_tools.softphone.phone import CallFailed, Softphone
from testigo_vault.recordings import wording

MESSAGES = "docs/technician.md"
LIMIT_S = 120
causes = Causes(MESSAGES)

# Incoming calls on demand, with pauses; outgoing calls all of them, without pauses.
LINES = POLICY.replace('"opt-in"', '"notify"').split("[[lines]]")
ON_DEMAND = 'direction = "in"\nmode = "on-demand"\npause_limit_s = 60'
ALL = 'direction = "out"\nmode = "all"'
TWO_LINES = "[[lines]]".join([LINES[0], *(LINES[1].replace('mode = "all"', each) for each in (ON_DEMAND, ALL))])


@pytest.fixture(scope="module")
def stage(micropython, tmp_path_factory):
    peer("espeak-ng")
    with on_stage(tmp_path_factory.mktemp("stage"), micropython) as made:
        yield made


@pytest.fixture(scope="module")
def told(micropython, tmp_path_factory):
    """{what was done: what the appliance said to it}, in a story of three calls."""
    peer("espeak-ng")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TESTIGO_MICROPYTHON", str(micropython))
        environment = DemoEnvironment(tmp_path_factory.mktemp("calls"), lambda text: None, TWO_LINES, "Recorded.")
        try:
            environment.make()
            environment.wait_for_sip()
            yield Story(environment).told()
        finally:
            environment.close()


class Story:
    def __init__(self, environment: DemoEnvironment) -> None:
        self._environment = environment
        self._port = str(environment.root / "tty")
        self._told: dict[str, str] = {}

    def told(self) -> dict[str, str]:
        asyncio.run(self._calls())
        self._environment.power_on()
        self._told["power cut"] = wait_for(lambda: self._log("was cut"), LIMIT_S, "the log")
        return self._told

    def _log(self, word: str) -> str:
        with Port(self._port) as device:
            text = "\n".join(device.request("log", 60))
        return text if word in text else ""

    def _calls_up(self) -> int:
        with Port(self._port) as device:
            return device.diagnose()["calls"]

    async def _record(self, what: str, action: str, number: str = "0") -> str:
        words = ["record", action, "--port", self._port, "--recording", number]
        done = await asyncio.to_thread(CliRunner().invoke, assemble("record"), words)
        self._told[what] = done.output
        return done.output

    async def _until(self, what: str, action: str, number: str, message: str) -> None:
        """The command again and again, until the appliance is as far."""
        for _ in range(300):
            if message in await self._record(what, action, number):
                return
            await asyncio.sleep(0.3)
        raise AssertionError(f"{what}: {self._told[what]}")

    async def _calls(self) -> None:
        environment = self._environment
        async with Softphone(port=environment.far) as far, Softphone(port=environment.near) as near:
            await self._record("no call", "start")
            async with Softphone("127.0.0.9") as stranger:
                unknown = await stranger.call(
                    f"sip:100@127.0.0.1:{environment.sip}", f"sip:1@127.0.0.9:{stranger.port}"
                )
                with suppress(CallFailed):
                    await unknown.answered(LIMIT_S)
            self._told["unknown source"] = await asyncio.to_thread(self._log, "unknown source")
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as noise:
                noise.sendto(b"not SIP", ("127.0.0.1", environment.sip))
            self._told["noise"] = await asyncio.to_thread(wait_for, lambda: self._log("refused"), LIMIT_S, "a minute")
            first, worker = await self._ringing(far, near)
            await self._record("ringing", "start")
            worker.answer()
            await first.answered(LIMIT_S)
            await self._record("nothing to pause", "pause")
            number = re.search(r"\d+", await self._record("start", "start"))[0]
            await self._until("recorded", "start", number, "recorded already")
            await self._record("pause", "pause", number)
            await self._record("paused again", "pause", number)
            await self._record("resume", "resume", number)
            await self._record("resumed again", "resume", number)
            await self._two_calls(far, near, int(number) + 1)
            await self._outgoing(far, near, str(int(number) + 2))
            await asyncio.to_thread(self._environment.cut_power)  # before the telephones hang up

    async def _ringing(self, caller: Softphone, callee: Softphone):
        made = await caller.call(
            f"sip:100@127.0.0.1:{self._environment.sip}", f"sip:+34910000001@127.0.0.1:{caller.port}"
        )
        return made, await callee.wait_call(LIMIT_S)

    async def _two_calls(self, far: Softphone, near: Softphone, number: int) -> None:
        second, worker = await self._ringing(far, near)
        worker.answer()
        await second.answered(LIMIT_S)
        await self._record("which", "start")
        await self._record("start", "start", str(number))
        await second.press("9")
        await self._until("objected", "start", str(number), "asked already")
        second.hang_up()
        await worker.ended(LIMIT_S)
        await asyncio.to_thread(wait_for, lambda: self._calls_up() == 1, LIMIT_S, "the second call to end")

    async def _outgoing(self, far: Softphone, near: Softphone, number: str) -> None:
        """Left up: the power goes."""
        made, other = await self._ringing(near, far)
        other.answer()
        await made.answered(LIMIT_S)
        await self._until("not on demand", "stop", number, "not recorded on demand")
        await self._until("no pauses", "pause", number, "no pauses on this line")


for quote, what in {
    "no such call is up": "no call",
    "there is no conversation to be recorded": "ringing",
    "nothing is being recorded": "nothing to pause",
    "recorded already": "recorded",
    "paused already": "paused again",
    "not paused": "resumed again",
    "2 calls are up: say which": "which",
    "asked already, or objected to": "objected",
    "the line is not recorded on demand": "not on demand",
    "the policy has no pauses on this line": "no pauses",
    "INVITE from unknown source: 192.0.2.9:5060 (3 since the last line)": "unknown source",
    "SIP messages refused: …": "noise",
    "recording 17 was cut by a power loss and is closed": "power cut",
}.items():
    causes.of(quote)(lambda request, what=what: request.getfixturevalue("told")[what])


@pytest.fixture(scope="module")
def faults(micropython, tmp_path_factory):
    """The log of an appliance in which every part fails, after one that crashed."""
    root = tmp_path_factory.mktemp("faulty")
    (root / "crash.txt").write_text("ValueError: on a chip")
    script = ROOT / "tests" / "support" / "device" / "faulty_appliance.py"
    paths = [ROOT / "firmware", ROOT / "boards" / "virtual"]
    return run_micropython(script, [str(root), str(free_udp_range(1))], paths=paths).stdout


for quote in ("packet handler", "call failed", "timer failed", "SIP failed", "fault", "crashed before"):
    causes.of(f"{quote}: …")(lambda request: request.getfixturevalue("faults"))


@pytest.fixture(scope="module")
def unrecorded(micropython):
    """{name: what the appliance says}, of calls and self-tests that are not recorded, and of `diag`."""
    done = run_micropython(ROOT / "tests" / "support" / "device" / "unrecorded_calls.py")
    assert done.returncode == 0, done.stdout
    return dict(line.split("\t", 1) for line in done.stdout.splitlines())


for quote, what in {
    "call not recorded: recipients": "recipients",
    "call not recorded: space": "space",
    "call not recorded: no keys": "no keys",
    "call not recorded: keys": "keys",
    "call not recorded: memory": "memory",
    "2 calls are up: one more is not recorded": "beyond",
    "call refused: 4 calls are up": "too many",
    "the longest time is over": "longest time",
    "nothing can be stored": "storage",
}.items():
    causes.of(quote)(lambda request, what=what: request.getfixturevalue("unrecorded")[what])


@pytest.fixture(scope="module")
def emergencies(micropython):
    """{name: line of the log}, of emergency calls."""
    done = run_micropython(ROOT / "tests" / "support" / "device" / "emergency_calls.py")
    assert done.returncode == 0, done.stdout
    return dict(line.split("\t", 1) for line in done.stdout.splitlines())


for quote, what in {
    "emergency call connected": "connected",
    "HOST cannot be looked up: its last address is used": "last address",
    "HOST cannot be looked up: calls to it are refused until it has an address": "never an address",
    "HOST has the address 192.0.2.1 now": "address",
    "call refused: HOST has no address": "call without address",
    "addresses not kept: …": "not kept",
    "emergency call refused: 3 are up": "too many",
    "this call is not recorded: an emergency call, or a call back after one": "record",
    "a call gives way to an emergency call": "gives way",
    "emergency call not connected: no ports or memory…": "no place",
    "emergency call not connected: the far side has no address": "no address",
    "call refused: no ports or memory for a call back": "call back",
    "emergency call has no record: …": "no record",
    "emergency call not noted: …": "not noted",
}.items():
    causes.of(quote)(lambda request, what=what: request.getfixturevalue("emergencies")[what])

# What the appliance answers to a self-test; Port puts the same words before each refusal.
for what in ("keys", "space"):
    causes.of(f"the device refuses selftest: {what}")(
        lambda request, what=what: (
            f"the device refuses selftest: {request.getfixturevalue('unrecorded')[f'selftest: {what}']}"
        )
    )

for why, what in {
    "a number of the call is on the objection list": "objection list",
    "calls on this line are not recorded at that time": "schedule",
    "the other party's number is not one of those that are recorded": "only",
    "the other party's number is one of those that are not recorded": "except",
    "calls on this line are never recorded": "never",
    "the line is recorded on demand, and no recording was requested": "on demand",
    "all places for recorded calls were taken": "places taken",
    "the policy has no line for it": "no line",
    "the policy is no longer in force": "expired",
    "the notice was missing": "notice missing",
}.items():
    causes.of(f"Connected without recording: {why}.")(
        lambda request, what=what: wording.event("unrecorded", [request.getfixturevalue("unrecorded")[what]])
    )

for quote, what in {
    "not provisioned": "no identity",
    "none: no policy": "no policy",
    "version 3 (policy not yet valid)": "not yet valid",
    "version 3 (policy expired)": "expired",
    "version 3 (clock never set)": "clock never set",
    "UTC (kept over a reset, approximate)": "clock kept",
    "UTC (never set)": "clock never set",
}.items():
    causes.of(quote)(lambda request, what=what: diag_of(request.getfixturevalue("unrecorded")[f"diag: {what}"]))


@pytest.fixture(scope="module")
def starts(micropython):
    """{name: what `diag` shows, the whole log in it}, of starts on damaged, failing and full storage."""
    done = run_micropython(ROOT / "tests" / "support" / "device" / "storage" / "broken_starts.py")
    assert done.returncode == 0, done.stdout
    return {name: diag_of(facts) for name, facts in (line.split("\t", 1) for line in done.stdout.splitlines())}


KEY = "complete; identity: identity/key.der is damaged: run testigo provision again, with a new device id"
FILE = "complete; identity: identity/{} is damaged: run testigo provision again"
NO_ROOM = "no room: it needs 80 KiB, 90 KiB are free, of which 128 KiB are kept for recordings"

for quote, what in {
    KEY: "key",
    FILE.format("cert.der"): "certificate",
    FILE.format("operator.bin"): "operator",
    "complete; seed: no space left (28)": "full",
    "complete; repair: skipped: 3 starts in a row ended here": "repair",
    "identity/operator.bin damaged, second copy used (1)": "operator mended",
    "second copy of settings used (1)": "settings mended",
    "policy: not used: signature is not the operator's": "policy",
    "objections: set aside: …": "objections",
    "not complete: notices": "in a stage",
    "still starting: notices": "in a stage",
    "settings 4 not in force: …": "port in use",
    "version 3; version 4 is here: another network is joined when no call is up": "network",
    "the last start ended in stage repair (2 in a row)": "again",
    "log not written (12)": "failing",
    "clock.bin not written: no space left (28)": "full",
    "document not stored: …": "failing",
    f"objections version 2 refused: {NO_ROOM}": "small",
}.items():
    causes.of(quote)(lambda request, what=what: request.getfixturevalue("starts")[what])


def diag_of(facts: str) -> str:
    """What `testigo diag` shows of the facts that the appliance gave."""
    return "\n".join(f"{name}  {value}" for name, value in rows(dict(ast.literal_eval(facts))))


def staged(cause):
    return lambda request: cause(request.getfixturevalue("stage"))


@causes.of("the device refuses selftest: not provisioned")
@staged
def _(stage):
    return stage.testigo("selftest", "--port", stage.device("new"))


@causes.of("the device refuses selftest: no policy: it names the keys that a recording is sealed to")
@staged
def _(stage):
    return stage.testigo("selftest", "--port", stage.device("keyed"))


@causes.of("provisioned as branch-7")
@staged
def _(stage):
    return (stage.device("branch-7").parent / "log.txt").read_text()


@causes.of("reboot was asked for")
@staged
def _(stage):
    log = stage.device("new").parent / "log.txt"
    with Port(str(stage.device("new"))) as device:
        device.request("reboot")
    return wait_for(lambda: "reboot" in log.read_text() and log.read_text(), LIMIT_S, "the log")


@causes.of("no call is up")
@staged
def _(stage):
    return stage.testigo("record", "start", "--port", stage.device("new"))


@causes.of("call refused: no phone is registered")
@staged
def _(stage):
    stage.device("branch-7")
    stage.log("branch-7", "SIP on …")

    async def call() -> None:
        async with Softphone() as phone:
            made = await phone.call(f"sip:100@127.0.0.1:{stage.sip()}", f"sip:1@127.0.0.1:{phone.port}")
            with pytest.raises(CallFailed):
                await made.answered(LIMIT_S)

    asyncio.run(call())
    return stage.log("branch-7", "call refused: no phone is registered")


@causes.of("the vault refused recording 17: …")
@staged
def _(stage):
    """A byte of the recording changes on the appliance's storage before it is fetched."""
    port = stage.device("branch-7")
    stage.done("selftest", "--port", port, "--seconds", 1)
    path = next((port.parent / "spool").glob("*.tsg"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    stage.testigo("sync", "--port", port, "--vault", stage.vault())
    return stage.log("branch-7", "the vault refused recording 17: …")


@causes.of("sync: TLS: The certificate validity has expired")
def _(request):
    with pytest.MonkeyPatch.context() as patch:
        folder = request.getfixturevalue("tmp_path")
        return failure_by_dates(request.getfixturevalue("micropython"), folder, patch, 2000, 2001)


@causes.of("sync: HOST port 5571: no connection")
@staged
def _(stage):
    stage.device("branch-7")
    return stage.log("branch-7", "sync: HOST port 5571: no connection")


def test_each_message_has_its_cause():
    assert causes.differences() == []


@pytest.mark.parametrize("quote", list(causes))
def test_message(request, quote):
    causes.check(quote, request)
