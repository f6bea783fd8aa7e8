"""OpenSSL on the virtual appliance: on CPython, since the 32-bit MicroPython of the other tests finds none."""

import pytest

from support.micropython_runner import ROOT, run_micropython

SCRIPT = ROOT / "tests" / "support" / "device" / "openssl_agrees.py"


def test_openssl_gives_what_micropython_gives(micropython):
    done = run_micropython(SCRIPT, word="micropython")
    last = done.stdout.splitlines()[-1] if done.stdout else ""
    if last.startswith("no OpenSSL"):
        pytest.skip(last)
    assert done.returncode == 0 and last == "agrees", done.stdout
