"""Reads policy.toml, which people write, into a PolicySource. docs/policy.md describes every setting.

It accepts what can only mean one thing (keys as numbers, spaces in telephone numbers, days written out) and refuses
everything else: a setting with an unknown name is an error. All errors of a file are raised at once, each with its line.
"""

from pathlib import Path

from testigo_vault.policy import checks
from testigo_vault.policy.source import PolicySource
from testigo_vault.policy.values import OWN_PURPOSES
from testigo_vault.toml.reader import TomlFile
from testigo_vault.toml.validation import validate


def load(path: Path) -> PolicySource:
    """The policy in a file. Raises VaultError where there is none, FileProblems with all that is wrong in it."""
    return _source(TomlFile.read(path, "`testigo policy new` makes one from a preset; give the path of one."))


def parse(policy_text: str, path: Path) -> PolicySource:
    """The same from a text, as the archive keeps it. path: what errors call it."""
    return _source(TomlFile(path, policy_text))


def _source(file: TomlFile) -> PolicySource:
    own_purposes = file.values.get("purposes")
    context = {OWN_PURPOSES: list(own_purposes) if isinstance(own_purposes, dict) else []}
    source = validate(PolicySource, file, context)
    checks.consistent(source, file)
    file.raise_problems()
    return source
