"""docs/reliability.md has two writers, `make faults` and `make mutations`; each replaces its own part."""

from support.micropython_runner import ROOT

PAGE = ROOT / "docs" / "reliability.md"
MUTATIONS = "<!-- From here on the page is written by `make mutations`. -->\n"


def parts(text: str) -> tuple[str, str]:
    """-> the part about faults, and the part about mutations, which follows the mark."""
    faults, _, mutations = text.partition(MUTATIONS)
    return faults.rstrip("\n") + "\n", mutations


def with_faults(text: str, faults: str) -> str:
    """The page with another part about faults."""
    return _joined(faults, parts(text)[1])


def with_mutations(text: str, mutations: str) -> str:
    """The page with another part about mutations."""
    return _joined(parts(text)[0], mutations)


def _joined(faults: str, mutations: str) -> str:
    return f"{faults}\n{MUTATIONS}{mutations}" if mutations else faults
