"""Set-up runs as a folder of scripts (`python tools/setup`), so its modules are imported from there."""

import sys

from support.micropython_runner import ROOT

sys.path.insert(0, str(ROOT / "tools" / "setup"))
