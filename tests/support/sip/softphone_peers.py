"""The other ends of the softphone's tests: sipp and baresip, run on loopback ports that are free."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

from support.peers import baresip_modules, peer
from support.rig import free_tcp_port, free_udp_range

SCENARIOS = Path(__file__).parent / "sipp_scenarios"
HOST = "127.0.0.1"
BARESIP_MODULES = ("ctrl_tcp", "g711", "account", "menu", "aufile", "aubridge")


def free_port() -> int:
    """A UDP port with the next three free too: sipp sends RTP from the ones above."""
    return free_udp_range(4, HOST)


class Sipp:
    """One run of a scenario."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, folder: Path) -> None:
        self.process = process
        self.port = port
        self.folder = folder

    async def succeeded(self, timeout: float = 30) -> None:
        """Wait for its end; what it says itself is in the assertion."""
        async with asyncio.timeout(timeout):
            status = await self.process.wait()
        errors = "\n".join(path.read_text(errors="replace") for path in self.folder.glob("*errors*"))
        assert status == 0, errors


@contextlib.asynccontextmanager
async def sipp(folder: Path, scenario: str, *arguments: str, port: int = 0) -> AsyncIterator[Sipp]:
    """Run a built-in scenario or a file of ours for one call; `[file]` in it is the raw file `folder/speech.raw`."""
    program = peer("sipp")
    port = port or free_port()
    folder.mkdir(exist_ok=True)
    if scenario.endswith(".xml"):
        text = (SCENARIOS / scenario).read_text().replace("[file]", str(folder / "speech.raw"))
        (folder / scenario).write_text(text)
        choice = ["-sf", scenario]
    else:
        choice = ["-sn", scenario]
    process = await asyncio.create_subprocess_exec(
        program,
        *(*choice, "-i", HOST, "-mi", HOST, "-p", str(port), "-mp", str(free_port()), "-m", "1", "-l", "1"),
        *("-nostdin", "-trace_err", "-timeout", "25s", "-timeout_error", *arguments),
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        if not arguments or ":" not in arguments[-1]:
            await bound(port, process)
        yield Sipp(process, port, folder)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def bound(port: int, process: asyncio.subprocess.Process, timeout: float = 15) -> None:
    """Wait until a process has taken a UDP port."""
    async with asyncio.timeout(timeout):
        while process.returncode is None:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                try:
                    probe.bind((HOST, port))
                except OSError:
                    return
            await asyncio.sleep(0.05)
    raise AssertionError("ended before it listened")


class Baresip:
    """A running baresip with one account that answers by itself."""

    def __init__(self, port: int, process: asyncio.subprocess.Process, control: int, log: Path) -> None:
        self.port = port
        self.process = process
        self.log = log
        self._control = control

    async def command(self, name: str, parameters: str = "") -> None:
        """A command of its menu, by its control port (JSON in netstrings)."""
        writer = await self._connected()
        body = f'{{"command":"{name}","params":"{parameters}"}}'
        writer.write(f"{len(body)}:{body},".encode())
        await writer.drain()
        writer.close()

    async def _connected(self, timeout: float = 15) -> asyncio.StreamWriter:
        """It opens its control port some time after its SIP port."""
        async with asyncio.timeout(timeout):
            while True:
                try:
                    return (await asyncio.open_connection(HOST, self._control))[1]
                except ConnectionRefusedError:
                    await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def baresip(folder: Path, audio: Path, account: str = "") -> AsyncIterator[Baresip]:
    """Run baresip: it plays `audio` (8 kHz mono WAV) to whoever calls."""
    program = peer("baresip")
    modules = baresip_modules()
    folder.mkdir(exist_ok=True)
    port, control = free_port(), free_tcp_port(HOST)
    lines = [
        f"module_path {modules}",
        f"sip_listen {HOST}:{port}",
        f"ctrl_tcp_listen {HOST}:{control}",
        f"audio_source aufile,{audio}",
        "audio_player aubridge,nothing",
        "audio_srate 8000",
        "audio_channels 1",
        f"net_interface {HOST}",
        *(f"module {name}.so" for name in BARESIP_MODULES if (modules / f"{name}.so").exists()),
    ]
    (folder / "config").write_text("\n".join(lines) + "\n")
    (folder / "contacts").write_text("")
    account = account or f"<sip:baresip@{HOST}:{port}>;regint=0"
    log_file = folder / "log"
    (folder / "accounts").write_text(f"{account};answermode=auto;audio_codecs=PCMU/8000/1\n")
    with open(log_file, "wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(program, "-f", str(folder)), stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        await bound(port, process)
        yield Baresip(port, process, control, log_file)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
