"""The description of a board (`boards/<name>/board.toml`), and the files that are installed on it."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from testigo_tools.firmware.build import BuildError, build, compile_file
from testigo_tools.paths import boards, shared


class UnknownBoard(Exception):
    """No such board; the text lists the ones there are."""


@dataclass(frozen=True)
class Flash:
    """Addresses and sizes in bytes. `files_offset` is where stock MicroPython puts its file system."""

    stock: str
    stock_offset: int
    size: int
    files_offset: int


@dataclass(frozen=True)
class Board:
    name: str
    title: str
    chip: str
    march: str
    hal: str
    flash: Flash | None
    folder: Path


def board_names() -> list[str]:
    return sorted(path.parent.name for path in boards().glob("*/board.toml"))


def load_board(name: str) -> Board:
    path = boards() / name / "board.toml"
    if name not in board_names():
        raise UnknownBoard(f"there is no board {name!r}; there are: {', '.join(board_names())}")
    fields = tomllib.loads(path.read_text(encoding="utf-8"))
    flash = fields.pop("flash", None)
    return Board(name=name, folder=path.parent, flash=Flash(**flash) if flash else None, **fields)


def foreign_hals(board: Board) -> set[str]:
    """The HAL modules of other boards, which this one does not get."""
    return {load_board(name).hal for name in board_names()} - {board.hal}


def device_files(board: Board, build_dir: Path, report: Callable[[str], None] = lambda name: None) -> dict[str, bytes]:
    """Path on the device to content: the compiled firmware below `lib`, the board, and `main.py`, which starts it."""
    compiled = build(board.march, build_dir / board.march, report)
    unwanted = tuple(f"recorder/{hal}" for hal in foreign_hals(board))  # and what belongs to them, as hal_unix_flush
    found = {
        f"lib/{path.relative_to(compiled)}": path.read_bytes()
        for path in sorted(compiled.rglob("*.mpy"))
        if not str(path.relative_to(compiled)).startswith(unwanted)
    }
    source = board.folder / "board.py"
    if not source.is_file():
        raise BuildError(f"the board {board.name} has no board.py")
    target = build_dir / board.name / "board.mpy"
    compile_file(source, "board.py", target, board.march)
    found["lib/board.mpy"] = target.read_bytes()
    found["main.py"] = (shared() / "firmware" / "main.py").read_bytes()
    return found
