"""`testigo diag`: show the status and the log of a device on a serial port."""

import datetime
import json
from typing import Any

import typer
from rich.markup import escape
from rich.table import Table

from testigo_tools import terminal
from testigo_tools.serial.port import Port, PortError

CLOCKS = ("never set", "kept over a reset, approximate", "set")
console = terminal.console()


def size(count: int) -> str:
    if count < 10240:
        return f"{count} B"
    return f"{count / 1024:.0f} KiB" if count < 10 << 20 else f"{count / (1 << 20):.0f} MiB"


def when(unix_ms: int) -> str:
    if not unix_ms:
        return "never"
    return datetime.datetime.fromtimestamp(unix_ms / 1000, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def calls_up(facts: dict[str, Any]) -> str:
    """How many, and the number and state of each recording, which `testigo record` takes."""
    states = {"on": "recorded", "off": "not recorded", "paused": "paused"}
    found = ", ".join(f"recording {number} {states.get(state, state)}" for number, state in facts.get("open", []))
    return f"{facts['calls']}: {found}" if found else str(facts["calls"])


def started(facts: dict[str, Any]) -> str:
    """How far the start is, and what failed in it."""
    stage, faults = facts.get("start", ["complete", []])
    how = stage if stage == "complete" else f"not complete: {stage or 'files'}"
    return "; ".join([how, *(f"{name}: {why}" for name, why in faults)])


def settings(facts: dict[str, Any]) -> str:
    """Which are in force, and why newer ones are not."""
    version, newest, why = facts.get("settings", [0, 0, ""])
    text = f"version {version}" if version else "none in force"
    return text if version == newest else f"{text}; version {newest} is here: {why or 'it comes into force'}"


def rows(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """The answer to `diag` as lines for a person."""
    count, first, following = facts["recordings"]
    state, sent, last = facts["sync"]
    version, why = facts["policy"]
    clock, unix_ms = facts["clock"]
    frames, resent, received, bad = facts["serial"]
    found = [
        ("Firmware", f"{facts['firmware']} on {facts['board']} ({facts['chip']})"),
        ("Device id", facts["device_id"] or "not provisioned: run `testigo provision`"),
        ("Key", facts["key"].hex()[:32] or "not made yet"),
        ("Start", started(facts)),
        ("Up for", str(datetime.timedelta(seconds=facts["uptime_ms"] // 1000))),
        ("Clock", f"{when(unix_ms)} ({CLOCKS[clock]})"),
        ("Heap", f"{size(facts['heap_free'])} free, {size(facts['heap_used'])} used"),
        ("Storage", f"{size(facts['storage_free'])} free"),
        ("Settings", settings(facts)),
        ("SIP", "{}:{}".format(*facts["sip"]) if facts.get("sip") else "no calls are taken"),
        ("Policy", f"version {version}" + (f" ({why})" if why else "") if version else f"none: {why}"),
        (
            "Documents",
            ", ".join(f"{kind} {name} {v}".replace("  ", " ") for kind, name, v in facts["documents"]) or "none",
        ),
        ("Calls up", calls_up(facts)),
        ("SIP refused", ", ".join(f"{count} {kind}" for kind, count in facts.get("refused", [])) or "none"),
        ("Recordings here", f"{count}, the oldest is {first}" if count else "none"),
        ("Next number", str(following)),
        ("Sync", f"{state}; {sent} delivered since the start, last success {when(last)}"),
        ("Serial line", f"{frames} frames sent, {resent} again; {received} received, {bad} damaged"),
    ]
    if facts.get("no_address"):
        found.append(("No address", ", ".join(facts["no_address"])))
    if facts["wanted"]:
        found.append(("Audio missing", ", ".join(name for name, _ in facts["wanted"])))
    if facts["set_aside"]:
        found.append(("Set aside", ", ".join(map(str, facts["set_aside"]))))
    if facts.get("unfinished"):
        found.append(("Waits for room", ", ".join(map(str, facts["unfinished"]))))
    for why, calls, since_ms, _ in facts.get("unrecorded", []):
        found.append(("No recording", f"{calls} calls since {when(since_ms)}: {why}"))
    found.extend(("Not in force", f"{what}: {why}") for what, why in facts.get("problems", []))
    if facts.get("damaged"):
        found.append(("Damaged files", ", ".join(facts["damaged"])))
    if facts.get("faults"):
        found.append(("Faults", ", ".join(f"{kind} ({count})" for kind, count in facts["faults"])))
    found.extend((("Log" if i == 0 else ""), line) for i, line in enumerate(facts["log"]))
    return found


def diag(
    port: str = typer.Option(..., help="A serial port, or any URL that pyserial opens (socket://host:port)."),
    baud: int = typer.Option(115200, help="Speed of the port."),
    log: int = typer.Option(0, help="Show this many lines of the device's log instead of its status."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON, for programs."),
) -> None:
    """Show a device's status and log."""
    try:
        with Port(port, baud) as device:
            facts = device.request("log", log) if log else device.diagnose()
    except PortError as error:
        raise terminal.fail(error) from None
    if as_json:
        print(json.dumps(facts, default=lambda value: value.hex()))
    elif log:
        for line in facts:
            console.print(line, markup=False, highlight=False)
    else:
        table = Table(show_header=False, box=None)
        for name, value in rows(facts):
            table.add_row(f"[bold]{name}[/]", escape(value))
        console.print(table)


def register(app: typer.Typer) -> None:
    app.command()(diag)
