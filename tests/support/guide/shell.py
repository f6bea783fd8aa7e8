"""A bash on a pseudo-terminal, as a person at a keyboard has it: types lines, answers prompts, keeps services running."""

import os
import re
import signal
import time
from contextlib import suppress
from pathlib import Path

import pexpect

from support.micropython_runner import ROOT, TOOLS

PROMPT = re.compile(r"(?:\r\n)?<guide:(\d+)>\r\n")
# A question for a secret, which the terminal does not show: it ends what was printed so far.
SECRET = re.compile(r"([^\r\n]*(?:passphrase|password|secret|same again)[^\r\n]*): \Z", re.IGNORECASE)
ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|\][^\x07]*\x07|.)")
LIMIT_S = 200
START_S = 120
# What a program that stays prints once it is ready.
READY = {
    "testigo vault run": "ingest on port",
    "testigo virtual run": "The appliance runs",
    "testigo call --listen": "",
}


class Shell:
    """home: a scratch folder, which is HOME and the working directory. answers: what a person types at a question that
    has this word in it."""

    def __init__(
        self, home: Path, answers: dict[str, str], variables: dict[str, str] | None = None, limit_s: float = LIMIT_S
    ) -> None:
        self.home = home
        self._answers = answers
        self._services: list[str] = []
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("TESTIGO_", "PYTEST_"))}
        path = os.pathsep.join([str(ROOT / ".venv" / "bin"), str(TOOLS), os.environ.get("PATH", os.defpath)])
        own = {
            "HOME": str(home),
            "PATH": path,
            "TERM": "xterm",
            "COLUMNS": "240",
            "LC_ALL": "C.UTF-8",
            "PS1": "<guide:$?>\n",
        }
        self._bash = pexpect.spawn(
            "bash",
            ["--norc", "--noprofile", "--noediting", "-i"],
            cwd=str(home),
            env={**kept, **own, "PS2": "", **(variables or {})},
            echo=False,
            encoding="utf-8",
            codec_errors="replace",
            dimensions=(50, 240),
            timeout=limit_s,
        )
        self._wait()
        # One process group for all that it starts, so that all of it can be ended together.
        self.run("set +mH")

    def run(self, line: str) -> tuple[int, str]:
        """Types a line and waits for its end. -> (exit status, what it printed)."""
        service = next((start for start in READY if line.startswith(start)), None)
        if service and not line.rstrip().endswith("&"):
            return self._serve(line, READY[service])
        self._bash.sendline(line)
        return self._wait()

    def _wait(self) -> tuple[int, str]:
        printed, answer = "", ""
        while True:
            found = self._bash.expect([PROMPT, SECRET])
            printed += self._bash.before
            if found == 0:
                return int(self._bash.match[1]), ESCAPES.sub("", printed.replace("\r\n", "\n"))
            question = self._bash.match[1].lower()
            printed += self._bash.after
            answer = next((text for word, text in self._answers.items() if word in question), answer)
            assert answer, f"no answer to {question!r}"
            # getpass drops what was typed before it asked.
            time.sleep(0.1)
            self._bash.sendline(answer)

    def _serve(self, line: str, ready: str) -> tuple[int, str]:
        """In the background, as in another window."""
        log = self.home / f"service-{len(self._services)}.log"
        self._services.append(line)
        self._bash.sendline(f"{line} > {log} 2>&1 &")
        self._wait()
        end = time.monotonic() + START_S
        while True:
            printed = log.read_text(errors="replace") if log.exists() else ""
            if ready in printed:
                return 0, printed
            if time.monotonic() > end:
                return 1, printed
            time.sleep(0.05)

    def close(self) -> None:
        """Ends the shell and everything that it started."""
        for how in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(self._bash.pid, how)
            end = time.monotonic() + 5
            while how == signal.SIGTERM and _members(self._bash.pid) > 1 and time.monotonic() < end:
                time.sleep(0.05)
        self._bash.close(force=True)


def _members(group: int) -> int:
    """How many processes of the group there are."""
    count = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, IndexError):
            fields = path.read_text().rpartition(")")[2].split()
            count += int(fields[2]) == group and fields[0] != "Z"
    return count
