"""baresip as a telephone: plays a WAV file to whoever it talks with, answers by itself, takes orders on its control port."""

import json
import socket
import subprocess
import time
from pathlib import Path

from support.peers import baresip_modules, peer
from support.rig import free_tcp_port, wait_for
from support.sip.sipp_process import free_port

MODULES = ("ctrl_tcp", "g711", "account", "menu", "aufile", "aubridge")


class Baresip:
    """audio: 8 kHz mono WAV. account: as baresip writes it, without the options below. encoding: PCMU or PCMA."""

    def __init__(self, folder: Path, host: str, audio: Path, account: str = "", encoding: str = "PCMU") -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.address = (host, free_port(host))
        self._control = free_tcp_port(host)
        modules = baresip_modules()
        lines = [
            f"module_path {modules}",
            f"sip_listen {host}:{self.address[1]}",
            f"ctrl_tcp_listen {host}:{self._control}",
            f"audio_source aufile,{audio}",
            "audio_player aubridge,nothing",
            "audio_srate 8000",
            "audio_channels 1",
            f"net_interface {host}",
            *(f"module {name}.so" for name in MODULES if (modules / f"{name}.so").exists()),
        ]
        (folder / "config").write_text("\n".join(lines) + "\n")
        (folder / "contacts").write_text("")
        account = account or f"<sip:100@{host}:{self.address[1]}>;regint=0"
        (folder / "accounts").write_text(f"{account};answermode=auto;audio_codecs={encoding}/8000/1\n")
        with open(folder / "output", "wb") as output:
            self.process = subprocess.Popen(
                [peer("baresip"), "-f", str(folder)], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )
        self._link = wait_for(self._connect, 15, "baresip")

    def _connect(self) -> socket.socket | None:
        assert self.process.poll() is None, self.said()
        try:
            return socket.create_connection((self.address[0], self._control), 1)
        except OSError:
            return None

    def said(self) -> str:
        return (self.folder / "output").read_text(errors="replace")

    def command(self, name: str, parameters: str = "") -> None:
        """A command of its menu (JSON in netstrings)."""
        body = json.dumps({"command": name, "params": parameters})
        self._link.sendall(f"{len(body)}:{body},".encode())

    def key(self, digit: str) -> None:
        """By RFC 4733; a finger lifts it again."""
        self.command("sndcode", digit)
        time.sleep(0.15)
        self.command("sndcode", "\x04")

    def heard_of(self, text: str, limit_s: float = 15) -> None:
        wait_for(lambda: text in self.said(), limit_s, f"baresip to say {text}")

    def kill(self) -> None:
        self._link.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
