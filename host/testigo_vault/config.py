"""`vault.toml`: where the vault listens, and where it keeps its copies and its index. Read once at start."""

from itertools import combinations
from pathlib import Path
from typing import Annotated

from pydantic import Field

from testigo_vault.errors import VaultError
from testigo_vault.toml.reader import TomlFile
from testigo_vault.toml.types import NonemptyText, Port, RawText, whole
from testigo_vault.toml.validation import Table, TomlDocument, needed, validate

FILE_NAME = "vault.toml"

TEMPLATE = """\
# The vault of {name}. Relative paths and addresses start from this folder.
name = {quoted}

[ingest]                      # appliances connect here (TLS, both sides authenticated)
host = "0.0.0.0"
port = 5571

[web]                         # people connect here; put a TLS reverse proxy in front of it for other machines
host = "127.0.0.1"
port = 5580
secure_cookie = false         # true as soon as people reach it by https
session_minutes = 480

[index]                       # rebuilt from the copies by `testigo vault reindex`
url = "sqlite:///vault.db"

[audio]
unlock_minutes = 15           # how long a typed audio passphrase opens recordings in one browser session

[[copies]]                    # every recording is kept in each of these, byte for byte; any number, two or more
name = "first"
url = "copies/first"

[[copies]]                    # put this one on another disk, machine or S3 bucket: url = "s3://bucket/prefix"
name = "second"
url = "copies/second"
"""

_SQLITE = "sqlite:///"  # what follows is a path


class Ingest(Table):
    """Where appliances connect. Port 0: any free one."""

    host: NonemptyText = "0.0.0.0"
    port: Port = 5571


class Web(Table):
    """Where people connect."""

    host: NonemptyText = "127.0.0.1"
    port: Port = 5580
    secure_cookie: bool = False
    session_minutes: Annotated[int, whole(1, 10_080)] = 480


class Index(Table):
    url: NonemptyText = "sqlite:///vault.db"


class Audio(Table):
    """For how long an audio passphrase opens recordings in one browser session."""

    unlock_minutes: Annotated[int, whole(1, 1440)] = 15


class Copy(Table):
    """A place where every recording is kept."""

    name: NonemptyText = needed("how the access log and `testigo verify` call this copy")
    url: NonemptyText = needed("a folder, or a URL as s3://bucket/prefix")
    options: dict[str, RawText] = Field(default={})  # of the object store that the URL names; may hold secrets


class Config(TomlDocument):
    name: NonemptyText = needed("the name of the organisation")
    ingest: Ingest = Ingest()
    web: Web = Web()
    index: Index = Index()
    audio: Audio = Audio()
    copies: list[Copy] = needed("the vault needs one or more [[copies]], each with name and url", [])


def load(folder: Path) -> Config:
    """The settings of the vault in `folder`, with absolute paths and URLs. Raises VaultError where there are none,
    FileProblems with all that is wrong in them."""
    path = folder / FILE_NAME
    if not path.exists():
        raise VaultError(f"{folder} is not a vault: it has no {FILE_NAME}.", "Make one by `testigo init DIR`.")
    file = TomlFile.read(path, "Restore it from the backup.")
    config = validate(Config, file)
    _check_copies(config, file)
    file.raise_problems()
    if config.index.url.startswith(_SQLITE) and not config.index.url.startswith(_SQLITE + "/"):
        config.index.url = _SQLITE + str((folder / config.index.url.removeprefix(_SQLITE)).resolve())
    for copy in config.copies:
        if "://" not in copy.url:
            copy.url = str((folder / copy.url).resolve())
    return config


def _check_copies(config: Config, file: TomlFile) -> None:
    for (i, first), (j, second) in combinations(enumerate(config.copies), 2):
        if first.name and first.name == second.name:
            file.add_problem(("copies", j, "name"), f"is {second.name!r}, as of copies[{i}]: use another")
