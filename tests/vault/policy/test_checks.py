"""The appliance's own check comes last and refuses what an appliance would refuse; its errors name the file's settings."""

import pytest

from support.policy_files import FULL, read
from testigo_vault.policy import checks
from testigo_vault.toml.reader import FileProblems, TomlFile


@pytest.mark.parametrize(
    ("change", "said", "at"),
    [
        (
            lambda line: setattr(line, "repeats", -1),
            "lines[0].repeats cannot be so: not an unsigned number",
            "repeats =",
        ),
        (
            lambda line: setattr(line.notices[1], "key", "77"),
            "lines[0].notices[1].key cannot be so: not a telephone key",
            'key = "2"',
        ),
        (lambda line: setattr(line, "max_ms", -1), "lines[0].longest_minutes cannot be so", "longest_minutes ="),
        (
            lambda line: setattr(line.tone, "level", -1),
            "lines[0].tone.level_dbm0 cannot be so",
            "level_dbm0",
        ),
        (lambda line: setattr(line, "notices", []), "lines[0].notices cannot be so: none", "[[lines.notices]]"),
        (lambda line: setattr(line.schedule[1], "end", 1441), "lines[0].schedule cannot be so", "[[lines.schedule]]"),
    ],
)
def test_an_error_of_the_appliances_check_names_the_setting_of_the_file(tmp_path, change, said, at):
    source = read(tmp_path, FULL)
    change(source.lines[0])
    file = TomlFile(source.path, FULL)
    checks.consistent(source, file)
    with pytest.raises(FileProblems) as caught:
        file.raise_problems()
    (problem,) = caught.value.problems
    assert said in problem.text and problem.line == FULL[: FULL.index(at)].count("\n") + 1
