"""docs/technician.md, on an appliance with a line that is recorded on demand."""

import asyncio
import threading

import pytest

from support.guide.page import Guide, Put
from support.guide.shell import Shell
from support.peers import peer
from support.rig import free_udp_range
from testigo_tools.demo.environment import POLICY, DemoEnvironment
from testigo_tools.softphone import audio
from testigo_tools.softphone.phone import Softphone

PAGE = "docs/technician.md"
LIMIT_S = 120
ON_DEMAND = POLICY.replace('mode = "all"', 'mode = "on-demand"\npause_limit_s = 60').replace('"opt-in"', '"notify"')


class Conversation(threading.Thread):
    """A call through the appliance that stays up until `end`."""

    def __init__(self, environment: DemoEnvironment) -> None:
        super().__init__(daemon=True)
        self._environment = environment
        self._up, self._end = threading.Event(), threading.Event()

    def begin(self) -> None:
        self.start()
        assert self._up.wait(LIMIT_S), "no conversation"

    def end(self) -> None:
        self._end.set()
        self.join(LIMIT_S)

    def run(self) -> None:
        asyncio.run(self._talk())

    async def _talk(self) -> None:
        environment = self._environment
        async with Softphone(port=environment.far) as caller, Softphone(port=environment.near) as worker:
            call = await caller.call(
                f"sip:100@127.0.0.1:{environment.sip}", f"sip:+34910000001@127.0.0.1:{environment.far}"
            )
            other = await worker.wait_call(LIMIT_S)
            other.answer()
            await call.answered(LIMIT_S)
            self._up.set()
            await asyncio.to_thread(self._end.wait)
            call.hang_up()
            await other.ended(LIMIT_S)


@pytest.fixture
def environment(micropython, tmp_path, monkeypatch):
    peer("espeak-ng")
    monkeypatch.setenv("TESTIGO_MICROPYTHON", str(micropython))
    made = DemoEnvironment(tmp_path / "environment", lambda text: None, ON_DEMAND, "Recorded.")
    made.folder.mkdir()
    try:
        made.make()
        made.wait_for_sip()
        yield made
    finally:
        made.close()


def test_page(environment, tmp_path):
    for name in ("greeting.wav", "speech.wav"):
        audio.save(tmp_path / name, bytes(range(256)) * 100)
    conversation = Conversation(environment)
    waiting = free_udp_range(2)
    shell = Shell(tmp_path, {})
    guide = Guide(
        PAGE,
        shell,
        put=[
            Put("--port PORT", f"--port {environment.root / 'tty'}", "a virtual appliance"),
            Put("/srv/testigo", str(environment.vault_folder), "a scratch folder"),
            Put("--listen 5064 --bind 192.0.2.20", f"--listen {waiting} --bind 127.0.0.1", "a free port on loopback"),
            Put("sip:line@192.0.2.10", f"sip:line@127.0.0.1:{waiting}", "the telephone that waits, on loopback"),
        ],
        not_run={
            "mpremote connect PORT cp :/testigo/spool/00000017.bad .": "needs a chip in service mode with such a file",
            'testigo call --listen 5062 --register sip:101@192.0.2.10 --password "a password" --calls 0': (
                "registers with an appliance that is a registrar: docs/virtual.md does that"
            ),
        },
        before={"testigo record start": conversation.begin, "testigo call": conversation.end},
    )
    try:
        guide.run()
    finally:
        conversation.end()
        shell.close()
