"""Policies to begin with: complete TOML files, one for each law, in which only the organisation's own data are missing.

Each begins with a comment of one sentence that says what it does; docs/presets.md tells why. A test loads, fills in and
signs every one.
"""

import json
from importlib import resources

from testigo_vault.errors import VaultError
from testigo_vault.printable import visible

_FOLDER = resources.files(__name__)
_SUFFIX = ".toml"
_NAME = 'name = "FILL IN: '  # the controller's, the first of a preset


def names() -> list[str]:
    return sorted(entry.name.removesuffix(_SUFFIX) for entry in _FOLDER.iterdir() if entry.name.endswith(_SUFFIX))


def text(name: str, controller: str = "") -> str:
    """The preset of that name. controller: its name, which is then filled in. Raises VaultError for an unknown preset."""
    if name not in names():
        raise VaultError(f"No preset is called {name!r}.", f"There are {', '.join(names())}.")
    content = (_FOLDER / (name + _SUFFIX)).read_text(encoding="utf-8")
    if controller:
        before, _, rest = content.partition(_NAME)
        quoted = json.dumps(visible(" ".join(controller.split())), ensure_ascii=False)  # the escapes that TOML has too
        content = before + "name = " + quoted + rest.partition('"')[2]
    return content


def sentence(name: str) -> str:
    """What it does, in one sentence."""
    return text(name).partition("\n")[0].removeprefix("# ")
