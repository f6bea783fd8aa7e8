"""What the pages take for granted: a board on a port, free ports, values that a person writes into a file."""

import os
import pty
import re
import subprocess
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.fake_appliance import Appliance, speech
from support.intake import take
from support.micropython_runner import ROOT, command
from support.policy_calls import answered, opening, played, signed, tone, worker
from support.rig import free_tcp_port, free_udp_range
from support.vault_fixtures import filled
from testigo_tools.demo.environment import POLICY
from testigo_vault.documents.signing import sign_policy
from testigo_vault.identity.organisation import Organisation
from testigo_vault.new_vault import create
from testigo_vault.notice.audio import from_text
from testigo_vault.notice.signed import sign_notice
from testigo_vault.vault import Vault

SIP_PORTS = 24

# What a person answers to a question with this word in it.
ANSWERS = {
    "audio": "words that open audio",
    "organisation": "words of the organisation",
    "password of": "a long enough password",
}


@contextmanager
def stock_chip() -> Iterator[str]:
    """The port of a chip with stock MicroPython at its prompt (tests/support/chip/raw_repl.py)."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    script = ROOT / "tests" / "support" / "chip" / "raw_repl.py"
    process = subprocess.Popen(command(script, heap="16m"), stdin=ours, stdout=ours, stderr=subprocess.DEVNULL)
    try:
        yield os.ttyname(theirs)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
        os.close(theirs)


def fill_in(text: str) -> str:
    """policy.toml of `testigo init` or of a preset, with nothing left to fill in."""
    return re.sub(r'"FILL IN[^"]*"', '"as written"', filled(text))


def free_vault_ports(folder: Path) -> int:
    """vault.toml with free ports on loopback; gives the one for appliances."""
    ingest = free_tcp_port()
    path = folder / "vault.toml"
    text = path.read_text().replace('"0.0.0.0"', '"127.0.0.1"')
    path.write_text(text.replace("port = 5571", f"port = {ingest}").replace("port = 5580", f"port = {free_tcp_port()}"))
    return ingest


def on_loopback(settings: str, ingest: int, sip: int = 0) -> str:
    """An appliance's settings as a page shows them, for an appliance on this machine, with `sip` and the ports above it."""
    sip = sip or free_udp_range(SIP_PORTS)
    for old, new in (
        ('kind = "wifi"', 'kind = "none"'),
        ('ssid = "branch"\n', ""),
        ('key = "the Wi-Fi password"\n', ""),
        ('host = "192.0.2.5"', 'host = "127.0.0.1"'),
        ("port = 5571", f"port = {ingest}"),
        ('bind_host = ""', 'bind_host = "127.0.0.1"'),
        ("sip_port = 5060", f"sip_port = {sip}"),
        ("rtp_first_port = 16384", f"rtp_first_port = {sip + 4}"),
        ("rtp_last_port = 16484", f"rtp_last_port = {sip + SIP_PORTS - 1}"),
        ('host = "sip.example.net"', f'host = "127.0.0.3"\nport = {sip + 2}'),
    ):
        settings = settings.replace(old, new)
    return settings


def signed_vault(folder: Path, policy: str = POLICY, words: str = "Recorded.") -> Organisation:
    """A vault whose policy and notice are signed, with free ports; `testigo provision` and `vault run` can follow."""
    made = create(folder, "Example Ltd", ANSWERS["organisation"], ANSWERS["audio"])
    settings = folder / "settings.toml"
    settings.write_text(on_loopback(settings.read_text(), free_vault_ports(folder)))
    sign_notice(made, "welcome", "en", words, from_text(words, "en"))
    (folder / "policy.toml").write_text(policy)
    sign_policy(made, folder / "policy.toml")
    return Organisation(folder)


def vault_with_calls(folder: Path, count: int = 17) -> Path:
    """A vault with calls of the appliance branch-1; the last one was recorded after a notice and key 1."""
    create(folder, "Example Ltd", ANSWERS["organisation"], ANSWERS["audio"])
    free_vault_ports(folder)
    vault = Vault(folder)
    try:
        vault.organisation.unlock(ANSWERS["organisation"])
        appliance = Appliance(vault.organisation, "branch-1", folder.parent)
        digest = signed(vault)
        events = [*opening(digest), played(4000), answered(4600), worker(5000), tone(5000)]
        for _ in range(count - 1):
            take(vault, appliance.record(opening(digest)))
        take(vault, appliance.record(events, speech(2, 6000), seconds=9))
    finally:
        vault.close()
    return folder
