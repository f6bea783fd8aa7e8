"""Checks between settings of policy.toml, and what a policy still lacks before it may be signed.

The rules are those of the signed document (`testigo_wire.policy.documents.check`), with the names and lines of the file.
That check itself comes last, so that nothing passes here which an appliance would refuse.
"""

import re
from datetime import datetime
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

from testigo_vault.policy.compiler import policy_body
from testigo_vault.policy.source import Line, PolicySource
from testigo_vault.policy.values import MIDNIGHT
from testigo_vault.toml.positions import Setting
from testigo_vault.toml.reader import FileProblems, Problem, TomlFile
from testigo_vault.toml.types import NO_DATE, PLACEHOLDER, is_placeholder
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
_RECIPIENTS = [
    [stream, bytes(8), bytes(65)] for stream in (0, 1)
]  # stand for the real ones, which the checks do not need
_PART = re.compile(r"(\w+)|\[(\d+)\]")
_CODE = re.compile(r"policy\.([\w.\[\]]+): (.*)\Z", re.DOTALL)


def consistent(source: PolicySource, file: TomlFile) -> None:
    """Add to `file` the problems of settings that do not go together."""
    if source.valid_until and source.valid_until < source.valid_from:
        file.add_problem(("valid_until",), f"is {source.valid_until}, before valid_from")
    _names_differ(source.lines, file)
    for i, line in enumerate(source.lines):
        _schedule(line, ("lines", i, "schedule"), file)
        if line.mode != "never":
            _line(line, ("lines", i), file)
    if not file.has_problems:
        _as_the_appliance(source, file)


def _names_differ(lines: list[Line], file: TomlFile) -> None:
    for (i, first), (j, second) in combinations(enumerate(lines), 2):
        directions = {first.direction, second.direction}
        if first.name and first.name == second.name and (len(directions) == 1 or "both" in directions):
            file.add_problem(
                ("lines", j, "name"), f"is {second.name!r}, as of lines[{i}] in the same direction: use another"
            )


def _schedule(line: Line, path: Setting, file: TomlFile) -> None:
    for i, entry in enumerate(line.schedule_entries):
        if entry.begin == MIDNIGHT:
            file.add_problem((*path, i, "from"), "is 24:00: write 00:00, of the next day")
        if entry.begin == entry.end:
            file.add_problem((*path, i, "to"), "is the same time as from: for the whole day leave both out")


def _line(line: Line, path: Setting, file: TomlFile) -> None:
    def problem(setting: str, reason: str, *more: str | int) -> None:
        file.add_problem((*path, setting, *more), reason)

    if line.rule == "opt-in" and not line.accept_key:
        problem("accept_key", "is missing: rule opt-in needs the key that agrees")
    if line.rule == "opt-out" and not line.object_key:
        problem("object_key", "is missing: rule opt-out needs the key that objects")
    taken: dict[str, str] = {}
    for key, setting in ((line.accept_key, "accept_key"), (line.object_key, "object_key")):
        if key and key in taken:
            problem(setting, f"is {key!r}, which is the {taken[key]} already: use another key")
        elif key:
            taken[key] = setting
    for i, voice in enumerate(line.notices):
        if voice.key and voice.key in taken:
            problem("notices", f"is {voice.key!r}, which is the {taken[voice.key]} already: use another key", i, "key")
        elif voice.key:
            taken[voice.key] = f"key of notices[{i}]"
    if line.worker == "acknowledgement" and not line.acknowledgements and not file.has_problem((*path, "worker")):
        reason = "worker is acknowledgement, so add [[lines.acknowledgements]] with worker, date and text"
        problem("acknowledgements", f"is missing: {reason}")
    if line.worker == "notice" and not line.worker_notice:
        problem("worker_notice", "is missing: worker is notice, so name the notice that the worker hears")
    if line.worker == "tone" and not line.tone:
        problem("tone", "is missing: worker is tone, so add [lines.tone]")
    if line.tone:
        if line.tone.hertz % 20:
            problem("tone", f"is {line.tone.hertz}: use a multiple of 20", "hertz")
        if line.tone.interval_ms < 2 * line.tone.length_ms:
            problem(
                "tone", "is too short: it begins with the tone, so it has to be twice length_ms or more", "interval_s"
            )
    _keys(line, path, file)


def _keys(line: Line, path: Setting, file: TomlFile) -> None:
    def problem(name: str, reason: str) -> None:
        file.add_problem((*path, "keys", name), reason)

    sequences = {name: getattr(line.keys, name) for name in ("start", "stop", "pause", "resume")}
    for (first, one), (second, other) in combinations(sequences.items(), 2):
        if one and other and (one in other or other in one):
            # Complete first, it would always win.
            problem(second, f"is {other!r} and {first} is {one!r}: one is part of the other, so use others")
    if line.keys.pause and not line.keys.resume:
        problem("resume", "is missing: what is paused has to be resumed by keys too")
    for given, needed in (("start", "stop"), ("stop", "start")):
        if line.mode == "on-demand" and sequences[given] and not sequences[needed]:
            problem(needed, f"is missing: on demand, {given} needs {needed}")


def _as_the_appliance(source: PolicySource, file: TomlFile) -> None:
    """The appliance's own check, for what the checks above do not cover, and for the size."""
    try:
        documents.encode("policy", 1, policy_body(source, _RECIPIENTS), bytes(64))
    except WireError as error:
        found = _CODE.match(str(error))
        if found:
            file.add_problem(_setting(found[1]), f"cannot be so: {found[2]}")
        else:
            file.add_problem(
                (), f"The policy does not fit into an appliance ({error}): use fewer prefixes, notices or lines"
            )


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
        source.file.problem(setting, f"is still to be filled in: {hint}") for setting, hint in unfilled(source).items()
    ]
    if source.valid_until and source.valid_until < today:
        found.append(source.file.problem(("valid_until",), f"is {source.valid_until}, which is over"))
    for i, line in enumerate(source.lines):
        for j, entry in enumerate(line.acknowledgements):
            if entry.day != NO_DATE and entry.day > today:
                setting = ("lines", i, "acknowledgements", j, "date")
                found.append(source.file.problem(setting, f"is {entry.day}, which has not come yet"))
    return sorted(found)


def refuse_unfinished(source: PolicySource, now: datetime) -> None:
    """Raise FileProblems unless the policy may be signed."""
    found = unfinished(source, now)
    if found:
        raise FileProblems(source.path, found)


def unfilled(source: PolicySource) -> dict[Setting, str]:
    """{setting: hint} of every text that a template left to be filled in."""
    found: dict[Setting, str] = {}
    for setting in source.file.lines:
        value: Any = source.file.values
        for part in setting:
            value = value[part]
        if is_placeholder(value):
            found[setting] = value.removeprefix(PLACEHOLDER).lstrip(" :") or "write it"
    return found
