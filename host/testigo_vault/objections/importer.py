"""Reads numbers for the register of objections from a file: one on each line, or a table (CSV) whose first column
is the number and whose second, if any, the reason. Every line is accounted for: taken, wrong, or without a number."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from testigo_vault.errors import VaultError

_DELIMITERS = ";\t,"
COMMENT = "#"


@dataclass
class Row:
    line: int
    text: str  # the number as it stands; empty: there is none on this line
    reason: str = ""


def rows(path: Path) -> list[Row]:
    """All lines that are not empty. A heading and comments have an empty text. Raises VaultError for a file
    that is not text in UTF-8."""
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise VaultError(f"There is no file {path}.", "Give the path of one.") from None
    except OSError as error:
        raise VaultError(
            f"{path} cannot be read: {error.strerror}.", "Give the path of a file that you may read."
        ) from None
    except UnicodeDecodeError as error:
        line = path.read_bytes().count(b"\n", 0, error.start) + 1
        raise VaultError(f"{path} line {line} is not in UTF-8.", "Save the file as UTF-8.") from None
    return list(_rows(path, content))


def _rows(path: Path, content: str) -> Iterator[Row]:
    lines = content.splitlines()
    delimiter = next((mark for mark in _DELIMITERS if any(mark in line for line in lines)), ";")
    first = True
    # Each line by itself: a quotation mark without its pair then affects only its own line.
    for number, line in enumerate(lines, 1):
        try:
            cells = [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]
        except csv.Error as error:
            raise VaultError(f"{path} line {number} cannot be read: {error}.", "Correct that line.") from None
        if not any(cells):
            continue
        heading = first and not any(c.isdigit() for c in cells[0])
        first = False
        text = "" if heading or cells[0].startswith(COMMENT) else cells[0] or line
        yield Row(number, text, cells[1] if len(cells) > 1 else "")
