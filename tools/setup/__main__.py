"""Sets up a checkout without root: `python3 tools/setup [demo|test|bench|micropython|venv]`.

Standard library only, and this file keeps to a syntax that old Pythons read, so that they can be told what is missing.
"""

import os
import shutil
import sys

OLDEST = (3, 11)
NEWER = ["python3.11", "python3.12", "python3.13", "python3.14", "python3.15"]


def start_again_with_a_newer_python():
    for name in NEWER:
        path = shutil.which(name)
        if path:
            os.execv(path, [path] + sys.argv)
    sys.stderr.write(
        "set-up: this is Python %d.%d, and Testigo needs %d.%d or newer.\n"
        "        Install one (Debian 12, Ubuntu 24.04 and later have it) and put it on the PATH as python3,\n"
        "        or name it: make PYTHON=/path/to/python3.12\n" % (sys.version_info[:2] + OLDEST)
    )
    sys.exit(1)


if __name__ == "__main__":
    if sys.version_info < OLDEST:
        start_again_with_a_newer_python()
    from steps import main

    sys.exit(main(sys.argv[1:]))
