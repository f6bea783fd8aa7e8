"""Models of settings files: whatever a file says, all that is wrong is found, each with its line, and nothing else fails."""

import copy
import datetime
import math
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field

from support.policy_files import FULL
from testigo_vault.config import TEMPLATE, Config
from testigo_vault.errors import VaultError
from testigo_vault.policy import parser
from testigo_vault.policy.settings import Settings
from testigo_vault.policy.template import SETTINGS_TEMPLATE
from testigo_vault.toml.reader import FileProblems, TomlFile
from testigo_vault.toml.types import NonemptyText, Text, choice, whole
from testigo_vault.toml.validation import Table, TomlDocument, needed, validate

NOON = datetime.datetime(2026, 1, 1, 12)
VALUES = [
    True, -1, 1, 10**30, 10**5000, 0.5, math.nan, math.inf, "", "x", "FILL IN: x", "\x07", [], ["x"], [[]], [1, {}], {}, {"x": 1},
    NOON, NOON.date(), NOON.time(),
]  # fmt: skip


class Shelf(Table):
    name: NonemptyText = needed("what stands on it")
    height: Annotated[int, whole(1, 300)] = Field(200, alias="height_cm")
    kind: Annotated[str, choice("wood", "steel")] = "wood"


class Room(TomlDocument):
    placeholders = True
    owner: Text = ""
    window: bool = False
    shelves: list[Shelf] = needed("add [[shelves]]", [])


def read(text):
    """(the room, [(line, problem)])"""
    file = TomlFile(Path("room.toml"), text)
    room = validate(Room, file)
    try:
        file.raise_problems()
    except FileProblems as found:
        return room, [(problem.line, problem.text) for problem in found.problems]
    return room, []


def test_a_valid_file_has_its_values_and_defaults():
    room, problems = read('[[shelves]]\nname = "books"\nheight_cm = 90\n')
    assert problems == [] and room.owner == "" and room.path == Path("room.toml")
    assert (room.shelves[0].name, room.shelves[0].height, room.shelves[0].kind) == ("books", 90, "wood")


def test_all_that_is_wrong_is_found_at_once_and_the_rest_is_kept():
    room, problems = read(
        'window = "yes"\nlight = 1\n[[shelves]]\nnme = "books"\nheight_cm = 400\n[[shelves]]\nname = "jars"\nkind = "glass"\n'
    )
    assert problems == [
        (1, "window is 'yes': true or false is wanted"),
        (2, "light is not known: there are owner, window, shelves"),
        (4, "shelves[0].nme is not known: did you mean name?"),
        (5, "shelves[0].height_cm is 400: use 1 to 300"),
        (8, "shelves[1].kind is 'glass': use wood or steel"),
    ]
    assert [shelf.name for shelf in room.shelves] == ["", "jars"] and room.shelves[0].height == 200


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "shelves is missing: add [[shelves]]"),
        ("shelves = []", "shelves is empty: add [[shelves]]"),
        ("shelves = 3", "shelves is 3: a list is wanted, in [ ]"),
        ("shelves = [3]", "shelves[0] is 3: a table is wanted, [[shelves]]"),
        ("[[shelves]]", "shelves[0].name is missing: what stands on it"),
        ("[[shelves]]\nname = ' '", "shelves[0].name is empty: write it"),
        ("[[shelves]]\nname = 'x'\nheight = 3", "shelves[0].height is not known: did you mean height_cm?"),
    ],
)
def test_what_is_missing_or_of_another_kind(text, problem):
    assert [found for _, found in read(text)[1]] == [problem]


def test_a_placeholder_may_stand_where_no_word_of_a_few_is_wanted():
    room, problems = read("[[shelves]]\nname = 'FILL IN: x'\nheight_cm = 'FILL IN'\nkind = 'FILL IN'\n")
    assert problems == [(4, "shelves[0].kind is 'FILL IN': use wood or steel")]
    assert room.shelves[0].name == "FILL IN: x" and room.shelves[0].height == 200


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("\n[[shelves]]\nname = 'x'\nheight_cm = " + "9" * 4301, (4, "A number has too many digits: shorten it")),
        ("[[shelves]]\nname = 'x'\nheight_cm = 0x" + "f" * 5000, (3, "is a very large number: use 1 to 300")),
        ("[[shelves]]\nname = 0x" + "f" * 5000, (2, "is a very large number: a text is wanted, in quotes")),
        ("window = 0x" + "f" * 5000, (1, "is a very large number: true or false is wanted")),
        (".".join("a" * 101) + " = 1", (1, "Lists or tables are nested too deep")),
        ("[" + ".".join("a" * 100_000) + "]", (1, "Lists or tables are nested too deep")),
        ("owner = " + "[" * 5000 + "]" * 5000, (1, "Lists or tables are nested too deep")),
    ],
)
def test_what_no_program_should_have_to_read(text, problem):
    line, reason = problem
    with pytest.raises(FileProblems) as caught:
        file = TomlFile(Path("room.toml"), text)
        validate(Room, file)
        file.raise_problems()
    (found,) = [problem for problem in caught.value.problems if reason in problem.text]
    assert found.line == line and len(found.text) < 200


def settings_of(values, path=()):
    for key, value in values.items() if isinstance(values, dict) else enumerate(values):
        yield (*path, key)
        if isinstance(value, (dict, list)):
            yield from settings_of(value, (*path, key))


def put(values, setting, value):
    for part in setting[:-1]:
        values = values[part]
    values[setting[-1]] = copy.deepcopy(value)


def policy(file):
    """As parser.load does."""
    return parser._source(file)


@pytest.mark.parametrize(
    ("text", "check"),
    [
        (FULL, policy),
        (SETTINGS_TEMPLATE, lambda file: validate(Settings, file)),
        (TEMPLATE.format(name="x", quoted='"x"'), lambda file: validate(Config, file)),
    ],
    ids=["policy", "settings", "vault"],
)
def test_any_value_in_any_setting_is_accepted_or_named(text, check):
    whole_file = TomlFile(Path("file.toml"), text)
    for setting in settings_of(whole_file.values):
        for value in VALUES:
            file = TomlFile(Path("file.toml"), text)
            put(file.values, setting, value)
            try:
                check(file)
                file.raise_problems()
            except VaultError as error:
                assert isinstance(error, FileProblems) and error.problems, (setting, value)
                assert all(problem.text and problem.line >= 1 for problem in error.problems)
