"""The command line as a whole: each verb loads, and `--help` explains each command and each option in sentences."""

import click
import pytest
import typer

from testigo_tools.cli import VERBS, assemble


def commands(command: click.Command, path: str = "testigo"):
    """(path, command) of a command and all below it."""
    yield path, command
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from commands(below, f"{path} {name}")


@pytest.fixture(scope="module")
def application() -> click.Command:
    return typer.main.get_command(assemble())


def test_each_verb_is_a_command_of_that_name(application):
    assert sorted(application.commands) == sorted(VERBS)


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_a_verb_loads_alone(verb):
    assert verb in typer.main.get_command(assemble(verb)).commands


def test_help_explains_each_command_and_each_option_in_sentences(application):
    missing = []
    for path, command in commands(application):
        if not (command.help or "").strip().endswith("."):
            missing.append(path)
        for parameter in command.params:
            help_text = getattr(parameter, "help", None)
            if parameter.name != "help" and not (help_text or "").strip().endswith("."):
                missing.append(f"{path} {parameter.name}")
    assert missing == []
