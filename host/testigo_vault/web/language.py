"""The languages of the pages: gettext catalogues, and dates, numbers and lengths as each language writes them.

The catalogues are `locale/<language>/LC_MESSAGES/messages.po`. They are compiled in memory when a language is first
used, so that a checkout and an installed package need no build step (docs/adr/0014-page-languages.md).

A page is in the language that the user chose (kept in a cookie), else in the best one that the browser accepts
(RFC 9110 section 12.5.4), else in English.
"""

import datetime
import functools
import io
import re
from pathlib import Path

from babel import Locale, UnknownLocaleError, dates, numbers
from babel.core import negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from fastapi import Request

from testigo_vault.vocabulary.translator import Translator, translator
from testigo_vault.web.stored_findings import said_in
from testigo_vault.web.stored_texts import PATTERNS

COOKIE = "testigo_language"
LOCALE_FOLDER = Path(__file__).parent / "locale"

# Language of the pages -> the locale whose dates and numbers it uses.
LOCALES = {"en": Locale("en", "GB"), "es": Locale("es", "ES")}
DEFAULT = "en"

# A value of a stored text is translated in its turn: an alarm has findings, a finding has a code and a text.
_MAX_DEPTH = 6

# Whose readers understand Spanish better than English.
_READ_SPANISH = {"ca", "eu", "gl", "ast", "oc", "an"}
_ACCEPTED = re.compile(r"\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*q=([01](?:\.\d{0,3})?)\s*)?\Z")


class Language:
    """One language of the pages. Templates use it as `language`; make it by `get`."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.locale = LOCALES[code]
        self.words: Translator = translator(code)
        self._translations = _compile(code)

    @property
    def name(self) -> str:
        """As its speakers write it: English, Español."""
        name = Locale(self.code).get_display_name() or self.code
        return name[0].upper() + name[1:]

    def name_of(self, tag: str) -> str:
        """The name of another language (BCP 47) in this one: Spanish; the tag itself where it is not known."""
        try:
            return Locale.parse(tag, sep="-").get_display_name(self.locale) or tag
        except (UnknownLocaleError, ValueError):
            return tag

    def gettext(self, message: str) -> str:
        return self._translations.ugettext(message)

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        return self._translations.ungettext(singular, plural, count)

    def stored(self, text: str, depth: int = 0) -> str:
        """A text that the vault makes, logs or stores in English: an error, an alarm, a finding, a detail of the log.

        What has no pattern in stored_texts.py stays as it is.
        """
        translated = self.gettext(text) if text else ""
        if translated != text or self.code == DEFAULT or depth > _MAX_DEPTH:
            return translated
        for template, pattern in PATTERNS:
            match = pattern.fullmatch(text)
            if match:
                values = {name: self._stored_value(name, value, depth) for name, value in match.groupdict().items()}
                return self.gettext(template).format(**values)
        return said_in(self.code, text) or text

    def _stored_value(self, name: str, value: str, depth: int) -> str:
        if name == "date":
            return self.iso_date(value)
        if name == "unrecorded":
            codes = {words: code for code, words in translator("en").table("unrecorded").items()}
            return self.words.term("unrecorded", codes.get(value, value))
        return "; ".join(self.stored(part, depth + 1) for part in value.split("; "))

    def date(self, day: datetime.date) -> str:
        """26 Nov 2026"""
        return dates.format_date(day, "medium", self.locale)

    def day(self, ms: int) -> str:
        """Thursday, 26 November 2026, in the vault's time zone; "" where it is not known."""
        return dates.format_date(_local(ms), "full", self.locale) if ms else ""

    def time(self, ms: int) -> str:
        """15:04:05, in the vault's time zone; "" where it is not known."""
        return dates.format_time(_local(ms), "medium", locale=self.locale) if ms else ""

    def date_time(self, ms: int) -> str:
        """26 Nov 2026, 15:04:05, in the vault's time zone."""
        return dates.format_datetime(_local(ms), "medium", locale=self.locale) if ms else self.gettext("not known")

    @staticmethod
    def iso(ms: int) -> str:
        """For <time datetime>: ISO 8601 with the offset of the vault's time zone."""
        return _local(ms).astimezone().isoformat(timespec="milliseconds") if ms else ""

    def iso_date(self, iso: str) -> str:
        """The date of a time in ISO 8601: 26 Nov 2026"""
        try:
            return self.date(datetime.date.fromisoformat(iso[:10]))
        except ValueError:
            return iso

    def utc(self, iso: str) -> str:
        """The same for a time in ISO 8601, in UTC, such as the access log has."""
        try:
            return dates.format_datetime(datetime.datetime.fromisoformat(iso), "medium", locale=self.locale)
        except ValueError:
            return iso

    def number(self, value: float, digits: int = 0) -> str:
        """digits: how many to show after the decimal sign; 0: up to three, those that are needed."""
        pattern = "#,##0." + ("0" * digits or "###")
        return numbers.format_decimal(value, pattern, locale=self.locale)

    def seconds(self, ms: int) -> str:
        """Milliseconds as seconds with one digit: 3.5"""
        return self.number(ms / 1000, 1)

    def clock(self, t_ms: int) -> str:
        """Time since the recording was opened: 1:02.345 or 1:00:02.345."""
        whole, ms = divmod(max(0, t_ms), 1000)
        return f"{self.length(whole * 1000)}{numbers.get_decimal_symbol(self.locale)}{ms:03}"

    def length(self, ms: int) -> str:
        """0:42 or 1:02:03"""
        hours, seconds = divmod(max(0, ms) // 1000, 3600)
        return f"{hours}:{seconds // 60:02}:{seconds % 60:02}" if hours else f"{seconds // 60}:{seconds % 60:02}"

    @staticmethod
    def sentence(text: str) -> str:
        """With a capital letter at the beginning; the rest as it is."""
        return text[:1].upper() + text[1:]

    def size(self, count: int) -> str:
        """A count of bytes: 812 bytes, 1.4 MB"""
        if count < 1000:
            return self.ngettext("%(count)s byte", "%(count)s bytes", count) % {"count": count}
        value = float(count)
        for unit in ("kB", "MB"):
            value /= 1000
            if value < 1000:
                return f"{self.number(value, 1)} {unit}"
        return f"{self.number(value / 1000, 1)} GB"


@functools.cache
def get(code: str) -> Language:
    """code: a key of LOCALES."""
    return Language(code)


def language_of(request: Request) -> Language:
    """The user's choice, else the browser's, else English."""
    chosen = request.cookies.get(COOKIE, "")
    if chosen in LOCALES:
        return get(chosen)
    return get(negotiate(request.headers.get("accept-language", "")))


def negotiate(accept_language: str) -> str:
    """The best language for an Accept-Language header."""
    accepted: list[tuple[float, int, str]] = []
    for part in accept_language[:500].split(","):
        match = _ACCEPTED.match(part)
        if match and float(match[2] or 1) > 0:
            accepted.append((-float(match[2] or 1), len(accepted), match[1].lower()))  # tags have no case (RFC 5646)
    tags = [tag for _, _, tag in sorted(accepted)]
    found = negotiate_locale(tags, list(LOCALES), sep="-")
    if found is None and any(tag.split("-")[0] in _READ_SPANISH for tag in tags):
        return "es"
    return found or DEFAULT


def _compile(code: str) -> Translations:
    path = LOCALE_FOLDER / code / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        catalogue = read_po(file, locale=code)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


def _local(ms: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(ms / 1000)
