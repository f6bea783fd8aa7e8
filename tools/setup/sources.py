"""Reads the package sources that this machine is configured with, and writes them again for another suite.

Both formats of sources.list(5): deb822 stanzas (`*.sources`) and one-line entries (`*.list`). Only the entries of the
distribution itself are taken: its own mirror, options and signing keys stay as the machine has them.
"""

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

ALIASES = {"oldstable", "stable", "testing", "unstable", "sid"}
COMPONENTS = {"main", "universe"}
DEBIAN = ["trixie", "forky", "sid"]
UBUNTU = ["questing", "resolute", "devel"]
ONE_LINE = re.compile(r"^deb\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s+(?P<components>.+)$")


@dataclass(frozen=True)
class Source:
    """One archive: URI, suites, components, and the options (deb822 names) that go with it."""

    uris: str
    suites: tuple[str, ...]
    components: str
    options: dict[str, str] = field(default_factory=dict, hash=False)

    def stanza(self, architecture: str) -> str:
        fields = {
            "Types": "deb",
            "URIs": self.uris,
            "Suites": " ".join(self.suites),
            "Components": self.components,
            **{name: value for name, value in self.options.items() if name.lower() != "architectures"},
            "Architectures": architecture,
        }
        return "".join(f"{name}: {value}\n" for name, value in fields.items())

    def of_suite(self, suite: str) -> "Source":
        return replace(self, suites=(suite,))


def parse_stanzas(text: str) -> list[Source]:
    """deb822: fields, continued on lines that begin with a space; stanzas parted by an empty line."""
    found = []
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for stanza in re.split(r"\n\s*\n", "\n".join(lines)):
        fields: dict[str, str] = {}
        name = ""
        for line in stanza.splitlines():
            if line[:1].isspace() and name:
                fields[name] += "\n" + line
            elif ":" in line:
                name, _, value = line.partition(":")
                name = name.strip()
                fields[name] = value.strip()
        known = {name.lower(): value for name, value in fields.items()}
        if "deb" not in known.get("types", "").split() or known.get("enabled", "yes").lower() in ("no", "false", "0"):
            continue
        rest = {
            name: value
            for name, value in fields.items()
            if name.lower() not in ("types", "uris", "suites", "components", "enabled")
        }
        suites = tuple(known.get("suites", "").split())
        found.append(Source(known.get("uris", ""), suites, known.get("components", ""), rest))
    return found


def parse_lines(text: str) -> list[Source]:
    found = []
    for line in text.splitlines():
        match = ONE_LINE.match(line.partition("#")[0].strip())
        if match:
            options = {}
            for option in (match["options"] or "").split():
                name, _, value = option.partition("=")
                names = {"arch": "Architectures", "signed-by": "Signed-By", "trusted": "Trusted"}
                options[names.get(name, name.title())] = value.replace(",", " ") if name == "arch" else value
            found.append(Source(match["uri"], (match["suite"],), match["components"].strip(), options))
    return found


def configured(folder: Path = Path("/etc/apt")) -> list[Source]:
    """Every entry of this machine, third parties included, in the order that apt reads them."""
    found: list[Source] = []
    for path in [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]:
        if path.suffix not in (".list", ".sources") or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found += parse_stanzas(text) if path.suffix == ".sources" else parse_lines(text)
    return found


def release(path: Path = Path("/etc/os-release")) -> dict[str, str]:
    """The fields of os-release(5), empty where there is none."""
    if not path.is_file():
        return {}
    pairs = (line.partition("=") for line in path.read_text(encoding="utf-8").splitlines() if "=" in line)
    return {name: value.strip('"') for name, _, value in pairs}


def codename(fields: dict[str, str]) -> str:
    """The release whose packages this machine takes; derived distributions name it beside their own."""
    for name in ("UBUNTU_CODENAME", "DEBIAN_CODENAME", "VERSION_CODENAME"):
        if fields.get(name):
            return fields[name]
    return ""


def own(sources: list[Source], codename: str) -> list[Source]:
    """The entries of the distribution: the ones for its code name and its updates, with one of its components."""
    return [
        source
        for source in sources
        if COMPONENTS & set(source.components.split())
        and any(suite.split("-")[0] in ALIASES | {codename} for suite in source.suites)
    ]


def base(sources: list[Source], codename: str) -> list[Source]:
    """The mirror that holds whole suites (not -security, not -updates): other suites are asked of it."""
    return [source for source in own(sources, codename) if any(s in ALIASES | {codename} for s in source.suites)]


def candidates(fields: dict[str, str]) -> list[str]:
    """Suites that may hold a package new enough: this machine's own, then newer ones."""
    family = {fields.get("ID", ""), *fields.get("ID_LIKE", "").split()}
    mine = codename(fields)
    newer = UBUNTU if "ubuntu" in family else DEBIAN
    if mine in newer:
        newer = newer[newer.index(mine) + 1 :]
    return [suite for suite in [mine, *newer] if suite]
