"""Each message that docs/vault.md quotes, brought about by its cause."""

import shutil

import pytest

from support.fake_appliance import Appliance, speech
from support.guide.messages import Causes
from support.intake import take
from support.vault_fixtures import full, testigo  # noqa: F401 - a fixture
from testigo_vault.storage.places import MARKER

MESSAGES = "docs/vault.md"
causes = Causes(MESSAGES)


class Stage:
    """A vault with a recording of an appliance, and the command line."""

    def __init__(self, vault, testigo, folder):  # noqa: F811
        self.vault, self.testigo = vault, testigo
        self.appliance = Appliance(vault.organisation, "branch-1", folder)
        take(vault, self.appliance.record(packets=speech(0.2)))

    def place(self, name):
        return self.vault.folder / "copies" / name


@pytest.fixture
def stage(vault, testigo, tmp_path):  # noqa: F811
    return Stage(vault, testigo, tmp_path)


@causes.of("is not the place that this vault wrote to: it has no testigo-place.json, …")
def _(stage):
    shutil.rmtree(stage.place("second"))
    stage.place("second").mkdir()
    return stage.testigo("vault", "repair", status=1)


@causes.of("is not the place that this vault wrote to: it has the marker of another place")
def _(stage):
    shutil.copy(stage.place("first") / MARKER, stage.place("second") / MARKER)
    return stage.testigo("vault", "reindex", status=1)


@causes.of("The index … does not open: … malformed…")
def _(stage):
    stage.vault.close()
    path = stage.vault.folder / "vault.db"
    path.write_bytes(path.read_bytes()[:4096] + bytes(8192))
    return stage.testigo("list", status=1)


@causes.of("The index … cannot be written: …")
def _(stage):
    full(stage.vault.folder)
    return stage.testigo("vault", "run", status=1)


@causes.of("is not known to this vault yet: nothing is written to it")
def _(stage):
    settings = stage.vault.folder / "vault.toml"
    settings.write_text(settings.read_text() + '\n[[copies]]\nname = "third"\nurl = "copies/third"\n')
    return stage.testigo("vault", "repair", status=1)


def test_each_message_has_its_cause():
    assert causes.differences() == []


@pytest.mark.parametrize("quote", list(causes))
def test_message(stage, quote):
    causes.check(quote, stage)
