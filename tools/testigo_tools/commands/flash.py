"""`testigo flash`: install the firmware on a chip with stock MicroPython, or write it as an image."""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from testigo_tools import terminal
from testigo_tools.firmware.boards import Board, Flash, UnknownBoard, device_files, load_board
from testigo_tools.firmware.build import BuildError
from testigo_tools.firmware.image import ImageError, Partition, file_system, file_system_place
from testigo_tools.serial.repl import Repl, ReplError

OLDEST = (1, 25)
console = terminal.console()


def fail(what: str) -> NoReturn:
    terminal.console(stderr=True).print(f"[red]error:[/] {what}", highlight=False)
    raise typer.Exit(1)


def flash_of(board: Board) -> Flash:
    if board.flash is None:
        fail(f"{board.title} has no flash: start it with `testigo virtual`.")
    return board.flash


def place_of_files(board: Board, stock: Path | None, flash_size: int) -> Partition:
    flash = flash_of(board)
    size = flash_size or flash.size
    if stock is None:
        return Partition("vfs", flash.files_offset, size - flash.files_offset)
    try:
        return file_system_place(stock.read_bytes(), flash.stock_offset, size)
    except OSError as error:
        fail(f"{stock} cannot be read: {error}")
    except ImageError as error:
        fail(f"{stock}: {error}. This board takes the stock image {flash.stock}.")


def install(board: Board, files: dict[str, bytes], port: str, baud: int) -> None:
    """Through the REPL of a chip that runs stock MicroPython already."""
    chip = Repl(port, baud)
    machine, version = chip.version()
    if version < OLDEST:
        chip.close()
        fail(f"{machine} runs MicroPython {'.'.join(map(str, version))}; write a stock image of 1.25 or newer first.")
    console.print(f"{machine}, MicroPython {'.'.join(map(str, version))}")
    total = sum(len(content) for content in files.values())
    columns = (
        TextColumn("{task.description:32}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=total)
        sent, gone = chip.install(files, lambda path, count: progress.update(task, advance=count, description=path))
        progress.update(task, description="done")
    chip.restart()
    console.print(f"{sent} of {len(files)} files were new, {gone} old ones removed. The chip starts the firmware now.")
    console.print(f"Next: testigo diag --port {port}", highlight=False)


def write_all(board: Board, files: dict[str, bytes], stock: Path, port: str, baud: int, flash_size: int) -> None:
    """An erased chip: stock MicroPython and the files in one go, with esptool."""
    flash = flash_of(board)
    place = place_of_files(board, stock, flash_size)
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "files.bin"
        image.write_bytes(file_system(files, place.size))
        line = [sys.executable, "-m", "esptool", "--chip", board.chip, "--port", port, "--baud", str(baud)]
        line += ["write-flash", "--erase-all", hex(flash.stock_offset), str(stock), hex(place.offset), str(image)]
        if subprocess.run(line, check=False).returncode:
            fail(
                "esptool could not write the chip (its own words are above). Hold the boot button while the board "
                f"resets, try --baud 115200, and check that the board is a {board.title}."
            )
    console.print(f"Next: testigo diag --port {port}", highlight=False)


def flash(
    board: str = typer.Option(..., help="The board: the name of a folder in boards/."),
    port: str = typer.Option("", help="A serial port, or any URL that pyserial opens (socket://host:port)."),
    image: Path | None = typer.Option(
        None, help="Write the files as a LittleFS image to this path; no chip is needed."
    ),
    stock: Path | None = typer.Option(
        None, help="With --image: the stock MicroPython image, which gives the exact offset."
    ),
    erase_and_flash: Path | None = typer.Option(
        None, help="Erase the chip, then write this stock MicroPython image and the files."
    ),
    flash_size: int = typer.Option(0, help="Bytes of flash, if the module has another size than in board.toml."),
    baud: int = typer.Option(0, help="Speed of the port."),
    build_dir: Path = typer.Option(Path("build"), help="The folder for compiled files."),
) -> None:
    """Install the firmware on a chip that runs stock MicroPython, or make an image of it."""
    if bool(port) == bool(image):
        fail("say where to: --port PORT for a chip, or --image FILE.")
    try:
        chosen = load_board(board)
        flash_of(chosen)
        files = device_files(chosen, build_dir)
        if image:
            place = place_of_files(chosen, stock, flash_size)
            image.write_bytes(file_system(files, place.size))
            console.print(f"{image}: {place.size} bytes for {place.offset:#x}. Write it with", highlight=False)
            console.print(f"  esptool --chip {chosen.chip} write-flash {place.offset:#x} {image}", highlight=False)
        elif erase_and_flash:
            write_all(chosen, files, erase_and_flash, port, baud or 460800, flash_size)
        else:
            install(chosen, files, port, baud or 115200)
    except (UnknownBoard, BuildError, ImageError, ReplError) as error:
        fail(str(error))


def register(app: typer.Typer) -> None:
    app.command()(flash)
