"""A policy.toml with every setting, and what the loader says of a text."""

import pytest

from testigo_vault.policy import parser as policy_parser
from testigo_vault.toml.reader import FileProblems

FULL = """\
valid_from = 2026-01-01
valid_until = 2026-12-31
timezone = "Europe/Madrid"
jurisdiction = "ES"
[controller]
name = "Example"
contact = "privacy@example.com"
information = "www.example.com/calls"
[processing]
retention_days = 365
[numbering]
country_code = 34
[emergency]
numbers = ["55 55", "+34 915 620 420"]
outside_prefix = 8
callback_minutes = 45
[purposes.routes]
en = "plan routes"

[[lines]]
name = "main"
direction = "in"
mode = "all"
basis = "consent"
purposes = ["proof", "routes"]
rule = "opt-in"
accept_key = 1
object_key = "9"
objection = "connect"
order = "answer-first"
notice_legs = "both"
key_timeout_s = 7.5
repeats = 2
worker = "acknowledgement"
pause_limit_s = 90
only = ["+34 943-00", "112"]
except = "+34 943 0000 01"
impossible = "refuse-call"
longest_minutes = 120
unrecorded_numbers = "last-3"
high_level = true
[lines.tone]
interval_s = 12.5
level_dbm0 = -25
[lines.keys]
pause = "*1"
resume = "*2"
[[lines.notices]]
language = "es"
notice = "aviso"
[[lines.notices]]
language = "eu"
notice = "oharra"
key = "2"
called = ["+34943"]
[[lines.schedule]]
days = ["mon-wed", "sunday"]
from = 22:00:00
to = "06:00"
[[lines.schedule]]
days = "sat"
[[lines.acknowledgements]]
worker = "Ane"
date = 2026-01-15
text = "2"
[[lines.acknowledgements]]
worker = "Jon"
date = "2026-01-10"
text = "1"

[[lines]]
name = "main"
direction = "out"
mode = "never"
"""


def read(tmp_path, text):
    (tmp_path / "policy.toml").write_text(text)
    return policy_parser.load(tmp_path / "policy.toml")


def problems(tmp_path, text):
    with pytest.raises(FileProblems) as caught:
        read(tmp_path, text)
    return [(problem.line, problem.text) for problem in caught.value.problems]
