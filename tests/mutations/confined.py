"""Runs test files of the copy of the tree in which this file is, with limits: `python confined.py FILES...`.

A mutant may write or allocate without end. The packages of the copy go before those that are installed.
"""

import os
import resource
import sys
from pathlib import Path

MEMORY = 4 << 30  # bytes of address space of each process
FILE = 1 << 30  # bytes of a file
COPY = Path(__file__).resolve().parents[2]
MARK = "TESTIGO_MUTANT"  # in the environment of every process that the tests start


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE, FILE))
    os.chdir(COPY)
    packages = os.pathsep.join(str(COPY / folder) for folder in ("firmware", "host", "tools"))
    environment = {**os.environ, "PYTHONPATH": packages, "PYTHONDONTWRITEBYTECODE": "1", MARK: str(COPY)}
    options = ["-q", "-x", "--tb=line", "-p", "no:cacheprovider", f"--basetemp={COPY / 'build' / 'temporary'}"]
    os.execve(sys.executable, [sys.executable, "-m", "pytest", *options, *sys.argv[1:]], environment)


if __name__ == "__main__":
    main()
