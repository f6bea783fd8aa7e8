"""The programs that tests and the demonstration use: installed ones, else unpacked into `.tools/root`, no root needed.

They come from the machine's own suite, so they run with the machine's C library and find the rest of what they need
through the environment that their wrapper sets.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from private_apt import PrivateApt, architecture, have_apt, unpack
from progress import SetupError, say, warn
from sources import codename, configured, own, release
from wrappers import write_wrapper

STATUS = Path("/var/lib/dpkg/status")
# Of the machine itself: a second copy beside the running loader would only break the programs.
NEVER_UNPACKED = ("libc6_", "libc-bin_", "base-files_")


@dataclass(frozen=True)
class Peer:
    """A program, the packages it comes in, and where it is in them."""

    name: str
    packages: tuple[str, ...]
    path: str
    use: str
    check: str = "--version"
    # Programs that serve as well if they are installed.
    others: tuple[str, ...] = ()
    # Variable to a folder below `usr`; {triplet} is the machine's library folder.
    folders: dict[str, str] = field(default_factory=dict)


SPEECH = Peer(
    "espeak-ng",
    ("espeak-ng",),
    "bin/espeak-ng",
    "speaks the demonstration's calls",
    folders={"ESPEAK_DATA_PATH": "lib/{triplet}"},
)
CHROMIUM = Peer(
    "chromium",
    ("chromium", "fonts-dejavu-core"),
    "lib/chromium/chromium",
    "opens the vault's pages",
    others=("chromium-browser", "google-chrome", "google-chrome-stable"),
    folders={"FONTCONFIG_PATH": "../etc/fonts"},
)
PEERS = (
    SPEECH,
    Peer("sipp", ("sip-tester",), "bin/sipp", "is one end of the test calls", check="-v"),
    Peer("baresip", ("baresip-core",), "bin/baresip", "is one end of the test calls", check="-h"),
    Peer("sox", ("sox",), "bin/sox", "makes and measures test audio"),
    Peer(
        "tshark",
        ("tshark",),
        "bin/tshark",
        "reads the tests' packets a second time",
        folders={"WIRESHARK_DATA_DIR": "share/wireshark", "WIRESHARK_PLUGIN_DIR": "lib/{triplet}/wireshark/plugins"},
    ),
    CHROMIUM,
)
# For `make bench` only.
BENCH_PEERS = (
    Peer(
        "valgrind",
        ("valgrind",),
        "bin/valgrind",
        "counts the instructions of a packet",
        folders={"VALGRIND_LIB": "libexec/valgrind"},
    ),
    Peer("rtpengine", ("rtpengine-daemon",), "bin/rtpengine", "is the media relay that the appliance is compared with"),
)


def starts(program: str | Path, check: str) -> bool:
    """Whether the program starts; its answer to the option does not matter."""
    try:
        done = subprocess.run(
            [str(program), check], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode not in (126, 127) and "shared libraries" not in done.stderr


def installed(peer: Peer, tools: Path) -> str | None:
    """The path of an installed program, without our own wrappers on the way."""
    path = os.pathsep.join(part for part in os.environ.get("PATH", "").split(os.pathsep) if Path(part) != tools / "bin")
    for name in (peer.name, *peer.others):
        found = shutil.which(name, path=path)
        if found and starts(found, peer.check):
            return found
    return None


def library_folders(root: Path) -> list[Path]:
    """Where shared libraries are, one level of sub-folders included (pulseaudio and blas have theirs there)."""
    found = []
    for folder in [*root.glob("lib/*-linux-gnu*"), *root.glob("usr/lib/*-linux-gnu*")]:
        found.append(folder)
        found += sorted({path.parent for path in folder.glob("*/lib*.so*")})
    return found


def write_peer(peer: Peer, tools: Path) -> bool:
    root = tools / "root"
    program = root / "usr" / peer.path
    if not program.exists():
        return False
    libraries = library_folders(root)
    triplet = next((path.name for path in libraries if path.parent.name == "lib"), "")
    environment = {"LD_LIBRARY_PATH": ":".join(map(str, libraries)) + '"${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"'}
    for name, relative in peer.folders.items():
        folder = os.path.normpath(root / "usr" / relative.format(triplet=triplet))
        # What the machine has installed is not unpacked again, and the program finds it by itself.
        if os.path.isdir(folder):
            environment[name] = folder
    wrapper = tools / "bin" / peer.name
    write_wrapper(wrapper, [str(program)], environment)
    return starts(wrapper, peer.check)


def fetch(wanted: list[Peer], tools: Path, ignore_installed: bool) -> list[str]:
    """Unpacks what can be had, and returns the reasons of what cannot."""
    if not have_apt():
        return ["this machine has no apt"]
    say(f"peers: fetching {', '.join(peer.name for peer in wanted)} from the distribution")
    refused: dict[str, str] = {}
    if not ignore_installed:
        refused = fetch_beyond(wanted, tools, STATUS)
        wanted = [peer for peer in wanted if peer.name in refused]
    if wanted:
        # The machine's own packages may be inconsistent, or held at other versions: then everything is fetched.
        refused = fetch_beyond(wanted, tools, None)
    return list(refused.values())


def fetch_beyond(wanted: list[Peer], tools: Path, status: Path | None) -> dict[str, str]:
    """Fetches what `status` does not list as installed; returns the names of the peers that failed, with the reason."""
    sources = own(configured(), codename(release()))
    apt = PrivateApt(tools / "apt" / "peers", sources, architecture(), status)
    apt.update()
    wishes = [wanted]
    refused = {}
    while wishes:
        wish = wishes.pop()
        try:
            archives = apt.download([package for peer in wish for package in peer.packages])
        except SetupError as error:
            # One package that this distribution lacks must not prevent the others.
            if len(wish) > 1:
                wishes += [[peer] for peer in wish]
            else:
                refused[wish[0].name] = str(error)
            continue
        unpack([path for path in archives if not path.name.startswith(NEVER_UNPACKED)], tools / "root")
        if CHROMIUM in wish:
            write_font_settings(tools / "root")
    shutil.rmtree(apt.folder, ignore_errors=True)
    return refused


def write_font_settings(root: Path) -> None:
    """Fonts are looked for where they were unpacked as well as where the machine has its own."""
    folder = root / "etc" / "fonts"
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"<dir>{root}/usr/share/fonts</dir>", "<dir>/usr/share/fonts</dir>", f"<cachedir>{root}/cache</cachedir>"]
    (folder / "fonts.conf").write_text(f"<fontconfig>\n{chr(10).join(lines)}\n</fontconfig>\n", encoding="utf-8")


def set_up(tools: Path, target: str, ignore_installed: bool) -> None:
    """All peers for the tests, the voice alone for the demonstration. Under CI a missing one is an error."""
    wanted = list({"demo": (SPEECH,), "bench": BENCH_PEERS}.get(target, PEERS))
    missing = []
    for peer in wanted:
        path = None if ignore_installed else installed(peer, tools)
        if path and Path(path).name != peer.name:
            write_wrapper(tools / "bin" / peer.name, [path])
        if not path and not starts(tools / "bin" / peer.name, peer.check):
            missing.append(peer)
    reasons = fetch(missing, tools, ignore_installed) if missing else []
    lost = [peer for peer in missing if not write_peer(peer, tools)]
    if not lost:
        say(f"peers: {', '.join(peer.name for peer in wanted)}")
        return
    names = ", ".join(f"{peer.name} ({peer.use})" for peer in lost)
    what = "\n".join([f"not to be had here: {names}", *reasons])
    hint = f"Install them (`apt-get install {' '.join(p for peer in lost for p in peer.packages)}`) and run make again."
    if os.environ.get("CI") or target == "demo":
        raise SetupError(what, hint)
    warn(what, hint + f" The {'measurements' if target == 'bench' else 'tests'} that need them are skipped.")
