"""What a person writes in policy.toml, as data: `parser.load` reads it, `documents.signing` signs it, notices and reports are
filled in from it.

Everything that the appliance needs goes into the signed document (docs/formats/documents.md); the rest is for people,
and is bound to that document by the digest of the file's text.
"""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path


@dataclass
class Controller:
    """Who decides why calls are recorded (GDPR article 4(7)). Empty texts: not said."""

    name: str
    contact: str  # how people reach the controller about their rights
    information: str  # where the rest of the notice is read, as it is spoken: "www.example.com/calls"
    address: str = ""
    tax_id: str = ""
    dpo: str = ""  # the data protection officer, with a contact
    representative: str = ""  # of a controller outside the Union (GDPR article 27)
    authority: str = ""  # the supervisory authority


@dataclass
class Processor:
    """Another company that records or keeps for the controller (GDPR article 28)."""

    name: str
    contact: str
    address: str = ""
    tax_id: str = ""
    subprocessors: list[str] = field(default_factory=list)


@dataclass
class Processing:
    """What the record of processing activities wants to know beside (GDPR article 30)."""

    retention_days: int
    recipients: list[str] = field(default_factory=list)
    transfers: str = ""  # to third countries, with the safeguard; empty: none
    persons: list[str] = field(default_factory=list)  # categories of data subjects
    data: list[str] = field(default_factory=list)  # categories of personal data


@dataclass
class Numbering:
    """How numbers are dialled where the appliance is: makes E.164 of them."""

    country_code: str = ""
    national_prefix: str = ""
    international_prefix: str = "00"


@dataclass
class Voice:
    """A notice in one language: the first of a line is the one that is played unless another's number was called."""

    language: str  # BCP 47
    notice: str  # its name
    key: str = ""  # that chooses it
    called: list[str] = field(default_factory=list)  # prefixes of called numbers in E.164 that choose it


@dataclass
class Tone:
    """The warning tone."""

    hertz: int
    length_ms: int
    interval_ms: int
    level: int  # dB below 0 dBm0


@dataclass
class Keys:
    """Sequences that the worker types; empty: not possible."""

    start: str = ""
    stop: str = ""
    pause: str = ""
    resume: str = ""


@dataclass
class Span:
    """A part of the week in which a line is recorded, local time. Ends after it begins; minutes from midnight."""

    days: list[int]  # 0 Monday to 6 Sunday
    begin: int
    end: int  # 1440: midnight


@dataclass
class Acknowledgement:
    """A worker, or all workers of a line, took note that calls are recorded."""

    worker: str
    day: date
    text: str  # the version of the text that was signed


@dataclass
class Line:
    """One line in one direction, or in both."""

    name: str
    direction: str  # in, out, both
    mode: str  # all, on-demand, never
    basis: str  # a key of `purposes.BASES`
    purposes: list[str]  # keys of `purposes.PURPOSES`, or of PolicySource.purposes
    rule: str  # notify, opt-out, opt-in
    accept_key: str = ""
    object_key: str = ""
    objection: str = "connect"  # or end-call
    order: str = "notice-first"  # or answer-first
    notice_legs: str = "far"  # or both
    notices: list[Voice] = field(default_factory=list)
    key_timeout_ms: int = 10_000
    repeats: int = 0
    worker: str = "acknowledgement"  # or notice, tone
    worker_notice: str = ""  # the notice's name, where worker is notice
    acknowledgements: list[Acknowledgement] = field(default_factory=list)
    tone: Tone | None = None
    keys: Keys = field(default_factory=Keys)
    pause_limit_ms: int = 0
    schedule: list[Span] = field(default_factory=list)  # empty: always
    only: list[str] = field(default_factory=list)  # prefixes of the other party's number; empty: all
    except_: list[str] = field(default_factory=list)
    impossible: str = "connect-unrecorded"  # or refuse-call
    max_ms: int = 0  # 0: no limit
    unrecorded_numbers: str = "full"  # or last-3, none: of the other party, in the record of a call without audio
    high_level: bool = False  # data of RD 1720/2007 article 81.3, GDPR article 9


@dataclass
class PolicySource:
    """The whole file. `text` is what was read, whose SHA-256 the signed document names."""

    path: Path
    text: str
    controller: Controller
    numbering: Numbering
    processing: Processing
    lines: list[Line]
    valid_from: date
    valid_until: date | None = None  # the last day of which it is valid
    timezone: str = "UTC"  # IANA name, for schedules
    jurisdiction: str = ""  # as ES, EU, UK, DE, US-CA
    processor: Processor | None = None
    purposes: dict[str, dict[str, str]] = field(default_factory=dict)  # own purposes: name -> {language: words}
    places: dict[tuple[str | int, ...], int] = field(default_factory=dict, repr=False)  # setting -> line of the file
