"""`vault.toml`: where the vault listens, and where it keeps its copies and its index. Read once at start."""

import ipaddress
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, PlainValidator

from testigo_vault.errors import NotFound, VaultError
from testigo_vault.toml.reader import TomlFile
from testigo_vault.toml.types import (
    ConversionError,
    NonemptyText,
    Port,
    Text,
    nonempty_text,
    raw_text,
    show_value,
    whole,
)
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
proxies = ["127.0.0.1", "::1"]  # reverse proxies whose X-Forwarded-For says where people connect from

[index]                       # rebuilt from the copies by `testigo vault reindex`
url = "sqlite:///vault.db"

[audio]
unlock_minutes = 15           # how long a typed audio passphrase opens recordings in one browser session

[alarms]
missing_hours = 24            # for a number that an appliance has used, and of which no recording came
silent_hours = 72             # for an appliance that does not connect

[checks]
every_days = 30               # how often each copy is read, verified, and repaired from a good one

[[copies]]                    # every recording is kept in each of these, byte for byte; any number, two or more
name = "first"
url = "copies/first"

[[copies]]                    # put this one on another disk, machine or S3 bucket: url = "s3://bucket/prefix"
name = "second"
url = "copies/second"
"""

_SQLITE = "sqlite:///"  # what follows is a path


def _network(value: Any) -> str:
    """An address or a network, not a name: names can change their address."""
    try:
        return str(ipaddress.ip_network(nonempty_text(value)))
    except ValueError:
        raise ConversionError(
            f"is {show_value(value)}: write an address as 10.0.0.5, or a network as 10.0.0.0/8"
        ) from None


class Ingest(Table):
    """Where appliances connect. An empty host: every address of this machine. Port 0: any free one."""

    host: Text = "0.0.0.0"
    port: Port = 5571


class Web(Table):
    """Where people connect. Host and port as of Ingest. proxies: addresses, or networks as 10.0.0.0/8."""

    host: Text = "127.0.0.1"
    port: Port = 5580
    secure_cookie: bool = False
    session_minutes: Annotated[int, whole(1, 10_080)] = 480
    proxies: list[Annotated[str, PlainValidator(_network)]] = Field(default=["127.0.0.1", "::1"])


class Index(Table):
    url: NonemptyText = "sqlite:///vault.db"


class Alarms(Table):
    """After how many hours an alarm says that a recording did not come, and that an appliance is silent."""

    missing_hours: Annotated[int, whole(1, 8760)] = 24
    silent_hours: Annotated[int, whole(1, 8760)] = 72


class Checks(Table):
    """How often every copy is checked by the running service."""

    every_days: Annotated[int, whole(1, 3650)] = 30


class Audio(Table):
    """For how long an audio passphrase opens recordings in one browser session."""

    unlock_minutes: Annotated[int, whole(1, 1440)] = 15


def _store_option(value: Any) -> Any:
    """A text, a switch as skip_signature, a number, or a table as client_options."""
    return value if isinstance(value, (bool, int, dict)) else raw_text(value)


class Copy(Table):
    """A place where every recording is kept."""

    name: NonemptyText = needed("how the access log and `testigo verify` call this copy")
    url: NonemptyText = needed("a folder, or a URL as s3://bucket/prefix")
    # Of the object store that the URL names, as obstore's from_url takes them; may hold secrets.
    options: dict[str, Annotated[Any, PlainValidator(_store_option)]] = Field(default={})


class Config(TomlDocument):
    name: NonemptyText = needed("the name of the organisation")
    ingest: Ingest = Ingest()
    web: Web = Web()
    index: Index = Index()
    audio: Audio = Audio()
    alarms: Alarms = Alarms()
    checks: Checks = Checks()
    copies: list[Copy] = needed("the vault needs one or more [[copies]], each with name and url", [])


def load(folder: Path) -> Config:
    """The settings of the vault in `folder`, with absolute paths and URLs. Raises VaultError where there are none,
    FileProblems with all that is wrong in them."""
    try:
        file = TomlFile.read(folder / FILE_NAME, "")
    except NotFound:
        raise VaultError(
            f"{folder} is not a vault: it has no {FILE_NAME}.", "Make one by `testigo init DIR`."
        ) from None
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
