"""What policy.toml says, as the models that read it: `parser.load` makes a PolicySource; signing, notices and reports use it.

Whatever the appliance needs goes into the signed document (docs/formats/documents.md). The rest is for people; the digest
of the file's text binds it to that document. docs/policy.md describes every setting.
"""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from operator import neg
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from testigo_vault.policy import values
from testigo_vault.policy.purposes import BASES, PURPOSES
from testigo_vault.policy.values import MIDNIGHT
from testigo_vault.toml.types import NO_DATE, Day, NonemptyText, Text, Texts, choice, scaled, whole
from testigo_vault.toml.validation import Table, TomlDocument, needed
from testigo_wire.policy.emergency import CALLBACK_MINUTES

DEFAULT_FROM = date(2000, 1, 1)
DEFAULT_PAUSE_MS = 120_000  # where the worker pauses by keys: a forgotten pause must end


class Controller(Table):
    """Who decides why calls are recorded (GDPR article 4(7)). Empty texts: not given."""

    name: NonemptyText = needed("who decides that calls are recorded")
    contact: NonemptyText = needed("how people reach the controller about their rights")
    information: NonemptyText = needed("where the rest of the notice is read")  # as it is spoken: www.example.com/calls
    address: Text = ""
    tax_id: Text = ""
    dpo: Text = ""  # the data protection officer, with a contact
    representative: Text = ""  # of a controller outside the Union (GDPR article 27)
    authority: Text = ""  # the supervisory authority


class Processor(Table):
    """Another company that records or keeps for the controller (GDPR article 28)."""

    name: NonemptyText = needed("who records or keeps for the controller")
    contact: NonemptyText = needed("how to reach the processor")
    address: Text = ""
    tax_id: Text = ""
    subprocessors: Texts = Field(default=[])


class Processing(Table):
    """What else the record of processing activities needs (GDPR article 30)."""

    retention_days: Annotated[int, whole(1, 36_500)] = needed("how long recordings are kept, in days", 0)
    recipients: Texts = Field(default=[])
    transfers: Text = ""  # to third countries, with the safeguard; empty: none
    persons: Texts = Field(default=[])  # categories of data subjects
    data: Texts = Field(default=[])  # categories of personal data


class Numbering(Table):
    """How numbers are dialled at the appliance's site, to make E.164 numbers of them."""

    country_code: values.CountryCode = ""
    national_prefix: values.Digits = ""
    international_prefix: values.Digits = "00"


class Emergency(Table):
    """What a site adds to the emergency numbers that always hold (testigo_wire/policy/emergency.py)."""

    numbers: values.Numbers = Field(default=[])
    outside_prefix: values.Digits = ""  # for an outside line, beside 0 and 9
    callback_minutes: Annotated[int, whole(0, 1440)] = CALLBACK_MINUTES  # incoming calls are not announced for so long


class Voice(Table):
    """A notice in one language. The first of a line is played unless the call came to a number of another."""

    language: values.Language = needed("as es, eu or pt-BR")
    notice: values.NoticeName = needed("the name given to `testigo notice make`")
    key: values.Key = ""  # that chooses it
    called: values.Prefixes = Field(default=[])  # prefixes of called numbers that choose it


class Tone(Table):
    """The warning tone."""

    hertz: Annotated[int, whole(300, 3400)] = 1400
    length_ms: Annotated[int, whole(20, 2000)] = 500
    interval_ms: Annotated[int, scaled(1000, 0.04, 3600)] = Field(15_000, alias="interval_s")
    level: Annotated[int, whole(-60, 0), AfterValidator(neg)] = Field(20, alias="level_dbm0")  # dB below 0 dBm0


class Keys(Table):
    """Sequences that the worker types; empty: not possible."""

    start: values.KeySequence = ""
    stop: values.KeySequence = ""
    pause: values.KeySequence = ""
    resume: values.KeySequence = ""


@dataclass
class Span:
    """A part of the week in which a line is recorded, local time. Ends after it begins; minutes from midnight."""

    days: list[int]  # 0 Monday to 6 Sunday
    begin: int
    end: int  # 1440: midnight


class ScheduleEntry(Table):
    """[[lines.schedule]]: days and hours, which may pass midnight."""

    days: values.Days = needed("as ['mon', 'tue'] or 'mon-fri'", [])
    begin: values.Clock = Field(0, alias="from")
    end: values.Clock = Field(MIDNIGHT, alias="to")

    def spans(self) -> list[Span]:
        """One span, or two where it passes midnight."""
        if not self.days or self.begin < self.end:
            return [Span(self.days, self.begin, self.end)]
        spans = [Span(self.days, self.begin, MIDNIGHT)]
        if self.end:
            spans.append(Span(sorted((day + 1) % 7 for day in self.days), 0, self.end))
        return spans


class Acknowledgement(Table):
    """A worker, or all workers of a line, acknowledged that calls are recorded."""

    worker: NonemptyText = needed("who took note, or 'all workers of the line'")
    day: Day = Field(NO_DATE, alias="date", description="the day on which it was signed")
    text: NonemptyText = needed("the version of the text that was signed")


class Line(Table):
    """One line in one direction, or in both."""

    name: values.LineName = needed("the name that an appliance's settings give to the line")
    direction: Annotated[str, choice("in", "out", "both")] = "both"
    mode: Annotated[str, choice("all", "on-demand", "never")] = needed("use all, on-demand or never")
    basis: Annotated[str, choice(*BASES)] = needed(f"the legal basis: one of {', '.join(BASES)}")
    purposes: values.Purposes = needed(f"what for: some of {', '.join(PURPOSES)}, or of [purposes]", [])
    rule: Annotated[str, choice("notify", "opt-out", "opt-in")] = needed("use notify, opt-out or opt-in")
    accept_key: values.Key = ""
    object_key: values.Key = ""
    objection: Annotated[str, choice("connect", "end-call")] = "connect"
    order: Annotated[str, choice("notice-first", "answer-first")] = "notice-first"
    notice_legs: Annotated[str, choice("far", "both")] = "far"
    notices: list[Voice] = needed("add [[lines.notices]] with language and notice", [])
    key_timeout_ms: Annotated[int, scaled(1000, 1, 120)] = Field(10_000, alias="key_timeout_s")
    repeats: Annotated[int, whole(0, 9)] = 0
    worker: Annotated[str, choice("notice", "tone", "acknowledgement")] = "acknowledgement"
    worker_notice: values.NoticeName = ""  # where worker is notice
    acknowledgements: list[Acknowledgement] = Field(default=[])
    tone: Tone | None = None
    keys: Keys = Keys()
    pause_limit_ms: Annotated[int, scaled(1000, 1, 3600)] = Field(0, alias="pause_limit_s")
    schedule_entries: list[ScheduleEntry] = Field([], alias="schedule")  # empty: always
    only: values.PrefixesOrShort = Field(default=[])  # prefixes of the other party's number; empty: all
    except_: values.PrefixesOrShort = Field([], alias="except")
    impossible: Annotated[str, choice("connect-unrecorded", "refuse-call")] = "connect-unrecorded"
    max_ms: Annotated[int, scaled(60_000, 0, 1440)] = Field(0, alias="longest_minutes")  # 0: no limit
    # What is kept of the other party's number in the record of a call without audio.
    unrecorded_numbers: Annotated[str, choice("full", "last-3", "none")] = "full"
    high_level: bool = False  # data of RD 1720/2007 article 81.3, GDPR article 9

    @cached_property
    def schedule(self) -> list[Span]:
        """When the line is recorded; empty: always."""
        return [span for entry in self.schedule_entries for span in entry.spans()]

    @model_validator(mode="after")
    def _limit_pauses(self) -> "Line":
        if self.keys.pause and "pause_limit_ms" not in self.model_fields_set:
            self.pause_limit_ms = DEFAULT_PAUSE_MS
        return self

    def needed_settings(self) -> dict[str, str]:
        """Of a line that is never recorded, nothing but its name and mode."""
        hints = super().needed_settings()
        return {name: hints[name] for name in ("name", "mode")} if self.mode == "never" else hints


class PolicySource(TomlDocument):
    """The whole file. The signed document names the SHA-256 of its `text`."""

    placeholders = True  # `checks.refuse_unfinished` names them before it is signed
    valid_from: Day = DEFAULT_FROM
    valid_until: Day | None = None  # the last day of which it is valid
    timezone: values.Timezone = "UTC"  # IANA name, for schedules
    jurisdiction: Text = ""  # as ES, EU, UK, DE, US-CA
    controller: Controller = needed("add [controller] with name, contact and information", Controller())
    processor: Processor | None = None
    processing: Processing = needed("add [processing] with retention_days", Processing())
    numbering: Numbering = Numbering()
    emergency: Emergency = Emergency()
    purposes: values.OwnPurposes = Field(default={})  # own purposes: name -> {language: words}
    lines: list[Line] = needed("add [[lines]], one for each line", [])
