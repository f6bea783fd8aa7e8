"""Warnings about emergency numbers: settings that could hide one, or that have no effect on one.

Calls to them are connected at once whatever a policy says (testigo_wire/policy/emergency.py). But an exchange that takes
off a prefix, or a prefix that nobody named, can change what is dialled before the appliance sees it.
"""

from collections.abc import Iterator

from testigo_vault.policy.compiler import emergency_numbers
from testigo_vault.policy.source import Line, PolicySource
from testigo_vault.toml.positions import Setting
from testigo_wire.policy.emergency import is_short
from testigo_wire.policy.emergency_countries import codes_of

NORTH_AMERICA = "1"  # where the national prefix is 1 and the number is 911
LONGEST_PREFIX = 2  # for an outside line, as far as it is guessed

Found = Iterator[tuple[Setting, str]]


def site(source: PolicySource) -> Found:
    """Of the whole policy: numbering and [emergency]."""
    numbering, emergency = source.numbering, source.emergency
    country_code = numbering.country_code
    codes = sorted({"112", *codes_of(country_code).split()})
    recorded = any(line.mode != "never" for line in source.lines)
    if recorded and country_code and not codes_of(country_code) and not emergency.numbers:
        text = "no emergency number of that country is known here beside 112, 911 and the like"
        yield ("numbering", "country_code"), f"is {country_code}: {text}; add the others to [emergency] numbers"
    if numbering.national_prefix and country_code != NORTH_AMERICA:
        yield from _hidden(("numbering", "national_prefix"), numbering.national_prefix, codes)
    if emergency.outside_prefix:
        yield from _hidden(("emergency", "outside_prefix"), emergency.outside_prefix, codes)
    for i, number in enumerate(emergency.numbers):
        if not is_short(number):
            text = "an ordinary number: no call to it is announced or recorded, and it may end other calls"
            yield ("emergency", "numbers", i), f"is {number}, {text}"
        elif number in codes:
            yield ("emergency", "numbers", i), f"is {number}, which is an emergency number already"
    if not emergency.callback_minutes:
        text = "is 0: when the emergency centre calls back, it hears the notice"
        yield ("emergency", "callback_minutes"), text


def _hidden(setting: Setting, prefix: str, codes: list[str]) -> Found:
    """Numbers that begin with a prefix, which an exchange may take off."""
    hidden = [code for code in codes if code.startswith(prefix)]
    if hidden:
        first = hidden[0]
        rest = (
            f"of {first} it would dial {first[len(prefix) :]}"
            if first != prefix
            else f"nothing would be left of {first}"
        )
        text = f"{', '.join(hidden)} begin{'s' if len(hidden) == 1 else ''} with it"
        yield setting, f"is {prefix}: {text}; make sure that the exchange does not take it off, for {rest}"


def line(line: Line, source: PolicySource) -> Found:
    """Of one line: its lists of numbers."""
    numbers = emergency_numbers(source)
    for name, prefixes in (("only", line.only), ("except", line.except_)):
        for i, prefix in enumerate(prefixes):
            if numbers.find(prefix):
                # In `except` of incoming calls it has an effect: some centres call with their short number.
                if line.direction == "out" or (name == "only" and line.direction == "both"):
                    text = "means nothing for calls to it: they are connected at once and never recorded"
                    yield (name, i), f"is {prefix}, an emergency number: it {text}"
            elif found := _behind_a_prefix(prefix, numbers.is_code):
                outside, number = found
                text = f"if {outside} is dialled for an outside line, name it as outside_prefix of [emergency]"
                yield (name, i), f"is {prefix}: {text}, so that {number} is recognised behind it"


def _behind_a_prefix(number: str, is_code) -> tuple[str, str] | None:
    for at in range(1, LONGEST_PREFIX + 1):
        if is_code(number[at:]):
            return number[:at], number[at:]
    return None


def means_one(prefix: str, source: PolicySource) -> bool:
    """Whether a prefix of a list is an emergency number, or looks like one behind a prefix."""
    numbers = emergency_numbers(source)
    return bool(numbers.find(prefix)) or _behind_a_prefix(prefix, numbers.is_code) is not None
