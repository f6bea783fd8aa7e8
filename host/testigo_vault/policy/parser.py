"""Reads policy.toml, which people write, into a PolicySource. docs/policy.md describes every setting.

Forgiving where a slip changes nothing (keys as numbers, spaces in telephone numbers, days written out), strict where it
would: a setting that nobody knows is an error. All errors of a file are told at once, each with its line.
"""

import re
from pathlib import Path

from testigo_vault.policy import checks as policy_checks
from testigo_vault.policy import values
from testigo_vault.policy.purposes import BASES, PURPOSES
from testigo_vault.policy.source import (
    Acknowledgement,
    Controller,
    Keys,
    Line,
    Numbering,
    PolicySource,
    Processing,
    Processor,
    Span,
    Tone,
    Voice,
)
from testigo_vault.policy.values import MIDNIGHT
from testigo_vault.toml.reader import (
    NOT_SAID,
    Table,
    TomlFile,
    Wrong,
    boolean,
    choice,
    day,
    scaled,
    some_text,
    text,
    whole,
)

DEFAULT_FROM = "2000-01-01"
DEFAULT_PAUSE_MS = 120_000  # where there are keys to pause, but no limit is said
_PURPOSE = re.compile(r"[a-z][a-z0-9-]{0,31}\Z")


def load(path: Path) -> PolicySource:
    """The policy in a file. Raises VaultError where there is none, FileProblems with all that is wrong in it."""
    file = TomlFile.read(path, "`testigo policy new` makes one from a preset; give the path of one.")
    return _source(file)


def parse(policy_text: str, path: Path) -> PolicySource:
    """The same from a text, as the archive keeps it. path: what errors call it."""
    return _source(TomlFile(path, policy_text))


def _source(file: TomlFile) -> PolicySource:
    top = file.top()
    source = PolicySource(
        path=file.path,
        text=file.text,
        valid_from=top.take("valid_from", day, day(DEFAULT_FROM)),
        valid_until=top.take("valid_until", day),
        timezone=top.take("timezone", values.timezone, "UTC"),
        jurisdiction=top.take("jurisdiction", text, ""),
        controller=_controller(top),
        processor=_processor(top),
        processing=_processing(top),
        numbering=_numbering(top),
        purposes=_purposes(top),
        lines=[],
        places=file.lines,
    )
    known = [*PURPOSES, *source.purposes]
    source.lines = [_line(table, known) for table in top.tables("lines", "add [[lines]], one for each line")]
    top.end()
    if "lines" in file.values and not file.values["lines"]:
        file.wrong(("lines",), "is empty: add [[lines]], one for each line")
    policy_checks.consistent(source, file)
    file.end()
    return source


def _controller(top: Table) -> Controller:
    table = top.table("controller", "add [controller] with name, contact and information")
    controller = Controller("", "", "")
    if table:
        controller = Controller(
            name=table.take("name", some_text, "", "who decides that calls are recorded"),
            contact=table.take("contact", some_text, "", "how people reach the controller about their rights"),
            information=table.take("information", some_text, "", "where the rest of the notice is read"),
            **{key: table.take(key, text, "") for key in ("address", "tax_id", "dpo", "representative", "authority")},
        )
        table.end()
    return controller


def _processor(top: Table) -> Processor | None:
    table = top.table("processor")
    if table is None:
        return None
    processor = Processor(
        name=table.take("name", some_text, "", "who records or keeps for the controller"),
        contact=table.take("contact", some_text, "", "how to reach the processor"),
        address=table.take("address", text, ""),
        tax_id=table.take("tax_id", text, ""),
        subprocessors=table.items("subprocessors", some_text),
    )
    table.end()
    return processor


def _processing(top: Table) -> Processing:
    table = top.table("processing", "add [processing] with retention_days")
    processing = Processing(0)
    if table:
        processing = Processing(
            retention_days=table.take("retention_days", whole(1, 36_500), 0, "how long recordings are kept, in days"),
            recipients=table.items("recipients", some_text),
            transfers=table.take("transfers", text, ""),
            persons=table.items("persons", some_text),
            data=table.items("data", some_text),
        )
        table.end()
    return processing


def _numbering(top: Table) -> Numbering:
    table = top.table("numbering")
    numbering = Numbering()
    if table:
        numbering = Numbering(
            country_code=table.take("country_code", values.country_code, ""),
            national_prefix=table.take("national_prefix", values.digits, ""),
            international_prefix=table.take("international_prefix", values.digits, numbering.international_prefix),
        )
        table.end()
    return numbering


def _purposes(top: Table) -> dict[str, dict[str, str]]:
    purposes: dict[str, dict[str, str]] = {}
    own = top.table("purposes")
    for name, words in own.rest().items() if own else ():
        assert own
        path = (*own.path, name)
        if name in PURPOSES:
            own.file.wrong(path, "is a purpose that is known already: choose another name for yours")
        elif not _PURPOSE.match(name):
            own.file.wrong(path, "cannot name a purpose: use up to 32 small letters, digits and dashes")
        if not isinstance(words, dict) or not words:
            own.file.wrong(path, 'needs its words in each language, as en = "plan routes"')
            continue
        table = Table(own.file, path, words)
        purposes[name] = {language: table.take(language, some_text, "") for language in words}
        for language in words:
            try:
                values.language(language)
            except Wrong as wrong:
                own.file.wrong((*path, language), str(wrong))
    return purposes


def _line(table: Table, purposes: list[str]) -> Line:
    mode = table.take("mode", choice("all", "on-demand", "never"), "", "use all, on-demand or never")
    needed = mode != "never"  # of a line that is never recorded, nothing else counts

    def required(reason: str) -> str:
        return reason if needed else ""

    keys = _keys(table)
    line = Line(
        name=table.take("name", values.line_name, "", "the name that an appliance's settings give to the line"),
        direction=table.take("direction", choice("in", "out", "both"), "both"),
        mode=mode,
        basis=table.take("basis", choice(*BASES), "", required(f"the legal basis: one of {', '.join(BASES)}")),
        purposes=table.items("purposes", choice(*purposes), required(f"what for: some of {', '.join(purposes)}")),
        rule=table.take("rule", choice("notify", "opt-out", "opt-in"), "", required("use notify, opt-out or opt-in")),
        accept_key=table.take("accept_key", values.key, ""),
        object_key=table.take("object_key", values.key, ""),
        objection=table.take("objection", choice("connect", "end-call"), "connect"),
        order=table.take("order", choice("notice-first", "answer-first"), "notice-first"),
        notice_legs=table.take("notice_legs", choice("far", "both"), "far"),
        notices=[
            _voice(voice)
            for voice in table.tables("notices", required("add [[lines.notices]] with language and notice"))
        ],
        key_timeout_ms=table.take("key_timeout_s", scaled(1000, 1, 120), 10_000),
        repeats=table.take("repeats", whole(0, 9), 0),
        worker=table.take("worker", choice("notice", "tone", "acknowledgement"), "acknowledgement"),
        worker_notice=table.take("worker_notice", values.notice_name, ""),
        acknowledgements=[_acknowledgement(entry) for entry in table.tables("acknowledgements")],
        tone=_tone(table),
        keys=keys,
        pause_limit_ms=table.take("pause_limit_s", scaled(1000, 1, 3600), DEFAULT_PAUSE_MS if keys.pause else 0),
        schedule=[span for entry in table.tables("schedule") for span in _spans(entry)],
        only=table.items("only", values.prefix_or_short),
        except_=table.items("except", values.prefix_or_short),
        impossible=table.take("impossible", choice("connect-unrecorded", "refuse-call"), "connect-unrecorded"),
        max_ms=table.take("longest_minutes", scaled(60_000, 0, 1440), 0),
        unrecorded_numbers=table.take("unrecorded_numbers", choice("full", "last-3", "none"), "full"),
        high_level=table.take("high_level", boolean, False),
    )
    table.end()
    return line


def _voice(table: Table) -> Voice:
    voice = Voice(
        language=table.take("language", values.language, "", "as es, eu or pt-BR"),
        notice=table.take("notice", values.notice_name, "", "the name given to `testigo notice make`"),
        key=table.take("key", values.key, ""),
        called=table.items("called", values.prefix),
    )
    table.end()
    return voice


def _tone(line: Table) -> Tone | None:
    table = line.table("tone")
    if table is None:
        return None
    tone = Tone(
        hertz=table.take("hertz", whole(300, 3400), 1400),
        length_ms=table.take("length_ms", whole(20, 2000), 500),
        interval_ms=table.take("interval_s", scaled(1000, 0.04, 3600), 15_000),
        level=-table.take("level_dbm0", whole(-60, 0), -20),
    )
    table.end()
    return tone


def _keys(line: Table) -> Keys:
    table = line.table("keys")
    if table is None:
        return Keys()
    keys = Keys(**{name: table.take(name, values.sequence, "") for name in ("start", "stop", "pause", "resume")})
    table.end()
    return keys


def _acknowledgement(table: Table) -> Acknowledgement:
    entry = Acknowledgement(
        worker=table.take("worker", some_text, "", "who took note, or 'all workers of the line'"),
        day=table.take("date", day, NOT_SAID, "the day on which it was signed"),
        text=table.take("text", some_text, "", "the version of the text that was signed"),
    )
    table.end()
    return entry


def _spans(table: Table) -> list[Span]:
    """One span, or two where it goes over midnight."""
    days = table.take("days", values.days, [], "as ['mon', 'tue'] or 'mon-fri'")
    begin = table.take("from", values.clock, 0)
    end = table.take("to", values.clock, MIDNIGHT)
    table.end()
    if begin == MIDNIGHT:
        table.file.wrong((*table.path, "from"), "is 24:00: write 00:00, of the next day")
    if begin == end:
        table.file.wrong((*table.path, "to"), "is the same time as from: for the whole day leave both out")
    if not days or begin < end:
        return [Span(days, begin, end)]
    spans = [Span(days, begin, MIDNIGHT)]
    if end:
        spans.append(Span(sorted((day + 1) % 7 for day in days), 0, end))
    return spans
