"""The hooks of pre-commit run what `make lint` runs, command by command."""

import re

from support.micropython_runner import ROOT
from support.tree import text

HOOK = re.compile(r"^ +- id: (\S+)\n((?: {8}\S.*\n)+)", re.MULTILINE)
COMMAND = re.compile(r"((?:\b[A-Z]+=\w+ )?)\$\(BIN\)/([^|)]+)")


def lint_commands() -> list[str]:
    """The commands of the Makefile's target `lint`, without what make adds around them."""
    recipe = re.search(r"^lint:.*\n((?:\t.*\n)+)", text(ROOT / "Makefile"), re.MULTILINE)
    assert recipe
    found = [COMMAND.search(line) for line in recipe[1].splitlines()]
    return [f"{match[1]}.venv/bin/{match[2].strip()}" for match in found if match]


def hooks() -> dict[str, dict[str, str]]:
    found = HOOK.findall(text(ROOT / ".pre-commit-config.yaml"))
    return {name: dict(line.strip().split(": ", 1) for line in lines.splitlines()) for name, lines in found}


def test_hooks_are_the_commands_of_make_lint():
    commands = lint_commands()
    assert len(commands) == len(
        re.search(r"^lint:.*\n((?:\t.*\n)+)", text(ROOT / "Makefile"), re.MULTILINE)[1].splitlines()
    )
    assert [hook["entry"].removeprefix("env ") for hook in hooks().values()] == commands


def test_hooks_check_the_whole_tree_as_make_lint_does():
    for name, hook in hooks().items():
        assert (hook["language"], hook["pass_filenames"], hook["always_run"]) == ("system", "false", "true"), name
