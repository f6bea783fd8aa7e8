"""`testigo record` against a real appliance: refused in words without a call, and told what holds in one."""

import asyncio
import re
import time

import pytest

from support.serial_line import appliance, verb
from testigo_tools.commands.record import Action
from testigo_tools.demo.environment import DEVICE, POLICY, DemoEnvironment
from testigo_tools.softphone.phone import Softphone
from testigo_vault.errors import NotFound
from testigo_vault.recordings.search import RecordingIndex

LIMIT_S = 30
ON_DEMAND = POLICY.replace('mode = "all"', 'mode = "on-demand"\npause_limit_s = 60').replace('"opt-in"', '"notify"')


def refusal(micropython, port, *words):
    done = verb(micropython, "record", *words, "--port", port)
    assert done.returncode == 1 and not done.stdout and "Traceback" not in done.stderr
    return done.stderr


def done(micropython, port, *words):
    said = verb(micropython, "record", *words, "--port", port)
    assert said.returncode == 0, said.stderr
    return said.stdout


def test_refused_without_a_gateway(micropython, tmp_path):
    port = tmp_path / "device" / "tty"
    with appliance(micropython, tmp_path / "device"):
        for action in Action:
            assert "the device refuses record: no call is up" in refusal(micropython, port, action)


def test_wrong_arguments_are_refused_before_the_port_is_opened(micropython, tmp_path):
    for words in (["erase"], ["pause", "--recording", "-1"], []):
        said = verb(micropython, "record", *words, "--port", tmp_path / "none")
        assert said.returncode == 2 and "cannot be opened" not in said.stderr
    assert "cannot be opened" in refusal(micropython, tmp_path / "none", "pause")


@pytest.fixture(scope="module")
def environment(micropython, tmp_path_factory):
    """A gateway on loopback with its vault; its line is recorded on demand."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TESTIGO_MICROPYTHON", str(micropython))
        made = DemoEnvironment(tmp_path_factory.mktemp("environment"), lambda text: None, ON_DEMAND, "Recorded.")
        try:
            made.make()
            made.wait_for_sip()
            yield made
        finally:
            made.close()


def test_refused_without_a_call(micropython, environment):
    port = environment.root / "tty"
    for action in Action:
        assert "the device refuses record: no such call is up" in refusal(micropython, port, action)
    assert "no such call is up" in refusal(micropython, port, "pause", "--recording", "7")


def test_in_a_call(micropython, environment):
    port = environment.root / "tty"

    def ask(*words):
        return asyncio.to_thread(done, micropython, port, *words)

    def refused(*words):
        return asyncio.to_thread(refusal, micropython, port, *words)

    async def talk():
        async with Softphone(port=environment.far) as caller, Softphone(port=environment.near) as worker:
            uri, own = f"sip:100@127.0.0.1:{environment.sip}", f"sip:+34910000001@127.0.0.1:{environment.far}"
            call = await caller.call(uri, own)
            other = await worker.wait_call(LIMIT_S)
            assert "there is no conversation to be recorded" in await refused("start")
            other.answer()
            await call.answered(LIMIT_S)
            assert "nothing is being recorded" in await refused("pause")
            said = await ask("start")
            number = int(re.match(r"Recording (\d+): the other party hears the notice now", said)[1])
            assert "asked already" in await refused("start") or "recorded already" in await refused("start")
            await until_recorded(refused)
            assert "paused: neither sound nor digits are kept" in await ask("pause", "--recording", str(number))
            assert "paused already" in await refused("pause")
            told = (await asyncio.to_thread(verb, micropython, "diag", "--port", port)).stdout
            assert f"1: recording {number} paused" in told, told
            assert "no such call is up" in await refused("resume", "--recording", str(number + 1))
            assert "the pause is over" in await ask("resume")
            assert "not paused" in await refused("resume")
            assert "no more of the call is taken" in await ask("stop")
            call.hang_up()
            await other.ended(LIMIT_S)
            return number

    async def until_recorded(refused):
        end = time.monotonic() + LIMIT_S
        while "recorded already" not in await refused("start"):
            assert time.monotonic() < end

    number = asyncio.run(talk())
    names = {event.name: event.fields for event in arrived(environment, number).events}
    assert [names[name] for name in ("started", "pause", "resume", "stopped")] == [["host"]] * 4


def arrived(environment, number):
    """The recording, once the appliance has brought it to its vault."""
    end = time.monotonic() + LIMIT_S
    while True:
        try:
            return RecordingIndex(environment.vault.database).get(f"{DEVICE}/{number}")
        except NotFound:
            assert time.monotonic() < end
            time.sleep(0.2)
