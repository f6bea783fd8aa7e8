"""docs/policy.md says of policy.toml what the loader accepts: every setting, defaults, errors."""

import re
from pathlib import Path

import pytest

from support.policy_files import FULL, problems, read
from testigo_vault.policy.source import Tone
from testigo_vault.toml.reader import FileProblems

PAGE = Path(__file__).parents[2] / "docs" / "policy.md"
TABLES = {
    "The top of the file": "",
    "[controller]": "controller",
    "[processor]": "processor",
    "[processing]": "processing",
    "[numbering]": "numbering",
    "[emergency]": "emergency",
    "[[lines]]": "lines[0]",
    "[[lines.notices]]": "lines[0].notices[0]",
    "[lines.tone]": "lines[0].tone",
    "[lines.keys]": "lines[0].keys",
    "[[lines.schedule]]": "lines[0].schedule[0]",
    "[[lines.acknowledgements]]": "lines[0].acknowledgements[0]",
}


def described():
    """{heading: settings} of the page's tables."""
    found = {}
    for part in re.split(r"^### ", PAGE.read_text(), flags=re.MULTILINE)[1:]:
        heading = part.partition("\n")[0].strip("`")
        rows = re.findall(r"^\| (`[^|]+`) \|", part, re.MULTILINE)
        found[heading] = {name for row in rows for name in re.findall(r"`([a-z0-9_]+)`", row)}
    return found


def test_the_page_describes_every_setting_and_no_other(tmp_path):
    """The error of an unknown setting lists the settings that there are."""
    text = FULL.replace("[processing]", '[processor]\nname = "x"\ncontact = "y"\n[processing]')
    page = described()
    for heading, table in TABLES.items():
        at = text.index(heading) + len(heading) if table else 0
        asked = text[:at] + "\nzzzzzz = 1\n" + text[at:]
        (_, reason), *others = problems(tmp_path, asked)
        assert others == []
        known = reason.removeprefix(f"{table}.zzzzzz" if table else "zzzzzz").removeprefix(" is not known: there are ")
        assert set(known.split(", ")) == page.pop(heading)
    assert set(page) == {"[purposes.<name>]"}


def test_the_defaults_on_the_page_are_those_of_the_loader(tmp_path):
    text = PAGE.read_text()
    small = re.search(r"```toml\n(.*?)```", text, re.DOTALL)[1]
    line = read(tmp_path, small + "\n[lines.tone]\n").lines[0]
    assert line.tone == Tone.model_construct(hertz=1400, length_ms=500, interval_ms=15_000, level=20)
    values = {
        "direction": '"both"', "objection": '"connect"', "order": '"notice-first"', "notice_legs": '"far"',
        "worker": '"acknowledgement"', "impossible": '"connect-unrecorded"', "unrecorded_numbers": '"full"',
    }  # fmt: skip
    for setting, shown in values.items():
        assert getattr(line, setting) == shown.strip('"')
        assert f"| `{setting}` | `{shown}` |" in text
    assert (line.key_timeout_ms, line.repeats, line.high_level, line.max_ms) == (10_000, 0, False, 0)
    for shown in ("`key_timeout_s` | 10 ", "`repeats` | 0 ", "`high_level` | false ", "`longest_minutes` | no limit "):
        assert shown in text


def test_the_errors_on_the_page_are_those_of_the_loader(tmp_path):
    text = PAGE.read_text()
    small = re.search(r"```toml\n(.*?)```", text, re.DOTALL)[1]
    wrong = small.replace('rule = "opt-in"', 'rule = "ask"').replace('language = "es"', 'langauge = "es"')
    with pytest.raises(FileProblems) as caught:
        read(tmp_path, wrong)
    for said in caught.value.message.splitlines():
        assert f"\n{said}\n" in text
    assert len(caught.value.problems) == 2
