"""apt without root: lists, cache and configuration of its own, packages unpacked into a folder, nothing installed.

The machine's own apt.conf files stay in force (a proxy, credentials), except for hooks that would touch the system.
"""

import os
import shutil
import subprocess
from pathlib import Path

from progress import SetupError, last_lines, run
from sources import Source

NO_HOOKS = """#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
"""
OFFLINE = "Check that this machine reaches the package mirror it is configured with (`apt-get update` must work)."


def architecture() -> str:
    return run(["dpkg", "--print-architecture"]).strip()


def have_apt() -> bool:
    return bool(shutil.which("apt-get") and shutil.which("dpkg"))


class OfflineError(SetupError):
    """No mirror answers, so other suites are not tried."""


class PrivateApt:
    """One suite and architecture. `status` is the list of packages that count as installed; none by default."""

    def __init__(self, folder: Path, sources: list[Source], architecture: str, status: Path | None = None) -> None:
        self.folder = folder
        self.sources = sources
        self.architecture = architecture
        self.archives = folder / "cache" / "archives"
        self.status = status or folder / "status"
        self.environment = {**os.environ, "APT_CONFIG": str(folder / "apt.conf"), "LC_ALL": "C.UTF-8"}

    def configure(self) -> None:
        for part in (
            "state/lists/partial",
            "cache/archives/partial",
            "etc/conf.d",
            "etc/sources.d",
            "etc/preferences.d",
        ):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        if self.status.parent == self.folder:
            self.status.touch()
        stanzas = (source.stanza(self.architecture) for source in self.sources)
        (self.folder / "etc" / "sources.d" / "own.sources").write_text("\n".join(stanzas), encoding="utf-8")
        parts = self.folder / "etc" / "conf.d"
        for path in Path("/etc/apt/apt.conf.d").glob("*"):
            link = parts / path.name
            if os.access(path, os.R_OK) and not link.is_symlink():
                link.symlink_to(path)
        settings = {
            "Dir::Etc::sourcelist": "/dev/null",
            "Dir::Etc::sourceparts": self.folder / "etc" / "sources.d",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": self.folder / "etc" / "preferences.d",
            "Dir::State": self.folder / "state",
            "Dir::State::status": self.status,
            "Dir::Cache": self.folder / "cache",
            "APT::Architecture": self.architecture,
            "APT::Sandbox::User": "",
            "Acquire::Languages": "none",
            "Acquire::Retries": 3,
            "Debug::NoLocking": "true",
        }
        text = NO_HOOKS + f'APT::Architectures {{ "{self.architecture}"; }};\n'
        text = "#clear APT::Architectures;\n" + text
        text += "".join(f'{name} "{value}";\n' for name, value in settings.items())
        (parts / "zz-testigo").write_text(text, encoding="utf-8")
        (self.folder / "apt.conf").write_text(f'Dir::Etc::parts "{parts}";\n', encoding="utf-8")

    def update(self) -> None:
        self.configure()
        failed: subprocess.CalledProcessError | None = None
        said = ""
        try:
            said = run(["apt-get", "update"], env=self.environment)
        except subprocess.CalledProcessError as error:
            failed, said = error, error.output
        # Of several archives one may lack the suite that is asked for; what the others have is enough.
        if any((self.folder / "state" / "lists").glob("*_Packages*")):
            return
        what = f"the package lists could not be read:\n{last_lines(said)}"
        # apt fails where a mirror lacks the suite, and only warns where no mirror answers.
        raise SetupError(what, OFFLINE) if failed else OfflineError(what, OFFLINE)

    def version(self, package: str) -> str:
        """The version that would be taken, empty if there is none."""
        for line in run(["apt-cache", "policy", package], env=self.environment).splitlines():
            name, _, value = line.strip().partition(": ")
            if name == "Candidate" and value != "(none)":
                return value
        return ""

    def download(self, packages: list[str]) -> list[Path]:
        """Fetches the packages and what they depend on beyond `status`; returns the archives."""
        shutil.rmtree(self.archives, ignore_errors=True)
        (self.archives / "partial").mkdir(parents=True)
        command = ["apt-get", "install", "--download-only", "--no-install-recommends", "--yes", *packages]
        try:
            run(command, env=self.environment, cwd=self.folder)
        except subprocess.CalledProcessError as error:
            what = f"{', '.join(packages)} could not be fetched:\n{last_lines(error.output)}"
            raise SetupError(what, OFFLINE) from error
        return sorted(self.archives.glob("*.deb"))


def unpack(archives: list[Path], root: Path) -> None:
    root.mkdir(parents=True, exist_ok=True)
    for archive in archives:
        run(["dpkg", "-x", str(archive), str(root)])
