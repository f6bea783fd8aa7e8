"""`testigo notice`, as a person types it, with the real espeak-ng: from policy.toml to what callers hear."""

import hashlib
import wave

import pytest
from typer.testing import CliRunner

from support.sounds import sound
from testigo_tools.cli import assemble
from testigo_vault import g711
from testigo_vault.documents.archive import documents_of
from testigo_vault.identity.organisation import Organisation
from testigo_vault.notice.audio import loudness

POLICY = """
timezone = "Europe/Madrid"
[controller]
name = "Ejemplo e Hijos, S.L."
contact = "derechos@ejemplo.es"
information = "ejemplo.es/voz"
[processing]
retention_days = 365

[[lines]]
name = "main"
direction = "in"
mode = "all"
basis = "consent"
purposes = ["quality"]
rule = "opt-in"
accept_key = "1"
object_key = "9"
worker = "notice"
worker_notice = "worker"
[[lines.notices]]
language = "es"
notice = "welcome"
[[lines.notices]]
language = "en-GB"
notice = "welcome-en"
key = "3"

[[lines]]
name = "sales"
direction = "out"
mode = "all"
basis = "contract"
purposes = ["quality", "training"]
rule = "opt-out"
object_key = "#"
worker = "tone"
[lines.tone]
[[lines.notices]]
language = "eu"
notice = "sales"
[[lines.notices]]
language = "en"
notice = "welcome-en"
key = "3"
"""
WELCOME = (
    "For English, press three. Ejemplo e Hijos, S.L. desea grabar esta llamada para controlar la calidad del servicio. "
    "Puede ejercer sus derechos de acceso, rectificación, supresión y oposición, entre otros. "
    "Puede consultar toda la información en ejemplo.es/voz. Si está de acuerdo, pulse la tecla uno. "
    "Si no, la llamada no se grabará. Para oponerse o retirar su permiso, pulse la tecla nueve en cualquier momento."
)
OWN = "Ejemplo e Hijos graba por calidad. Sus derechos, en ejemplo.es/voz. Pulse 1 si acepta, 9 si no, 3 for English."


@pytest.fixture
def testigo(folder, monkeypatch):
    monkeypatch.setenv("TESTIGO_VAULT", str(folder))
    (folder / "policy.toml").write_text(POLICY)

    def run(*arguments, status=0):
        result = CliRunner().invoke(assemble("notice"), ["notice", *(str(argument) for argument in arguments)])
        assert result.exit_code == status, result.output
        return result.output

    return run


@pytest.fixture
def signed(folder):
    """The body of a notice's document, of which the signature was checked, and its audio files."""

    def read(name):
        documents = documents_of(Organisation(folder))
        body = documents.read(documents.notice_path(name)).body
        return body, {
            encoding: (folder / "documents/notices" / f"{name}.{encoding}").read_bytes() for encoding, *_ in body[4]
        }

    return read


def same(said, text):
    return text in " ".join(said.split())


def test_a_notice_is_composed_spoken_and_signed(testigo, signed, tmp_path):
    said = testigo("make", "welcome", "--preview", tmp_path / "heard.wav")
    (name, language, text, total_ms, described), audio = signed("welcome")
    assert (name, language, text) == ("welcome", "es", WELCOME)
    assert same(said, WELCOME) and f"{total_ms / 1000:.1f} s" in said and "▃" in said
    assert set(audio) == {"PCMU", "PCMA"}
    for encoding, digest, length in described:
        data = audio[encoding]
        assert hashlib.sha256(data).digest() == digest and len(data) == length == total_ms * 8
        assert loudness(encoding, data) == pytest.approx(-19, abs=1)
        assert f"{encoding}  {loudness(encoding, data):.1f} LUFS  SHA-256 {digest.hex()}" in said
    with wave.open(str(tmp_path / "heard.wav")) as file:
        assert file.getframerate() == 8000
        assert file.readframes(10**7) == g711.decode("PCMU", audio["PCMU"])
    assert "says what it has to" in testigo("check", "welcome")
    assert same(testigo("list"), f"welcome version 1 es {total_ms / 1000:.1f} s {WELCOME}")


def test_lines_and_languages_choose_the_words(testigo, signed):
    assert testigo("text") == WELCOME + "\n"
    english = testigo("text", "--language", "en-GB", "--short")
    assert english.startswith("Ejemplo e Hijos, S.L. would like") and "Your rights and the rest" in english
    sales = testigo("text", "--line", "sales")
    assert "press three. Ejemplo e Hijos, S.L. erakundeak" in sales and "tonu bat" in sales and "traola" in sales
    assert same(testigo("make", "sales", "--short"), "Zure eskubideak")
    assert signed("sales")[0][1] == "eu"
    assert "There are main, sales" in testigo("text", "--line", "other", status=1)
    assert "no text of a notice in the language 'pl'" in testigo("text", "--language", "pl", status=1)
    assert testigo("text", "--worker") == "Esta llamada se va a grabar para controlar la calidad del servicio.\n"


def test_a_notice_must_fit_each_line_that_plays_it(testigo, signed):
    said = testigo("make", "welcome-en", status=1)
    assert same(said, "the purpose (train staff) for line sales; the key to object (#) for line sales.")
    assert same(said, "make a notice for each line")
    text = (
        "This is Ejemplo e Hijos. We record for quality and training. Your rights: ejemplo.es/voz. "
        "Press 1 to agree, 9 or # to object."
    )
    testigo("make", "welcome-en", "--text", text)
    assert signed("welcome-en")[0][1:3] == ["en-GB", text]
    assert "main (in), sales (out)" in testigo("check", "welcome-en")


@pytest.mark.parametrize(
    ("left_out", "named"),
    [
        ("Ejemplo e Hijos", "the controller's name (Ejemplo e Hijos, S.L.)"),
        ("calidad", "the purpose (controlar la calidad del servicio)"),
        ("derechos", "that there are rights"),
        ("ejemplo.es/voz", "where the rest is read (ejemplo.es/voz)"),
        ("1 si acepta,", "the key to agree (1)"),
        ("9 si no,", "the key to object (9)"),
    ],
)
def test_incomplete_words_are_refused(testigo, folder, left_out, named):
    assert left_out in OWN
    said = testigo("make", "welcome", "--text", OWN.replace(left_out, ""), status=1)
    assert same(
        said, f"error: The notice does not say: {named}. Add that; `testigo notice text --language es --line main`"
    )
    assert not list((folder / "documents").rglob("welcome*"))
    said = testigo("make", "welcome", "--text", OWN.replace(left_out, ""), "--incomplete", "told [before] the call")
    assert named in said and "because: told [before] the call" in said
    assert same(testigo("check", "welcome", status=1), f"does not say: {named}.")


def test_words_of_a_file_and_of_a_recording(testigo, signed, tmp_path):
    (tmp_path / "words.txt").write_text(OWN.replace(". ", ".\n") + "\n")
    assert "not told" not in testigo("make", "welcome", "--text-file", tmp_path / "words.txt")
    assert signed("welcome")[0][2] == OWN
    (tmp_path / "welcome.wav").write_bytes(sound(3))
    said = testigo("make", "welcome", "--wav", tmp_path / "welcome.wav", status=1)
    assert same(said, "says is not known") and "--text" in said
    said = testigo("make", "welcome", "--wav", tmp_path / "welcome.wav", "--text", OWN.replace("3 for English", ""))
    assert "version 2: 3.0 s" in said and same(said, "Callers are not told that key 3 chooses the language en-GB")
    assert signed("welcome")[0][3] == 3000


def test_a_sound_too_short_for_its_words_gets_a_warning(testigo, tmp_path):
    (tmp_path / "short.wav").write_bytes(sound(2))
    assert same(
        testigo("make", "welcome", "--wav", tmp_path / "short.wav", "--text", OWN),
        "these words are not spoken in 2.0 s",
    )
    (tmp_path / "long.wav").write_bytes(sound(8))
    assert "not spoken in" not in testigo("make", "welcome", "--wav", tmp_path / "long.wav", "--text", OWN)


def test_words_have_no_control_characters(testigo, folder, tmp_path):
    for extra in ("\x1b[2J", "\x07", "\u202e"):
        (tmp_path / "words.txt").write_text(OWN + extra)
        for given in (("--text", OWN + extra), ("--text-file", tmp_path / "words.txt")):
            assert "control characters" in testigo("make", "welcome", *given, status=1)
    assert not list((folder / "documents").rglob("welcome*"))


def test_silence_is_refused(testigo, folder, tmp_path):
    (tmp_path / "silence.wav").write_bytes(sound(3, 0))
    assert "only silence" in testigo("make", "welcome", "--wav", tmp_path / "silence.wav", "--text", OWN, status=1)
    assert not (folder / "documents/notices").exists()


def test_the_policy_marks_the_workers_notice(testigo, signed):
    testigo("make", "worker")
    assert signed("worker")[0][1:3] == ["es", "Esta llamada se va a grabar para controlar la calidad del servicio."]
    assert "nothing is asked" in testigo("check", "worker")
    assert "so it is no worker's" in testigo("make", "welcome", "--worker", status=1)
    testigo("make", "other", "--worker", "--line", "sales", "--language", "ca", "--text", "S'enregistra.")
    assert signed("other")[0][1:3] == ["ca", "S'enregistra."]


def test_the_policy_is_needed_unless_a_reason_is_given(testigo, folder, signed):
    assert same(testigo("make", "x", status=1), "No line of policy.toml plays the notice 'x'")
    said = testigo("make", "x", "--text", "Witaj.", "--language", "pl", "--incomplete", "checked by our lawyer")
    assert "Not checked" in said and "because: checked by our lawyer" in said
    assert signed("x")[0][1] == "pl"
    assert same(
        testigo("make", "welcome", "--language", "ca", status=1), "plays the notice 'welcome' as 'es', not as 'ca'"
    )
    (folder / "policy.toml").write_text(POLICY.replace('"ejemplo.es/voz"', '"FILL IN: where"'))
    assert "controller.information of policy.toml is still to be filled in" in testigo("make", "welcome", status=1)
    (folder / "policy.toml").write_text(POLICY + '[[lines]]\nname = "off"\nmode = "never"\n')
    assert "Line off is never recorded" in testigo("make", "y", "--line", "off", status=1)
    forced = ("--text", "Hola.", "--incomplete", "a try")
    assert "not as 'ca'" in testigo("make", "welcome", "--language", "ca", *forced, status=1)
    assert "no line 'other'" in testigo("make", "y", "--line", "other", "--language", "es", *forced, status=1)
    (folder / "policy.toml").unlink()
    assert "Not checked: There is no file" in testigo("make", "y", "--language", "es", *forced)
    assert "no file" in testigo("make", "welcome", status=1)
    assert "no file" in testigo("check", "x", status=1)


def test_a_language_without_cues_gets_a_warning(testigo, folder, signed):
    (folder / "policy.toml").write_text(POLICY.replace('language = "es"', 'language = "pl"'))
    said = testigo("make", "welcome", "--text", "Witaj.", status=1)
    assert same(said, "says in the language 'pl' cannot be checked here") and "Or give --incomplete REASON" in said
    said = testigo("make", "welcome", "--text", "Witaj.", "--incomplete", "checked by our lawyer")
    assert "anything that could be checked" in said and signed("welcome")[0][1] == "pl"
    own = POLICY.replace('purposes = ["quality"]', 'purposes = ["fun"]') + '[purposes.fun]\nen = "laugh"\n'
    (folder / "policy.toml").write_text(own)
    assert same(testigo("make", "welcome", "--text", OWN, status=1), "under [purposes]: fun.es. Or give --incomplete")


def test_speech_by_another_engine(testigo, signed, tmp_path):
    (tmp_path / "speech.wav").write_bytes(sound(2))
    script = tmp_path / "engine"
    script.write_text(
        f'#!/bin/sh\ncat "{tmp_path}/speech.wav" > "$2"\necho "$1" >> "{tmp_path}/asked"\ncat >> "{tmp_path}/asked"\n'
    )
    script.chmod(0o755)
    testigo("make", "welcome", "--engine", f"{script} {{language}} {{wav}}")
    asked = (tmp_path / "asked").read_text()
    assert asked.startswith("en-GB\nFor English, press three.es\nEjemplo e Hijos, S L desea")
    assert "ejemplo punto es barra voz" in asked
    body, audio = signed("welcome")
    assert body[2] == WELCOME and body[3] == 4350
    assert loudness("PCMA", audio["PCMA"]) == pytest.approx(-19, abs=1)


@pytest.mark.parametrize(
    ("engine", "reason"),
    [
        ("no-such-engine {wav}", "no-such-engine is not installed"),
        ("sh -c 'echo broken >&2; exit 1' {language}", "sh did not speak 'en-GB': broken"),
        ("sh -c 'sleep 600; :'", "sh was still not done after 0.5 s, and was ended"),
        ("true {wav}", "true ended well, but wrote no sound"),
        ("sh -c 'echo noise'", "the engine's output is no sound that can be read"),
    ],
)
def test_an_engine_that_fails_signs_nothing(testigo, folder, engine, reason):
    limit = ["--limit", "0.5"] if "0.5 s" in reason else []
    assert same(testigo("make", "welcome", "--engine", engine, *limit, status=1), reason)
    assert not (folder / "documents/notices").exists()


def test_galician_is_reported_to_have_no_voice(testigo, folder):
    (folder / "policy.toml").write_text(POLICY.replace('language = "eu"', 'language = "gl"'))
    assert same(testigo("make", "sales"), "espeak-ng has no Galician voice")


def test_a_preview_is_of_the_bytes_that_are_signed(testigo, folder, signed, tmp_path):
    testigo("make", "welcome", "--text", OWN)
    audio = signed("welcome")[1]
    out = tmp_path / "heard.wav"
    said = testigo("preview", "welcome", "--encoding", "pcma", "--out", out)
    assert "▃" in said and hashlib.sha256(audio["PCMA"]).hexdigest() in said and "PCMU" not in said
    with wave.open(str(out)) as file:
        assert file.readframes(10**7) == g711.decode("PCMA", audio["PCMA"])
    assert "exists already" in testigo("preview", "welcome", "--out", out, status=1)
    assert "exists already" in testigo("make", "welcome", "--preview", out, status=1)
    assert "cannot be written" in testigo("preview", "welcome", "--out", tmp_path / "no" / "x.wav", status=1)
    assert "It has PCMU and PCMA" in testigo("preview", "welcome", "--encoding", "opus", status=1)
    assert "no document" in testigo("preview", "other", status=1)
    changed = bytearray(audio["PCMU"])
    changed[1000] ^= 1
    (folder / "documents/notices/welcome.PCMU").write_bytes(changed)
    for command in ("preview", "check"):
        assert same(testigo(command, "welcome", status=1), "is not the audio that was signed: its digest differs")
    (folder / "documents/notices/welcome.PCMU").unlink()
    assert "cannot be read" in testigo("preview", "welcome", status=1)


def test_contradicting_options_are_refused(testigo, tmp_path):
    (tmp_path / "words.txt").write_text(" \n")
    (tmp_path / "latin.txt").write_bytes("opción".encode("latin-1"))
    (tmp_path / "welcome.wav").write_bytes(sound(1))
    for arguments, reason in (
        (("--text", "x", "--text-file", tmp_path / "words.txt"), "both give the words"),
        (("--text-file", tmp_path / "words.txt"), "is empty"),
        (("--text-file", tmp_path / "latin.txt"), "not written in UTF-8"),
        (("--text-file", tmp_path / "none.txt"), "cannot be read"),
        (("--wav", tmp_path / "welcome.wav", "--text", OWN, "--engine", "true"), "nothing to do"),
        (("--text", OWN, "--short"), "Leave it out"),
        (("--wav", tmp_path / "none.wav", "--text", OWN), "no sound file"),
    ):
        assert same(testigo("make", "welcome", *arguments, status=1), reason)
    assert "cannot name a notice" in testigo("make", "Wel/come", status=1)


def test_a_long_notice_and_one_with_peaks_only_get_warnings(testigo, tmp_path):
    assert same(testigo("make", "welcome", "--text", OWN * 6), "callers wait")
    clicks = sound(4, lambda t: 0.9 if t % 0.5 < 0.001 else 0, hertz=3000)
    (tmp_path / "clicks.wav").write_bytes(clicks)
    assert same(testigo("make", "welcome", "--wav", tmp_path / "clicks.wav", "--text", OWN), "Not the -19 LUFS")
