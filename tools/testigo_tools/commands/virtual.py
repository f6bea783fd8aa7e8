"""`testigo virtual run`: run an appliance as a process on this machine."""

import dataclasses
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import typer

from testigo_tools import terminal
from testigo_tools.firmware.boards import device_files, load_board
from testigo_tools.firmware.build import BuildError
from testigo_tools.firmware.interpreter import Interpreter, InterpreterError, find
from testigo_tools.paths import shared
from testigo_tools.virtual.appliance import VirtualAppliance, VirtualError
from testigo_wire.errors import WireError
from testigo_wire.policy import limits
from testigo_wire.policy.documents import parse

BOARD = "virtual"
NARROW = ("x86", "armv6m", "armv7m")  # 32-bit words
OWN_HEAP = 2 << 20  # MicroPython's, with 64-bit words
console = terminal.console(stderr=True)


def compiled(interpreter: Interpreter, folder: Path) -> Path:
    """The firmware as on a chip: .mpy files below `folder`; gives the start file."""
    board = dataclasses.replace(load_board(BOARD), march=interpreter.march)
    files = device_files(board, folder)
    target = folder / f"device-{interpreter.march}"
    for name, content in files.items():
        path = target / name
        if not path.exists() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f"{path.name}.{os.getpid()}.part")
            part.write_bytes(content)
            part.replace(path)
    return target / "main.py"


def heap_of(root: Path, interpreter: Interpreter) -> int:
    """Bytes of heap for the calls of the settings that the appliance in `root` has; 0: MicroPython's own size is enough."""
    wide = interpreter.march not in NARROW
    try:
        document = parse((root / "settings.tsd").read_bytes())
    except (OSError, WireError):
        return 0
    if document.kind != "settings":
        return 0
    size = limits.heap_for(min(document.body[3], limits.MOST), wide) * 3 // 2
    return size if size > (OWN_HEAP if wide else OWN_HEAP // 2) else 0


def command_line(
    root: Path,
    heap: str | None = None,
    micropython: Path | None = None,
    mpy: bool = False,
    build_dir: Path = Path("build"),
    board_clock: bool = False,
    realtime: bool = False,
) -> tuple[list[str], dict[str, str]]:
    """What starts the firmware, and its environment. `mpy`: compiled, as on a chip, instead of from the sources. Without a
    `heap` it follows the settings in `root`.

    board_clock: it keeps time like a chip without a battery. realtime: it keeps itself in memory.
    """
    interpreter = find(micropython)
    line = [str(interpreter.path)]
    size = heap or heap_of(root, interpreter)
    if size:
        line += ["-X", f"heapsize={size}"]
    environment = dict(os.environ)
    if mpy:
        main = compiled(interpreter, build_dir.resolve())
        environment["MICROPYPATH"] = f".frozen:{main.parent / 'lib'}"
        line += [str(main)]
    else:
        environment["MICROPYPATH"] = ".frozen"
        line += [str(shared() / "firmware" / "main.py"), f"board={BOARD}"]
    line.append(f"root={root.resolve()}")
    if board_clock:
        line.append("clock=board")
    if realtime:
        line.append("memory=locked")
    if not heap:
        line.append("heap=auto")  # it may restart with another one
    return line, environment


def run(
    root: Path = typer.Option(..., help="The appliance's folder, which is its flash memory."),
    heap: str = typer.Option("", help="Size of the heap, as 150k or 2M; by default as the settings need it."),
    mpy: bool = typer.Option(False, help="Run the compiled firmware, as on a chip."),
    micropython: Path | None = typer.Option(None, help="The MicroPython program to use."),
    build_dir: Path = typer.Option(Path("build"), help="The folder for compiled files."),
    board_clock: bool = typer.Option(
        False, help="Keep time like a chip without a battery: from 2000-01-01, or the time kept, at each start."
    ),
    realtime: bool = typer.Option(
        False, help="Run before other processes and stay in memory, as far as the system allows it. For a gateway."
    ),
) -> None:
    """Run a virtual appliance until Ctrl-C. Its serial port is ROOT/tty; errors are in ROOT/stderr.log."""
    try:
        arguments = (root, heap or None, micropython, mpy, build_dir, board_clock, realtime)
        environment = command_line(*arguments)[1]
        appliance = VirtualAppliance(root, lambda: command_line(*arguments)[0], environment, realtime)
    except (InterpreterError, VirtualError, BuildError) as error:
        console.print(f"[red]error:[/] {error}", highlight=False)
        raise typer.Exit(1) from None
    except OSError as error:
        console.print(
            f"[red]error:[/] {error.filename} cannot be written: {error.strerror}. Free space there, or name another folder "
            "with --build-dir.",
            highlight=False,
        )
        raise typer.Exit(1) from None
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: appliance.stop())

    def started() -> None:
        print(f"The appliance runs. Its serial port: {appliance.port}", flush=True)
        for problem in appliance.problems:
            print(f"{problem}. It runs without that; free space in its folder.", flush=True)

    status = appliance.run(started)
    if status:
        tail: list[str] = []
        with suppress(OSError):
            tail = (root / "stderr.log").read_text(errors="replace").splitlines()[-12:]
        console.print("\n".join(tail), markup=False, highlight=False)
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        console.print(f"[red]error:[/] the firmware {how}; more is in {root / 'stderr.log'}", highlight=False)
        sys.exit(1)


def register(app: typer.Typer) -> None:
    virtual = typer.Typer(no_args_is_help=True, help="Run appliances without hardware.")

    # With a callback the word `run` stays part of the command line.
    @virtual.callback()
    def root() -> None:
        pass

    virtual.command("run")(run)
    app.add_typer(virtual, name="virtual")
