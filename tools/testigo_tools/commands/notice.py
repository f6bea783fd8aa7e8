"""`testigo notice make | text | list | check | preview`: the notices, made from the policy, a text or a WAV file."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.markup import escape

from testigo_tools.options import VAULT_OPTION, console, report_errors

if TYPE_CHECKING:
    from testigo_vault.notice.plan import Plan
    from testigo_vault.notice.signed import SignedNotice
    from testigo_vault.policy.source import PolicySource

notices = typer.Typer(no_args_is_help=True, help="Make and check the notices that callers hear.")

_LANGUAGE = typer.Option("", help="The language (BCP 47), as es or en-GB; by default as in policy.toml.")
_LINE = typer.Option("", help="Compose for this line; by default the first that plays the notice.")
_WORKER = typer.Option(False, help="A notice for the worker; set by itself if policy.toml says so.")
_SHORT = typer.Option(False, help="Compose the short text: rights and further information in one sentence.")
_ENCODING = typer.Option("PCMU", help="Encoding: PCMU or PCMA.")
_WIDEST = 100
_PATIENCE_MS = 40_000
_FASTEST = 30  # characters a second, about twice as fast as people speak


@notices.command()
def make(
    name: str = typer.Argument(..., help="The notice's name, as in the policy."),
    wav: Path | None = typer.Option(None, help="A recording of the notice; give its words by --text or --text-file."),
    text: str = typer.Option("", help="The words; by default composed from policy.toml."),
    text_file: Path | None = typer.Option(None, help="A file with the words."),
    language: str = _LANGUAGE,
    line: str = _LINE,
    engine: str = typer.Option("", help="Speech engine: a command with {language}, {wav}, {text}.", metavar="COMMAND"),
    limit: float = typer.Option(300.0, help="Longest time for the engine, in seconds.", min=0.1),
    worker: bool = _WORKER,
    short: bool = _SHORT,
    incomplete: str = typer.Option("", help="Sign a notice with incomplete words, for this reason.", metavar="REASON"),
    preview: Path | None = typer.Option(None, help="Also write what callers will hear to this WAV file."),
    vault: Path = VAULT_OPTION,
) -> None:
    """Make a notice: check that its words say what the law requires, turn them into speech and G.711, and sign it.

    The words are composed from policy.toml or taken from --text or --text-file. The loudness is normalised (EBU R128). The
    appliances get the notice at their next sync.
    """
    from testigo_vault.documents.archive import documents_of
    from testigo_vault.identity.organisation import Organisation
    from testigo_vault.notice import audio as notice_audio
    from testigo_vault.notice import signed as notice_signed
    from testigo_vault.notice.signed import sign_notice
    from testigo_vault.notice_name import check_notice_name

    with report_errors():
        organisation = Organisation(vault)
        check_notice_name(name)
        if preview:
            _free(preview)
        sound = notice_audio.from_file(wav) if wav else None
        words = _given(text, text_file)
        _together(wav, words, engine, short)
        plan, words = _words(vault, name, words, language, line, worker, short, incomplete)
        if sound is None:
            sound = _spoken(plan, words, engine, limit)
        version = sign_notice(organisation, name, plan.language, words, sound)
        made = notice_signed.read(documents_of(organisation), name)
        console.print(f"Notice {name}, version {version}: {sound.total_ms / 1000:.1f} s, signed.")
        console.print(words, markup=False, soft_wrap=True)
        _show(made, list(made.audio))
        if sound.total_ms < len(words) * 1000 / _FASTEST:
            console.print(
                f"[yellow]Note:[/] these words are not spoken in {sound.total_ms / 1000:.1f} s: listen to it. Callers "
                "have to hear all that is signed."
            )
        if sound.total_ms > _PATIENCE_MS:
            console.print(
                f"[yellow]Note:[/] callers wait {sound.total_ms / 1000:.0f} s; --short composes a shorter one."
            )
        if preview:
            _write(preview, notice_audio.wav("PCMU", made.audio["PCMU"]))


@notices.command("text")
def text_(
    language: str = _LANGUAGE,
    line: str = typer.Option("", help="Compose for this line; by default the first that is recorded."),
    worker: bool = _WORKER,
    short: bool = _SHORT,
    vault: Path = VAULT_OPTION,
) -> None:
    """Print the words composed from policy.toml, to edit them and use them with `make --text-file`."""
    from testigo_vault.notice import plan as notice_plan

    with report_errors():
        source = _policy(vault)
        plan = notice_plan.for_line(source, line, language, worker)
        console.print(notice_plan.composed(source, plan, short), markup=False, soft_wrap=True)


@notices.command("list")
def list_notices(vault: Path = VAULT_OPTION) -> None:
    """List the notices."""
    from testigo_vault.documents.archive import documents_of
    from testigo_vault.identity.organisation import Organisation

    with report_errors():
        documents = documents_of(Organisation(vault))
        for name in documents.notice_names():
            document = documents.read(documents.notice_path(name))
            _, language, words, total_ms, _ = document.body
            console.print(
                f"{name}  version {document.version}  {language}  {total_ms / 1000:.1f} s  {words}",
                markup=False,
                soft_wrap=True,
            )


@notices.command()
def check(name: str = typer.Argument(..., help="The notice's name."), vault: Path = VAULT_OPTION) -> None:
    """Check that a notice is intact and says what policy.toml requires on each line that plays it."""
    from testigo_vault.documents.archive import documents_of
    from testigo_vault.identity.organisation import Organisation
    from testigo_vault.notice import plan as notice_plan
    from testigo_vault.notice import signed as notice_signed

    with report_errors():
        made = notice_signed.read(documents_of(Organisation(vault)), name)
        source = _policy(vault)
        plan = notice_plan.for_notice(source, name, language=made.language)
        _complete(source, plan, made.text)
        lines = ", ".join(f"{line.name} ({line.direction})" for line in plan.lines)
        what = "is for the worker, of whose notice nothing is asked" if plan.worker else "says what it has to"
        console.print(f"Notice {name}, version {made.version}, {what}; audio as signed. Lines: {lines}.", markup=False)


@notices.command()
def preview(
    name: str = typer.Argument(..., help="The notice's name."),
    encoding: str = _ENCODING,
    out: Path | None = typer.Option(None, help="Write what callers hear to this WAV file."),
    vault: Path = VAULT_OPTION,
) -> None:
    """Show the words and level of a notice, and write as WAV what a caller hears, decoded from the signed bytes."""
    from testigo_vault.documents.archive import documents_of
    from testigo_vault.errors import VaultError
    from testigo_vault.identity.organisation import Organisation
    from testigo_vault.notice import audio as notice_audio
    from testigo_vault.notice import signed as notice_signed

    with report_errors():
        made = notice_signed.read(documents_of(Organisation(vault)), name)
        if encoding.upper() not in made.audio:
            raise VaultError(f"Notice {name} has no encoding {encoding!r}.", f"It has {' and '.join(made.audio)}.")
        console.print(f"Notice {name}, version {made.version}: {made.language}, {made.total_ms / 1000:.1f} s.")
        _show(made, [encoding.upper()])
        if out:
            _free(out)
            _write(out, notice_audio.wav(encoding.upper(), made.audio[encoding.upper()]))


def _policy(vault: Path) -> "PolicySource":
    from testigo_vault.policy import parser as policy_parser

    return policy_parser.load(vault / "policy.toml")


def _given(text: str, text_file: Path | None) -> str:
    """The words of a person, on one line."""
    from testigo_vault.errors import VaultError
    from testigo_vault.printable import visible

    if text and text_file:
        raise VaultError("--text and --text-file both give the words.", "Give one of them.")
    if text_file:
        try:
            text = text_file.read_text(encoding="utf-8")
        except OSError as error:
            raise VaultError(f"{text_file} cannot be read: {error.strerror}.", "Give the path of a text.") from None
        except UnicodeDecodeError:
            raise VaultError(f"{text_file} is not written in UTF-8.", "Save it so.") from None
        if not text.strip():
            raise VaultError(f"{text_file} is empty.", "Write the words into it.")
    words = " ".join(text.split())
    if visible(words) != words:
        raise VaultError("The words have control characters, which cannot be spoken.", "Remove them.")
    return words


def _together(wav: Path | None, words: str, engine: str, short: bool) -> None:
    from testigo_vault.errors import VaultError

    if wav and not words:
        raise VaultError(
            f"What {wav} says is not known, and the signed notice holds its words.",
            "Write down what it says, and give it by --text or --text-file.",
        )
    if wav and engine:
        raise VaultError("--wav is spoken already, so --engine has nothing to do.", "Give one of them.")
    if words and short:
        raise VaultError("--short is for words that are composed, and you give your own.", "Leave it out.")


def _words(
    vault: Path, name: str, words: str, language: str, line: str, worker: bool, short: bool, incomplete: str
) -> tuple["Plan", str]:
    """The plan of the notice, and its words: checked, unless it is for the worker or a reason is given."""
    from testigo_vault.errors import NotFound, VaultError
    from testigo_vault.notice import plan as notice_plan

    alone = bool(incomplete and words and language)  # nothing of the policy is needed then
    unchecked = ""
    try:
        source = _policy(vault)
    except VaultError as error:
        if not alone:
            raise
        unchecked = error.message
    try:
        plan = notice_plan.for_notice(source, name, line, language, worker) if not unchecked else None
    except NotFound as error:
        if not alone:
            raise
        plan, unchecked = None, error.message
    if plan is None:
        console.print(f"[yellow]Not checked:[/] {escape(unchecked)} Signed all the same, because: {escape(incomplete)}")
        return notice_plan.Plan(name, language, worker, []), words
    words = words or notice_plan.composed(source, plan, short)
    _complete(source, plan, words, incomplete)
    for tag, key in notice_plan.missing_languages(plan, words):
        console.print(f"[yellow]Callers are not told[/] that key {key} chooses the language {tag}.")
    return plan, words


def _complete(source: "PolicySource", plan: "Plan", words: str, incomplete: str = "") -> None:
    """Raise VaultError where the words lack something; with a reason, print what and go on."""
    from testigo_vault.errors import VaultError
    from testigo_vault.notice import plan as notice_plan

    try:
        lacks = notice_plan.missing(source, plan, words)
    except VaultError as error:
        if not incomplete:
            raise VaultError(error.message, f"{error.hint} Or give --incomplete REASON.") from None
        lacks = [f"anything that could be checked ({error.message})"]
    if lacks and incomplete:
        console.print("[yellow]The notice does not say:[/]")
        for lack in lacks:
            console.print(f"  {lack}", markup=False)
        console.print(f"Signed all the same, because: {incomplete}", markup=False)
    elif lacks:
        command = f"testigo notice text --language {plan.language} --line {shlex.quote(plan.lines[0].name)}"
        way = f"Add that; `{command}` prints words that do."
        if len(plan.lines) > 1:
            way = "It has to serve each line that plays it: add that, or make a notice for each line."
        raise VaultError(
            f"The notice does not say: {'; '.join(lacks)}.",
            f"{way} Or say by --incomplete REASON why it is not needed.",
        )


def _spoken(plan: "Plan", words: str, engine: str, limit: float):
    from testigo_vault.notice import audio as notice_audio
    from testigo_vault.notice import compose as notice_compose
    from testigo_vault.notice import speech as notice_speech

    others = plan.other_languages if plan.lines else []
    parts = notice_compose.parts(words, plan.language, others)
    if not engine:
        for tag in dict.fromkeys(tag for tag, _ in parts):
            remark = notice_speech.voice_of(tag)[1]
            if remark:
                console.print(f"[yellow]Note:[/] {remark}")
    with console.status("speaking") as status:
        sounds = notice_speech.speak(parts, engine, limit, status.update)
        status.update("normalising the loudness")
        return notice_audio.from_sounds(sounds, "the engine's output" if engine else "espeak-ng's output")


def _show(made: "SignedNotice", encodings: list[str]) -> None:
    """Level over time, loudness and digests."""
    from testigo_tools.display.notice_level import picture
    from testigo_vault.notice import audio as notice_audio

    for row in picture(encodings[0], made.audio[encodings[0]], min(console.width, _WIDEST)):
        console.print(row, markup=False)
    for encoding in encodings:
        level = notice_audio.loudness(encoding, made.audio[encoding])
        console.print(f"{encoding}  {level:.1f} LUFS  SHA-256 {made.digests[encoding].hex()}", soft_wrap=True)
        if abs(level - notice_audio.TARGET_LUFS) > notice_audio.TOLERANCE_LU:
            console.print(
                f"[yellow]Not the {notice_audio.TARGET_LUFS:g} LUFS that are wanted:[/] its peaks are far above the rest."
            )


def _free(path: Path) -> None:
    from testigo_vault.errors import VaultError

    if path.exists():
        raise VaultError(f"{path} exists already.", "Choose another name, or remove it first.")


def _write(path: Path, data: bytes) -> None:
    from testigo_vault.errors import VaultError

    try:
        with path.open("xb") as file:
            try:
                file.write(data)
                file.flush()
            except OSError:
                path.unlink()
                raise
    except OSError as error:
        raise VaultError(f"{path} cannot be written: {error.strerror}.", "Choose another place.") from None
    console.print(f"{path}  {len(data)} bytes", markup=False)


def register(app: typer.Typer) -> None:
    app.add_typer(notices, name="notice")
