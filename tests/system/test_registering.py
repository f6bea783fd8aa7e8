"""The appliance as a telephone of a PBX, and as the PBX of a telephone."""

import pytest

from support.branch import NOTICE_MS, events
from support.rig import FAR, NEAR, wait_for
from support.sip.sipp import Caller, Worker, answering, calling
from support.sip.sipp_process import free_port

USER, PASSWORD = "branch", "a word for SIP"


class Registrar(Worker):
    """Takes a REGISTER with the right password (RFC 3261 section 22.2)."""

    END = '<Reference variables="known"/>\n'

    def registers(self):
        self.expect_request("REGISTER", 30000)
        self._challenge("401 Unauthorized", "WWW-Authenticate")
        return self._proven("REGISTER")

    def proven_call(self):
        """An INVITE that has to prove itself."""
        self.expect_request("INVITE")
        self._challenge("401 Unauthorized", "WWW-Authenticate")
        self.expect_request("ACK")
        self._proven("INVITE")
        return self

    def _challenge(self, status: str, header: str) -> None:
        challenge = f'{header}: Digest realm="pbx", algorithm=MD5, nonce="f84f1cec41e6cbe5aea9c8e88d359", qop="auth"\n'
        self._answer(status)
        self._steps[-1] = self._steps[-1].replace("Contact:", challenge + "Contact:")

    def _proven(self, method: str):
        check = f'<verifyauth assign_to="known" username="{USER}" password="{PASSWORD}"/>'
        self._steps.append(f'<recv request="{method}"><action>{check}</action></recv>')
        self._steps.append('<nop hide="true" test="known" next="right"/>')
        self._answer("403 Forbidden")
        self._steps.append('<label id="right"/>')
        return self

    def registered(self):
        self._answer("200 OK")
        self._steps[-1] = self._steps[-1].replace(
            "<sip:peer@[local_ip]:[local_port]>", "<sip:peer@[local_ip]:[local_port]>;expires=60"
        )
        return self


@pytest.fixture
def restored(branch):
    """The branch, whose settings are the usual ones again afterwards."""
    yield branch
    branch.reset()
    branch.settings()


def registration(branch) -> str:
    lines = [line for line in branch.log() if "regist" in line or "settings in force" in line]
    return lines[-1].partition(" ")[2] if lines else ""


def test_registered_with_a_pbx(restored):
    branch = restored
    pbx = ("127.0.0.1", free_port("127.0.0.1"))
    registrar = branch.end(Registrar().registers().registered(), FAR, port=pbx[1])
    branch.policy(rule="notify")
    branch.settings(far=["register", *pbx, USER, "", PASSWORD, "main"])
    registrar.succeeded()
    wait_for(lambda: registration(branch) == "registered", 10, "the registration")
    worker = branch.worker(answering())
    caller = branch.end(calling().pause(NOTICE_MS + 2500).bye(), FAR, target=branch.sip, port=pbx[1])
    for end in (caller, worker):
        end.succeeded()
    inbound = branch.recording()
    assert inbound.direction == "in" and inbound.audio == "present"

    called = branch.end(Registrar().proven_call().ring().answer().talk().expect_bye(), FAR, port=pbx[1])
    caller = branch.caller(Caller(callee="200").invite().answered().talk().pause(NOTICE_MS + 900).bye(), side=NEAR)
    for end in (caller, called):
        end.succeeded()
    outbound = branch.recording(1)
    assert outbound.direction == "out" and outbound.audio == "present"
    for recording in (inbound, outbound):
        for leg, raw in enumerate(branch.vault.raw(recording)):
            assert len(raw) > 4000 and raw in branch.speech[leg] * 3


def test_a_wrong_password_at_the_pbx_is_reported(restored):
    branch = restored
    pbx = ("127.0.0.1", free_port("127.0.0.1"))
    registrar = branch.end(Registrar().registers(), FAR, port=pbx[1])
    branch.settings(far=["register", *pbx, USER, "", "another word", "main"])
    registrar.succeeded()
    wait_for(lambda: registration(branch).startswith("registration failed: 403"), 10, "the refusal")


def test_telephone_that_registers_here(restored):
    """baresip registers, is called and hears the caller, and calls out itself."""
    branch = restored
    branch.policy(rule="notify")
    branch.settings(near=["registrar", "", 5060, "100", "", PASSWORD, "main"])
    nobody = branch.caller(Caller().invite().refused(480))
    nobody.succeeded()
    address = f"{branch.sip[0]}:{branch.sip[1]}"
    phone = branch.phone(NEAR, f'<sip:100@{address}>;auth_user=100;auth_pass="{PASSWORD}";regint=60')
    phone.heard_of("200 OK")
    caller = branch.caller(calling().notice().pause(1000).bye())
    caller.succeeded()
    inbound = branch.recording()
    assert inbound.audio == "present" and inbound.reason == "hang-up"

    before = len(branch.far.calls)
    worker = branch.worker(answering(), side=FAR)
    phone.command("dial", f"sip:+34600000009@{address}")
    wait_for(lambda: len(branch.far.calls) > before and len(branch.far.calls[-1].heard_audio()) > 70, 15, "the talk")
    phone.command("hangup")
    worker.succeeded()
    outbound = branch.recording(1)
    assert outbound.direction == "out" and outbound.audio == "present"
    assert events(outbound, "consent") == [["notify", True, "notice", "", ""]]
    for recording in (inbound, outbound):
        assert all(len(raw) > 4000 for raw in branch.vault.raw(recording))


def test_a_telephone_with_a_wrong_password_is_not_registered(restored):
    branch = restored
    branch.settings(near=["registrar", "", 5060, "100", "", PASSWORD, "main"])
    address = f"{branch.sip[0]}:{branch.sip[1]}"
    phone = branch.phone(NEAR, f'<sip:100@{address}>;auth_user=100;auth_pass="guessed";regint=60')
    phone.heard_of("503")  # after three wrong passwords no more are checked for a while (docs/threat-model.md)
    caller = branch.caller(Caller().invite().refused(480))
    caller.succeeded()
