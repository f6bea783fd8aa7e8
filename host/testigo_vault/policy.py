"""Policies, settings and notices from what a person writes (TOML, sound) to signed documents."""

import hashlib
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from testigo_vault.documents import check_notice_name
from testigo_vault.errors import VaultError
from testigo_vault.notice_audio import NoticeAudio
from testigo_vault.organisation import Organisation
from testigo_wire import documents as wire_documents
from testigo_wire.errors import WireError


def read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise VaultError(f"There is no file {path}.", "`testigo init` makes templates; give the path of one.") from None
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise VaultError(f"{path} cannot be read: {error}.", "Correct that line.") from None


class _Table:
    """A TOML table from which every entry has to be taken; errors name file and entry."""

    def __init__(self, path: Path, values: dict[str, Any], prefix: str = "") -> None:
        if not isinstance(values, dict):
            raise VaultError(f"{path}: {prefix.rstrip('.')} is {values!r}, not a table.", "Correct it.")
        self._path, self._values, self._prefix = path, dict(values), prefix

    def take(self, key: str, kind: type, default: Any = None) -> Any:
        if key not in self._values and default is not None:
            return default
        if key not in self._values:
            raise VaultError(f"{self._path} does not say {self._prefix}{key}.", "Add it.")
        value = self._values.pop(key)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise VaultError(f"{self._path}: {self._prefix}{key} is {value!r}, not a {kind.__name__}.", "Correct it.")
        return value

    def table(self, key: str) -> "_Table":
        return _Table(self._path, self.take(key, dict), f"{self._prefix}{key}.")

    def end(self) -> None:
        if self._values:
            raise VaultError(
                f"{self._path}: nothing is called {self._prefix}{min(self._values)}.", "Remove it or correct its name."
            )


def policy_body(path: Path, recipients: list[list]) -> list:
    """The body of a policy document from a TOML file."""
    top = _Table(path, read_toml(path))
    lines = []
    head = [
        _ms(top.take("valid_from", date, date(2000, 1, 1))),
        _ms(top.take("valid_until", date, date(1970, 1, 1))),
        top.take("controller", str),
        top.take("contact", str),
        top.take("purposes", list),
    ]
    for number, values in enumerate(top.take("lines", list)):
        line = _Table(path, values, f"lines[{number}].")
        lines.append(
            [
                line.take("name", str),
                line.take("mode", str),
                line.take("rule", str),
                line.take("accept_key", str, ""),
                line.take("object_key", str, ""),
                line.take("order", str, "notice-first"),
                line.take("notice_legs", str, "far"),
                line.take("notices", list, []),
                line.take("key_timeout_s", int, 10) * 1000,
                line.take("repeats", int, 0),
                line.take("worker_ack", bool, False),
                line.take("impossible", str, "connect-unrecorded"),
                line.take("longest_minutes", int, 0) * 60_000,
            ]
        )
        line.end()
    top.end()
    return [*head, recipients, lines]


def settings_body(path: Path) -> list:
    """The body of a settings document from a TOML file."""
    top = _Table(path, read_toml(path))
    network = top.table("network")
    kind = network.take("kind", str)
    net = [kind, network.take("ssid", str), network.take("key", str)] if kind == "wifi" else [kind]
    network.end()
    sync = top.table("sync")
    kind = sync.take("kind", str)
    host, port = sync.take("host", str, ""), sync.take("port", int, 0)
    sip = top.table("sip")
    ports = [sip.take("bind_host", str)]
    ports += [sip.take(name, int) for name in ("sip_port", "rtp_first_port", "rtp_last_port")]
    legs = []
    for side in ("near", "far"):
        leg = sip.table(side)
        texts = [leg.take("mode", str), leg.take("host", str, ""), leg.take("port", int, 5060)]
        legs.append(texts + [leg.take(name, str, "") for name in ("user", "auth_user", "password", "line")])
        leg.end()
    for table in (sync, sip):
        table.end()
    body = [net, [*ports, *legs], ["tcp", host, port] if kind == "tcp" else [kind], top.take("max_calls", int, 1)]
    top.end()
    return body


def sign_policy(organisation: Organisation, path: Path) -> int:
    """Sign and keep the policy in `path`; its version. Every notice it names must be there."""
    body = policy_body(path, organisation.recipients())
    known = organisation.documents.notice_names()
    for line in body[6]:
        for name in line[7] if line[1] != "never" else []:
            if name not in known:
                raise VaultError(
                    f"Line {line[0]} plays the notice {name!r}, which does not exist.",
                    f"Make it by `testigo notice make {name}`, or correct the name.",
                )
    return _sign(organisation, organisation.documents.policy_path(), "policy", body, str(path))


def sign_settings(organisation: Organisation, path: Path, device_id: str) -> int:
    """Sign and keep the settings in `path` for one appliance; their version."""
    return _sign(
        organisation, organisation.documents.settings_path(device_id), "settings", settings_body(path), str(path)
    )


def sign_notice(organisation: Organisation, name: str, language: str, text: str, audio: NoticeAudio) -> int:
    """Sign and keep a notice with its audio; its version."""
    check_notice_name(name)
    # Whole milliseconds, eight bytes each, as the document says them.
    pieces = {encoding: data[: len(data) // 8 * 8] for encoding, data in audio.encodings()}
    described = [[encoding, hashlib.sha256(data).digest(), len(data)] for encoding, data in pieces.items()]
    body = [name, language, text, len(pieces["PCMU"]) // 8, described]
    blobs = {f"{name}.{encoding}": data for encoding, data in pieces.items()}
    return _sign(organisation, organisation.documents.notice_path(name), "notice", body, f"notice {name}", blobs)


def _sign(
    organisation: Organisation, path: Path, kind: str, body: list, source: str, blobs: dict[str, bytes] | None = None
) -> int:
    held = wire_documents.parse(path.read_bytes()) if path.exists() else None
    if held and held.body == body:
        return held.version  # nothing new to say
    version = organisation.documents.next_version(path)
    try:
        document = organisation.operator_sign(kind, version, body)
    except WireError as error:
        raise VaultError(f"{source}: {error}.", "Correct it and sign again.") from None
    organisation.documents.save(path, document, blobs)
    return version


def _ms(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
