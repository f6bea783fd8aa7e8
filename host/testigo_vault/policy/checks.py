"""What settings of policy.toml may not say together, and what a policy still lacks before it may be signed.

The rules are those of the signed document (`testigo_wire.policy.documents.check`), told in the words of the file and with its
lines; that check itself comes last, so that nothing passes here which an appliance would refuse.
"""

import re
from datetime import datetime
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

from testigo_vault.policy.compiler import policy_body
from testigo_vault.policy.source import Line, PolicySource
from testigo_vault.toml.positions import Path as Setting
from testigo_vault.toml.positions import shown
from testigo_vault.toml.reader import NOT_SAID, PLACEHOLDER, FileProblems, Problem, TomlFile, is_placeholder
from testigo_wire.errors import WireError
from testigo_wire.policy import documents

# Fields of the document that have another name in the file.
_IN_FILE = {
    "voices": "notices",
    "key_timeout_ms": "key_timeout_s",
    "worker_reference": "worker_notice",
    "pause_limit_ms": "pause_limit_s",
    "max_ms": "longest_minutes",
    "valid_from_ms": "valid_from",
    "valid_until_ms": "valid_until",
    "interval_ms": "interval_s",
    "level": "level_dbm0",
}
_SOMEBODY = [[stream, bytes(8), bytes(65)] for stream in (0, 1)]  # recipients, for checks before there are any
_PART = re.compile(r"(\w+)|\[(\d+)\]")
_CODE = re.compile(r"policy\.([\w.\[\]]+): (.*)\Z", re.DOTALL)


def consistent(source: PolicySource, file: TomlFile) -> None:
    """Note in `file` whatever does not go together."""
    if source.valid_until and source.valid_until < source.valid_from:
        file.wrong(("valid_until",), f"is {source.valid_until}, before valid_from")
    _names_differ(source.lines, file)
    for i, line in enumerate(source.lines):
        if line.mode != "never":
            _line(line, ("lines", i), file)
    if file.good:
        _as_the_appliance(source, file)


def _names_differ(lines: list[Line], file: TomlFile) -> None:
    for (i, first), (j, second) in combinations(enumerate(lines), 2):
        directions = {first.direction, second.direction}
        if first.name and first.name == second.name and (len(directions) == 1 or "both" in directions):
            file.wrong(("lines", j, "name"), f"is {second.name!r}, as of lines[{i}] in the same direction: use another")


def _line(line: Line, path: Setting, file: TomlFile) -> None:
    def wrong(setting: str, reason: str, *more: str | int) -> None:
        file.wrong((*path, setting, *more), reason)

    if line.rule == "opt-in" and not line.accept_key:
        wrong("accept_key", "is missing: rule opt-in needs the key that agrees")
    if line.rule == "opt-out" and not line.object_key:
        wrong("object_key", "is missing: rule opt-out needs the key that objects")
    taken: dict[str, str] = {}
    for key, setting in ((line.accept_key, "accept_key"), (line.object_key, "object_key")):
        if key and key in taken:
            wrong(setting, f"is {key!r}, which is the {taken[key]} already: use another key")
        elif key:
            taken[key] = setting
    for i, voice in enumerate(line.notices):
        if voice.key and voice.key in taken:
            wrong("notices", f"is {voice.key!r}, which is the {taken[voice.key]} already: use another key", i, "key")
        elif voice.key:
            taken[voice.key] = f"key of notices[{i}]"
    if line.worker == "acknowledgement" and not line.acknowledgements and not file.is_wrong((*path, "worker")):
        reason = "worker is acknowledgement, so add [[lines.acknowledgements]] with worker, date and text"
        wrong("acknowledgements", f"is missing: {reason}")
    if line.worker == "notice" and not line.worker_notice:
        wrong("worker_notice", "is missing: worker is notice, so name the notice that the worker hears")
    if line.worker == "tone" and not line.tone:
        wrong("tone", "is missing: worker is tone, so add [lines.tone]")
    if line.tone:
        if line.tone.hertz % 20:
            wrong("tone", f"is {line.tone.hertz}: use a multiple of 20", "hertz")
        if line.tone.interval_ms < 2 * line.tone.length_ms:
            wrong(
                "tone", "is too short: it begins with the tone, so it has to be twice length_ms or more", "interval_s"
            )
    _keys(line, path, file)


def _keys(line: Line, path: Setting, file: TomlFile) -> None:
    def wrong(name: str, reason: str) -> None:
        file.wrong((*path, "keys", name), reason)

    sequences = {name: getattr(line.keys, name) for name in ("start", "stop", "pause", "resume")}
    for (first, one), (second, other) in combinations(sequences.items(), 2):
        if one and other and (one in other or other in one):
            # Complete first, it would always win.
            wrong(second, f"is {other!r} and {first} is {one!r}: one is part of the other, so use others")
    if line.keys.pause and not line.keys.resume:
        wrong("resume", "is missing: what is paused has to be resumed by keys too")
    for given, needed in (("start", "stop"), ("stop", "start")):
        if line.mode == "on-demand" and sequences[given] and not sequences[needed]:
            wrong(needed, f"is missing: on demand, {given} needs {needed}")


def _as_the_appliance(source: PolicySource, file: TomlFile) -> None:
    """The appliance's own check, for whatever was forgotten above, and the size."""
    try:
        documents.encode("policy", 1, policy_body(source, _SOMEBODY), bytes(64))
    except WireError as error:
        found = _CODE.match(str(error))
        if found:
            file.wrong(_setting(found[1]), f"cannot be so: {found[2]}")
        else:
            file.wrong((), f"The policy does not fit into an appliance ({error}): use fewer prefixes, notices or lines")


def _setting(field: str) -> Setting:
    """policy.lines[0].voices[1].key without "policy." -> ("lines", 0, "notices", 1, "key")"""
    path: list[str | int] = []
    for name, index in _PART.findall(field):
        if path and path[-1] == "schedule":
            break  # one table may have made two spans
        if index and path[-1] == "tone":
            continue  # a list of one in the document
        path.append(int(index) if index else _IN_FILE.get(name, name))
    return tuple(path)


def unfinished(source: PolicySource, now: datetime) -> list[Problem]:
    """Why this policy cannot be signed now, though all in it is well formed. now: with a time zone."""
    today = now.astimezone(ZoneInfo(source.timezone)).date()
    found = [
        _problem(source, setting, f"is still to be filled in: {hint}") for setting, hint in unfilled(source).items()
    ]
    if source.valid_until and source.valid_until < today:
        found.append(_problem(source, ("valid_until",), f"is {source.valid_until}, which is over"))
    for i, line in enumerate(source.lines):
        for j, entry in enumerate(line.acknowledgements):
            if entry.day != NOT_SAID and entry.day > today:
                setting = ("lines", i, "acknowledgements", j, "date")
                found.append(_problem(source, setting, f"is {entry.day}, which has not come yet"))
    return sorted(found)


def refuse_unfinished(source: PolicySource, now: datetime) -> None:
    """Raise FileProblems unless the policy may be signed."""
    found = unfinished(source, now)
    if found:
        raise FileProblems(source.path, found)


def _problem(source: PolicySource, setting: Setting, reason: str) -> Problem:
    return Problem(line_of(source, setting), f"{shown(setting)} {reason}")


def line_of(source: PolicySource, setting: Setting) -> int:
    """Of a setting, or of the table that would hold it."""
    while setting and setting not in source.places:
        setting = setting[:-1]
    return source.places.get(setting, 1)


def unfilled(source: PolicySource) -> dict[Setting, str]:
    """{setting: hint} of every text that a template left to be filled in."""
    found: dict[Setting, str] = {}
    values = TomlFile(source.path, source.text).values
    for setting in source.places:
        value: Any = values
        for part in setting:
            value = value[part]
        if is_placeholder(value):
            found[setting] = value.removeprefix(PLACEHOLDER).lstrip(" :") or "write it"
    return found
