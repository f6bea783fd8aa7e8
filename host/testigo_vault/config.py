"""`vault.toml`: where the vault listens, keeps its copies and its index. Read once at start; unknown names are errors."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from testigo_vault.errors import VaultError

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


@dataclass
class Copy:
    name: str
    url: str
    options: dict[str, str] = field(default_factory=dict)


@dataclass
class Config:
    name: str
    ingest_host: str = "0.0.0.0"
    ingest_port: int = 5571
    web_host: str = "127.0.0.1"
    web_port: int = 5580
    secure_cookie: bool = False
    session_minutes: int = 480
    index_url: str = "sqlite:///vault.db"
    unlock_minutes: int = 15
    copies: list[Copy] = field(default_factory=list)


_SECTIONS = {
    "ingest": {"host": "ingest_host", "port": "ingest_port"},
    "web": {
        "host": "web_host",
        "port": "web_port",
        "secure_cookie": "secure_cookie",
        "session_minutes": "session_minutes",
    },
    "index": {"url": "index_url"},
    "audio": {"unlock_minutes": "unlock_minutes"},
}


def load(folder: Path) -> Config:
    """The configuration of the vault in `folder`. Raises VaultError that names the file and the setting."""
    path = folder / FILE_NAME
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise VaultError(
            f"{folder} is not a vault: it has no {FILE_NAME}.", "Make one by `testigo init DIR`."
        ) from None
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise VaultError(f"{path} cannot be read: {error}.", "Correct that.") from None
    return _parse(path, data, folder)


def _parse(path: Path, data: dict[str, Any], folder: Path) -> Config:
    config = Config(name=_take(path, data, "name", "name", str))
    for section, names in _SECTIONS.items():
        values = _take(path, data, section, f"[{section}]", dict) if section in data else {}
        for name, attribute in names.items():
            if name in values:
                expected = type(getattr(config, attribute))
                setattr(config, attribute, _take(path, values, name, f"{section}.{name}", expected))
        _nothing_left(path, values, section + ".")
    for item in _take(path, data, "copies", "[[copies]]", list) if "copies" in data else []:
        if not isinstance(item, dict):
            raise VaultError(f"{path}: [[copies]] holds {item!r}, not a table.", "Correct it.")
        options = _take(path, item, "options", "copies.options", dict) if "options" in item else {}
        copy = Copy(_take(path, item, "name", "copies.name", str), _take(path, item, "url", "copies.url", str), options)
        _nothing_left(path, item, "copies.")
        config.copies.append(copy)
    _nothing_left(path, data, "")
    for shown, value, least, most in (
        ("ingest.port", config.ingest_port, 0, 65535),
        ("web.port", config.web_port, 0, 65535),
        ("web.session_minutes", config.session_minutes, 1, 10080),
        ("audio.unlock_minutes", config.unlock_minutes, 1, 1440),
    ):
        if not least <= value <= most:
            raise VaultError(f"{path}: {shown} is {value}, not {least} to {most}.", "Correct it.")
    names_seen = [copy.name for copy in config.copies]
    if not names_seen or len(set(names_seen)) != len(names_seen):
        raise VaultError(f"{path}: [[copies]] needs one or more entries, each of its own name.", "Add or rename one.")
    if config.index_url.startswith("sqlite:///") and not config.index_url.startswith("sqlite:////"):
        config.index_url = "sqlite:///" + str((folder / config.index_url[len("sqlite:///") :]).resolve())
    for copy in config.copies:
        if "://" not in copy.url:
            copy.url = str((folder / copy.url).resolve())
    return config


def _take(path: Path, values: dict[str, Any], key: str, shown: str, expected: type) -> Any:
    if key not in values:
        raise VaultError(f"{path} does not say {shown}.", "Add it.")
    value = values.pop(key)
    if not isinstance(value, expected) or (expected is int and isinstance(value, bool)):
        raise VaultError(f"{path}: {shown} is {value!r}, not a {expected.__name__}.", "Correct it.")
    return value


def _nothing_left(path: Path, values: dict[str, Any], prefix: str) -> None:
    if values:
        raise VaultError(f"{path}: no setting is called {prefix}{min(values)}.", "Remove it or correct its name.")
