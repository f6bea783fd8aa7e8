"""Where the firmware's files are: in a checkout, or inside an installed `testigo`."""

import sysconfig
from pathlib import Path

import testigo_wire

CHECKOUT = Path(__file__).resolve().parents[2]


def shared() -> Path:
    """The folder that holds `firmware/recorder` and `boards`."""
    if (CHECKOUT / "firmware" / "recorder").is_dir():
        return CHECKOUT
    return Path(sysconfig.get_path("data")) / "share" / "testigo"


def firmware_packages() -> dict[str, Path]:
    """Package name -> its folder: the packages that are installed on a device."""
    return {
        "testigo_wire": Path(next(iter(testigo_wire.__path__))),
        "recorder": shared() / "firmware" / "recorder",
    }


def boards() -> Path:
    return shared() / "boards"
