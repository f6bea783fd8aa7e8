"""The line of each setting in a TOML file, for error messages: tomllib gives the values without their lines.

`lines_of` reads a text that tomllib has accepted, so it looks only for the beginnings of keys and values (TOML 1.0). A test
compares its settings with those that tomllib finds.
"""

import re
import tomllib

Setting = tuple[str | int, ...]  # ("lines", 0, "notices", 1, "key"); () is the whole file

_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}' r"|'''(?:[^']|'{1,2}(?!'))*'{3,5}" r'|"(?:[^"\\\n]|\\.)*"' r"|'[^'\n]*'",
    re.DOTALL,
)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SPACE = re.compile(r"[ \t]*")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")  # comments too
_MAX_DEPTH = 100  # parts of a dotted key; each is noted with all before it
_SCALAR = re.compile(r"[^,\]}#\n]*")  # a number, a boolean or a date


class NestedTooDeep(Exception):
    """A key has more parts than any settings file needs."""


def lines_of(text: str) -> dict[Setting, int]:
    """Line number, from 1, of every table, key and array element of a valid TOML text. Raises NestedTooDeep."""
    return _Scan(text).document()


def format_setting(setting: Setting) -> str:
    """A setting as error messages name it: lines[0].notices[1].key."""
    out = ""
    for part in setting:
        out += f"[{part}]" if isinstance(part, int) else ("." if out else "") + part
    return out


class _Scan:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line, self._counted = 1, 0
        self._tables: dict[Setting, int] = {}  # arrays of tables: how many there are
        self._found: dict[Setting, int] = {}

    def document(self) -> dict[Setting, int]:
        table: Setting = ()
        while self._blank() and self._at < len(self._text):
            if self._text.startswith("[[", self._at):
                table = self._header(2)
            elif self._text[self._at] == "[":
                table = self._header(1)
            else:
                self._pair(table)
        return self._found

    def _header(self, brackets: int) -> Setting:
        self._at += brackets
        keys = self._keys()
        self._at += brackets  # that close it
        setting: Setting = ()
        for i, key in enumerate(keys):
            setting += (key,)
            self._note(setting)
            if brackets == 2 and i == len(keys) - 1:
                self._tables[setting] = self._tables.get(setting, 0) + 1
            if setting in self._tables:
                setting += (self._tables[setting] - 1,)
                self._note(setting)
        return setting

    def _pair(self, table: Setting) -> None:
        setting = table
        for key in self._keys():
            setting += (key,)
            self._note(setting)
        self._at += 1  # =
        self._value(setting)

    def _keys(self) -> list[str]:
        """The parts of a dotted key, up to what follows it."""
        keys = []
        while True:
            self._skip(_SPACE)
            quoted = _STRING.match(self._text, self._at)
            if quoted:
                keys.append(str(tomllib.loads(f"key = {quoted[0]}")["key"]))
                self._at = quoted.end()
            else:
                bare = _BARE_KEY.match(self._text, self._at)
                assert bare, "tomllib has accepted this text"
                keys.append(bare[0])
                self._at = bare.end()
            self._skip(_SPACE)
            if self._text[self._at] != ".":
                return keys
            if len(keys) == _MAX_DEPTH:
                raise NestedTooDeep
            self._at += 1

    def _value(self, setting: Setting) -> None:
        self._skip(_SPACE)
        first = self._text[self._at]
        if first in "\"'":
            self._skip(_STRING)
        elif first not in "[{":
            self._skip(_SCALAR)
        else:
            self._at += 1
            index = 0
            while self._blank() and self._text[self._at] not in "]}":
                if first == "{":
                    self._pair(setting)
                else:
                    self._note((*setting, index))
                    self._value((*setting, index))
                    index += 1
                self._blank()
                if self._text[self._at] == ",":
                    self._at += 1
            self._at += 1

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self._text, self._at)
        assert match, "tomllib has accepted this text"
        self._at = match.end()

    def _blank(self) -> bool:
        self._skip(_BLANK)
        return True

    def _note(self, setting: Setting) -> None:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        self._found.setdefault(setting, self._line)
