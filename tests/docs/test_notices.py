"""docs/notices.md: a notice from the policy, from a recording, and from another engine."""

import shutil

from support.guide.page import Guide, Put
from support.guide.scene import ANSWERS, fill_in
from support.guide.shell import Shell
from support.peers import peer
from testigo_vault.new_vault import create

PAGE = "docs/notices.md"


def test_page(micropython, tmp_path):
    peer("espeak-ng")
    vault = tmp_path / "vault"
    create(vault, "Example Ltd", ANSWERS["organisation"], ANSWERS["audio"])
    (vault / "policy.toml").write_text(fill_in((vault / "policy.toml").read_text()))
    shell = Shell(tmp_path, ANSWERS, {"TESTIGO_VAULT": str(vault)})
    guide = Guide(
        PAGE,
        shell,
        put=[
            Put(
                "piper --model {language}.onnx --output_file {wav}",
                "espeak-ng --stdin -w {wav}",
                "an engine that is here",
            )
        ],
        before={"testigo notice text": lambda: shutil.copy(tmp_path / "welcome.wav", tmp_path / "read.wav")},
    )
    try:
        guide.run()
    finally:
        shell.close()
