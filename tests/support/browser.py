"""A real browser for tests: headless Chromium, driven by its own DevTools protocol."""

import json
import shutil
import subprocess
import time
import urllib.request
from contextlib import ExitStack

from websockets.sync.client import connect

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--remote-debugging-port=0",
]


def program():
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Chromium:
    """One page. `console_errors` collects errors of the browser's console: blocked by the security policy, script errors."""

    def __init__(self, folder):
        self._process = subprocess.Popen(
            [program(), *FLAGS, f"--user-data-dir={folder}", "about:blank"], stderr=subprocess.PIPE, text=True
        )
        line = next(line for line in self._process.stderr if "DevTools listening" in line)
        host = line.split()[-1].split("/")[2]
        with urllib.request.urlopen(f"http://{host}/json") as answer:
            pages = [page for page in json.load(answer) if page["type"] == "page"]
        self._open = ExitStack()
        self._line = self._open.enter_context(connect(pages[0]["webSocketDebuggerUrl"], max_size=None))
        self._number = 0
        self.console_errors = []
        for domain in ("Page", "Runtime", "Log"):
            self.command(domain + ".enable")

    def command(self, method, **parameters):
        self._number += 1
        self._line.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._line.recv(timeout=30))
            if message.get("id") == self._number:
                assert "error" not in message, message
                return message["result"]
            if message.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown"):
                self.console_errors.append(json.dumps(message["params"]))

    def run(self, script):
        answer = self.command("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        return answer["result"].get("value")

    def wait(self, script, seconds=15):
        """Wait until the script's value is true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.run(f"(() => {{ try {{ return !!({script}) }} catch {{ return null }} }})()"):
                return
            time.sleep(0.05)
        raise AssertionError(f"{script} did not come true; the page shows: {self.run('document.body.innerText')[:500]}")

    def go(self, address):
        self.command("Page.navigate", url=address)
        self.wait("document.readyState == 'complete'")

    def close(self):
        self._open.close()
        self._process.terminate()
        self._process.communicate(timeout=20)
