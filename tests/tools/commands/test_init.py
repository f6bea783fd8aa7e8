"""The steps that `testigo init` tells work in the order in which it tells them."""

import re

from support.serial_line import PASSPHRASE, verb
from testigo_tools.commands.init import STEPS


def fill_in(path):
    """A person replaces what begins with FILL IN."""
    text = re.sub(r'^(date = )"FILL IN[^"]*"', r"\g<1>2026-01-31", path.read_text(), flags=re.MULTILINE)
    path.write_text(re.sub(r'"FILL IN[^"]*"', '"as written"', text))


def test_the_printed_steps_work_in_order(micropython, tmp_path, monkeypatch):
    monkeypatch.setenv("TESTIGO_PASSPHRASE", PASSPHRASE)
    monkeypatch.setenv("TESTIGO_AUDIO_PASSPHRASE", "words that open audio")
    vault = tmp_path / "vault"
    monkeypatch.setenv("TESTIGO_VAULT", str(vault))
    made = verb(micropython, "init", vault, "--name", "Example Ltd")
    assert made.returncode == 0, made.stderr
    told = [made.stdout.index(f"{number}. {what}") for number, (what, _) in enumerate(STEPS, 1)]
    assert told == sorted(told)
    commands = [step.rpartition("testigo ")[2].split() for step, _ in STEPS if "testigo " in step]
    assert commands[:3] == [["policy", "check"], ["notice", "make", "welcome"], ["policy", "sign"]]

    check, make, sign = commands[:3]
    assert verb(micropython, *sign).returncode == 1  # nothing is signed before its time
    fill_in(vault / "policy.toml")
    done = verb(micropython, *check)
    assert done.returncode == 1 and done.stderr.count("error:") == 1  # the notice is the only thing that is missing
    for step in (make, check, sign):
        done = verb(micropython, *step)
        assert done.returncode == 0, done.stderr
    assert "version 1 signed" in done.stdout
