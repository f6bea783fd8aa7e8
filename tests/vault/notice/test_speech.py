"""Speech: espeak-ng's voices, and engines that are commands, good ones and such as fail."""

import os
import stat
import sys
import time

import pytest

from testigo_vault.errors import VaultError
from testigo_vault.notice.audio import from_sounds, from_text
from testigo_vault.notice.speech import by_command, by_espeak, speak, voice_of
from testigo_vault.vocabulary.translator import LANGUAGES


@pytest.fixture
def engine(tmp_path):
    """A program that people might name: its body is Python."""

    def write(body, name="engine"):
        path = tmp_path / name
        path.write_text(f"#!{sys.executable}\nimport os, sys, time\n{body}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    return write


@pytest.mark.parametrize("language", [*LANGUAGES, "en-US", "pt-BR", "es-MX", "fr-CH", "de-AT", "ca-ES"])
def test_each_language_has_a_voice(language):
    voice, remark = voice_of(language)
    spoken = by_espeak("Testigo.", voice)
    assert spoken[:4] == b"RIFF" and from_sounds([spoken], "it").total_ms > 500
    assert ("no Galician voice" in remark) is (language == "gl")


def test_regions_have_their_own_voice():
    voices = [voice_of(tag)[0] for tag in ("en", "en-US", "en_us", "pt", "pt-BR", "es", "es-ES", "es-AR", "xx-none")]
    assert voices == ["en-gb", "en-us", "en-us", "pt", "pt-br", "es", "es", "es-419", "xx-none"]
    with pytest.raises(VaultError, match=r"did not speak 'xx-none': .*does not exist\. See"):
        by_espeak("x", "xx-none")


def test_words_on_standard_input_and_sound_in_a_file(engine):
    path = engine("open(sys.argv[2], 'w').write(f'{sys.argv[1]}: {sys.stdin.read()}')")
    assert by_command(f"{path} {{language}} {{wav}}", 'Hélo "{wav}" $(x)', "eu") == b'eu: H\xc3\xa9lo "{wav}" $(x)'


def test_words_as_an_argument_and_sound_on_standard_output(engine):
    path = engine("print(sys.argv[1:], repr(sys.stdin.read()), end='')", "an engine")
    said = by_command(f"'{path}' --text={{text}} -l {{language}}", "a 'b'; {language}", "es-MX")
    assert said == b"""["--text=a 'b'; {language}", '-l', 'es-MX'] ''"""


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("sys.exit('no model for eu.')", r"did not speak 'eu': no model for eu\. Correct"),
        ("sys.exit(3)", "did not speak 'eu': status 3"),
        ("os.kill(os.getpid(), 9)", "did not speak 'eu': status -9"),
        ("pass", r"ended well, but wrote no sound to \{wav\}"),
        ("open(sys.argv[1], 'w')", r"ended well, but wrote no sound to \{wav\}"),
    ],
)
def test_an_engine_that_fails_is_reported(engine, body, reason):
    with pytest.raises(VaultError, match=reason):
        by_command(f"{engine(body)} {{wav}}", "x" * 200_000, "eu")


def test_an_engine_that_hangs_is_ended_with_all_that_it_started(tmp_path):
    note = tmp_path / "child"
    path = tmp_path / "hangs"
    path.write_text(f"#!/bin/sh\nsleep 600 &\necho $! > {note}\nwait\n")
    path.chmod(0o755)
    with pytest.raises(VaultError, match=r"not done after 3 s.*--limit"):
        by_command(str(path), "x", "en", limit_s=3)
    child = int(note.read_text())
    deadline = time.monotonic() + 10
    while _alive(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _alive(child)


def _alive(process):
    try:
        with open(f"/proc/{process}/stat", "rb") as file:
            return file.read().rsplit(b")", 1)[1].split()[0] not in (b"Z", b"X")
    except FileNotFoundError:
        return False


def test_an_invalid_command_is_reported(tmp_path):
    for given, reason in (
        ("no-such-engine {wav}", "no-such-engine is not installed"),
        ("'open", "is no command"),
        ("  ", "engine is empty"),
        (os.fspath(tmp_path), "is not installed"),
    ):
        with pytest.raises(VaultError, match=reason):
            by_command(given, "x", "en")
    script = tmp_path / "script"
    script.write_text("no interpreter")
    script.chmod(0o755)
    with pytest.raises(VaultError, match="cannot be started: Exec format error"):
        by_command(f"{script}", "x", "en")
    with pytest.raises(VaultError, match="cannot be started: embedded null byte"):
        by_command("true {text}", "a\0b", "en")


def test_each_part_is_spoken_in_its_language_and_reported(engine):
    path = engine("print(sys.argv[1:], sys.stdin.read(), end='')")
    lines = []
    parts = [("en", "For English, press three."), ("es", "Vea www.ejemplo.es.")]
    assert speak(parts, f"{path} {{language}}", progress=lines.append) == [
        b"['en'] For English, press three.",
        b"['es'] Vea www punto ejemplo punto es.",
    ]
    assert lines == ["speaking part 1 of 2 (en)", "speaking part 2 of 2 (es)"]
    assert len(speak(parts)) == 2
    # An engine of one voice speaks all at once.
    assert len(speak(parts, str(path))) == 1


def test_spoken_notice():
    sound = from_text("This call is recorded.", "en")
    assert 800 < sound.total_ms < 5000
    assert len(sound.pcmu) == len(sound.pcma)
    with pytest.raises(VaultError, match="xx-none"):
        from_text("x", "xx-none")
