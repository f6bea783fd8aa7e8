"""Turns words into speech: by espeak-ng, or by any other engine that is a command.

A command is split as a shell would split it, but no shell runs it. In its arguments {language} stands for the BCP 47 tag,
{wav} for the file to write and {text} for the words. Without {text} the words come on its standard input, without {wav}
the sound is what it writes on its standard output.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from testigo_vault.errors import VaultError
from testigo_vault.notice.compose import spoken
from testigo_vault.vocabulary.translator import base_language

DEFAULT_LIMIT_S = 300.0

_ESPEAK = "espeak-ng"
_WORDS_PER_MINUTE = "150"  # slower than its 175, for a telephone

# Of each language the voice, and of regions that espeak-ng speaks otherwise.
_VOICES = {
    "ca": "ca", "de": "de", "en": "en-gb", "en-us": "en-us", "es": "es", "eu": "eu", "fr": "fr-fr", "fr-be": "fr-be",
    "fr-ch": "fr-ch", "gl": "an", "it": "it", "pt": "pt", "pt-br": "pt-br",
}  # fmt: skip
_AMERICAS = {"419", "ar", "bo", "cl", "co", "cr", "cu", "do", "ec", "gt", "hn", "mx", "ni", "pa", "pe", "pr", "py", "sv", "us",
             "uy", "ve"}  # fmt: skip
_REMARKS = {
    "gl": "espeak-ng has no Galician voice. Its Aragonese one speaks, which is nearest: x sounds as in Galician. "
    "For callers, give a recording by --wav or another engine by --engine.",
}

_PLACE = re.compile(r"\{(language|wav|text)\}")

Progress = Callable[[str], None]


def voice_of(language: str) -> tuple[str, str]:
    """(espeak-ng's voice for a BCP 47 tag, a remark about it or ""). An unknown tag is used as the name of a voice."""
    tag = language.lower().replace("_", "-")
    base = base_language(language)
    if base == "es" and tag.split("-")[-1] in _AMERICAS:
        return "es-419", ""
    return _VOICES.get(tag) or _VOICES.get(base, language), _REMARKS.get(base, "")


def by_espeak(text: str, voice: str, limit_s: float = DEFAULT_LIMIT_S) -> bytes:
    """A WAV of `text` in `voice`. Raises VaultError where espeak-ng is missing or does not speak."""
    # A file, since espeak-ng writes a wrong length into the head of a WAV on its standard output.
    command = [_ESPEAK, "-v", voice, "-s", _WORDS_PER_MINUTE, "-w", "{wav}", "--stdin"]
    return _speak(
        command, text, voice, limit_s, "See `espeak-ng --voices` for the names, or give a recording by --wav."
    )


def by_command(engine: str, text: str, language: str, limit_s: float = DEFAULT_LIMIT_S) -> bytes:
    """A sound file of `text`, made by the command `engine`. limit_s: it is ended after so many seconds.

    Raises VaultError where the command cannot be split or started, ends with an error, takes too long, or leaves no
    sound.
    """
    try:
        command = shlex.split(engine)
    except ValueError as error:
        raise VaultError(f"The engine {engine!r} is no command: {error}.", "Close its quotes.") from None
    if not command:
        raise VaultError("The engine is empty.", "Give a command such as 'espeak-ng -v {language} -w {wav}'.")
    return _speak(command, text, language, limit_s, "Correct the engine's command, or run it by hand to see why.")


def _speak(command: list[str], text: str, language: str, limit_s: float, hint: str) -> bytes:
    with tempfile.TemporaryDirectory(prefix="testigo-notice-") as folder:
        wav = Path(folder) / "notice.wav"
        values = {"language": language, "wav": str(wav), "text": text}
        # In one step, so that braces in the words are not replaced.
        arguments = [_PLACE.sub(lambda found: values[found[1]], argument) for argument in command]
        asked = "".join(command)
        words = b"" if "{text}" in asked else text.encode()
        sound = _run(arguments, words, language, limit_s, Path(folder), hint)
        if "{wav}" in asked:
            sound = wav.read_bytes() if wav.is_file() else b""
        if not sound:
            place = "{wav}" if "{wav}" in asked else "its standard output"
            raise VaultError(f"{command[0]} ended well, but wrote no sound to {place}.", hint)
        return sound


def _run(arguments: list[str], words: bytes, language: str, limit_s: float, folder: Path, hint: str) -> bytes:
    """What the program writes on its standard output. One that takes too long is ended with its child processes."""
    if shutil.which(arguments[0]) is None:
        raise VaultError(f"{arguments[0]} is not installed.", "Install it, name another by --engine, or give --wav.")
    with open(folder / "out", "w+b") as out, open(folder / "err", "w+b") as err:
        try:
            process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=out, stderr=err, start_new_session=True)
        except (OSError, ValueError) as error:  # ValueError: a NUL in an argument
            reason = getattr(error, "strerror", None) or error
            raise VaultError(f"{arguments[0]} cannot be started: {reason}.", hint) from None
        try:
            process.communicate(words, timeout=limit_s)
        except subprocess.TimeoutExpired:
            raise VaultError(
                f"{arguments[0]} was still not done after {limit_s:g} s, and was ended.",
                "Give it more time by --limit, or correct its command.",
            ) from None
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if process.returncode:
            err.seek(0)
            said = err.read().decode("utf-8", "replace").strip().splitlines()
            reason = said[-1].rstrip(".") if said else f"status {process.returncode}"
            raise VaultError(f"{arguments[0]} did not speak {language!r}: {reason}.", hint)
        out.seek(0)
        return out.read()


def speak(
    parts: list[tuple[str, str]],
    engine: str = "",
    limit_s: float = DEFAULT_LIMIT_S,
    progress: Progress = lambda text: None,
) -> list[bytes]:
    """A sound file for each (language, text) of `compose.parts`, by `engine` or else by espeak-ng.

    An engine without {language} in its command has one voice, so it speaks all parts as one. progress: called with a line of
    text before each part. Raises VaultError.
    """
    if engine and "{language}" not in engine:
        parts = [(parts[0][0] if parts else "", " ".join(text for _, text in parts))]
    sounds = []
    for number, (language, text) in enumerate(parts, 1):
        progress(f"speaking part {number} of {len(parts)} ({language})")
        words = spoken(text, language)
        if engine:
            sounds.append(by_command(engine, words, language, limit_s))
        else:
            sounds.append(by_espeak(words, voice_of(language)[0], limit_s))
    return sounds
