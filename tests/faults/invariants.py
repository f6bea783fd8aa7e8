"""What has to be true after every fault.

The vault's own verifier judges what it holds; the report says what the appliance did.
"""

from itertools import pairwise
from typing import Any

from faults.fault import Fault
from testigo_vault.identity.keys import AUDIO_STREAM, StreamKeyOpener
from testigo_vault.playback.decrypt import unchanged_copy
from testigo_vault.recordings.reader import read
from testigo_vault.recordings.search import RecordingIndex
from testigo_vault.recordings.verification import check_chains, check_copies
from testigo_vault.storage.models import Recording
from testigo_vault.timestamps import now_ms
from testigo_vault.vault import Vault
from testigo_wire.recording import audio_frame_reader

ANSWER_MS = 5000
LOST_MS = 500
PACKET_MS = 20
VERSION = 2  # of policy and notice, at the end
POWER_OFF = ("cut", "reset")


def judge(vault: Vault, key: StreamKeyOpener, fault: Fault, device_id: str, report: dict[str, Any]) -> list[str]:
    """-> what is wrong; empty where everything holds."""
    wrong = list(_appliance(fault, report))
    rows = {row.number: row for row in _rows(vault, device_id)}
    wrong += _numbers(fault, report, rows)
    told = 0
    for number, row in sorted(rows.items()):
        told += sum(event.fields[1] for event in row.events if event.name == "no_recording")
        wrong += [f"recording {number}: {text}" for text in _recording(vault, key, fault, report, row)]
    wrong += _calls(fault, report, told)
    wrong += [text for text in check_chains(vault) if text.startswith(f"{device_id}:") and not fault.damage]
    return wrong


def _appliance(fault: Fault, report: dict[str, Any]):
    """The appliance itself: it serves, and has kept its documents."""
    for ended in report["ended"]:
        if ended and ended not in POWER_OFF and fault.kind != "heap":
            yield "the firmware ended: " + " | ".join(ended.strip().splitlines()[-3:])
    if report["ended"][-1]:
        yield "the appliance does not start any more"
        return
    if report["console_ms"] is None:
        yield "the console does not answer"
    if "diag" in report:
        yield f"diag is refused: {report['diag']}"
    if report["answered_ms"] is None or report["answered_ms"] > ANSWER_MS:
        yield f"a call is answered after {report['answered_ms']} ms"
    if report.get("stuck"):
        yield "a call does not end"
    if report["said"]:
        yield "it printed: " + report["said"][-300:]
    held = {(kind, name): version for kind, name, version in report.get("documents", ())}
    for document in (("policy", ""), ("notice", "notice")):
        if held.get(document, 0) != VERSION and not fault.damage:
            yield f"{document[0]} version {held.get(document, 0)} in place of {VERSION}"


def _rows(vault: Vault, device_id: str) -> list[Recording]:
    found = []
    index = RecordingIndex(vault.database)
    number = 1
    misses = 0
    while misses < 3:
        row = _get(index, f"{device_id}/{number}")
        if row is None:
            misses += 1
        else:
            found.append(row)
        number += 1
    return found


def _get(index: RecordingIndex, reference: str) -> Recording | None:
    from testigo_vault.errors import NotFound

    try:
        return index.get(reference)
    except NotFound:
        return None


def _numbers(fault: Fault, report: dict[str, Any], rows: dict[int, Recording]):
    """Every number that was taken is in the vault, once; nothing is left on the appliance."""
    if fault.damage or "next_number" not in report:
        return
    if report["sync"] != "done" or report["held"]:
        yield f"not delivered: {report['held']}, sync: {report['sync']}"
    if report["aside"]:
        yield f"set aside: {report['aside']}"
    expected = set(range(1, report["next_number"]))
    still_open = {int(name[:8]) for name in report["left"] if name.endswith(".open")}
    missing = expected - set(rows) - set(report["held"]) - still_open
    if missing:
        yield f"lost: recordings {sorted(missing)} of {report['next_number'] - 1}"
    if set(rows) - expected:
        yield f"numbers {sorted(set(rows) - expected)} are used again"
    kept = [name for name in report["left"] if not name.endswith(".tsg")]
    if kept:
        yield f"left in the spool: {kept}"


def _calls(fault: Fault, report: dict[str, Any], told: int):
    """Every call that was connected has a recording, or is counted. told: how many the recordings say had none."""
    if fault.damage or "next_number" not in report:
        return
    known = report["next_number"] - 1 + told + sum(calls for _, calls in report["uncounted"])
    # A power cut may come before the number of the call's recording, or the count, was written.
    if known < report["connected"] - (1 if fault.restart else 0):
        yield f"{report['connected']} calls were connected, {known} are accounted for"


def _recording(vault: Vault, key: StreamKeyOpener, fault: Fault, report: dict[str, Any], row: Recording):
    if row.state != "good":
        if not fault.damage:
            yield f"{row.state}: {row.why}"
        return
    # An appliance that starts again has no key to its audio: a changed frame is found by who plays it.
    for copy in check_copies(vault, row, now_ms(), None if fault.damage else key):
        if copy.findings:
            yield f"copy {copy.place}: {copy.text}"
    arrivals: list[int] = []
    legs: tuple[list[int], list[int]] = ([], [])

    def on_item(item: Any) -> None:
        if item.stream == AUDIO_STREAM and item.plaintext is not None:
            for leg, ms, _ in audio_frame_reader.parse(item.plaintext):
                arrivals.append(ms)
                legs[leg].append(ms)

    data = unchanged_copy(vault, row)
    publics = vault.organisation.devices.get(row.device_id).publics()
    reading = read(data, publics, vault.index_key, key, on_item=on_item)
    if reading.audio_frames and (row.number in report["objected"] or reading.objected):
        yield "audio beside an objection"
    names = [event[0] for event in reading.events]
    if reading.audio_frames and not ("notice" in names and "consent" in names):
        yield "audio without a notice or consent"
    if row.number in report["objected"] or reading.objected:
        return
    if fault.damage:
        return
    for number, elapsed_ms, capturing in report["at_fault"]:
        if number == row.number != report.get("objecting") and capturing:
            last = max(arrivals, default=0)
            # A part that was captured for less than the time that may be lost can be missing whole.
            began = max((event[1] for event in reading.events if event[0] == "consent"), default=elapsed_ms)
            if max(last, began) < elapsed_ms - LOST_MS - 2 * PACKET_MS:
                yield f"{elapsed_ms - last} ms of audio are lost before the fault at {elapsed_ms} ms"
    if fault.loses_audio:
        return
    for leg, times in enumerate(legs):
        missing = sum(b - a - PACKET_MS for a, b in pairwise(times) if b - a > 2 * PACKET_MS)
        if missing > LOST_MS and fault.scenario != "pause":
            yield f"{missing} ms of leg {leg} are missing in the middle"
    if fault.scenario == "call" and row.number == 1 and not arrivals and not fault.restart:
        yield "no audio"
