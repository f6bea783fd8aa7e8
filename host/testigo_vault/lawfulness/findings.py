"""The findings of the check: a code that never changes, a severity, the values that its sentence needs.

The sentences are in the table [lawfulness] of the vocabularies, the explanations in docs/lawfulness.md.
"""

from dataclasses import dataclass, field

from testigo_vault.printable import visible
from testigo_vault.vocabulary.translator import translator

UNLAWFUL = "unlawful"  # the recording goes into quarantine, with an alarm
IRREGULAR = "irregular"  # shown with the recording
UNCHECKED = "unchecked"  # a document that the check needs is not in the archive

SEVERITIES = {
    # destruction.py
    "audio-destroyed": UNLAWFUL,
    "destroyed-without-objection": UNLAWFUL,
    "destroyed-after-cut": IRREGULAR,
    "erasure-record": UNLAWFUL,
    "erasure-unfinished": IRREGULAR,
    # line.py
    "policy-missing": UNCHECKED,
    "line-unknown": UNLAWFUL,
    "terms-differ": UNLAWFUL,
    "worker-differs": UNLAWFUL,
    "tone-differs": UNLAWFUL,
    "unrequested": UNLAWFUL,
    "over-limit": UNLAWFUL,
    "policy-dates": IRREGULAR,
    # notices.py
    "notice-missing": UNCHECKED,
    "notice-differs": UNLAWFUL,
    "notice-other-line": UNLAWFUL,
    "notice-too-fast": UNLAWFUL,
    "consent-key": UNLAWFUL,
    "consent-way": UNLAWFUL,
    "consent-too-early": UNLAWFUL,
    "objection-key": IRREGULAR,
    # recipients.py
    "sealed-nobody": UNLAWFUL,
    "sealed-stranger": UNLAWFUL,
    "recipient-unknown": UNLAWFUL,
    "recipient-missing": IRREGULAR,
    "recipients-changed": IRREGULAR,
    # sound.py
    "sound-before-consent": UNLAWFUL,
    "sound-in-pause": UNLAWFUL,
    "sound-after-hang-up": UNLAWFUL,
    "sound-outside-consent": UNLAWFUL,
    "sound-test-differs": UNLAWFUL,
    "sound-times": IRREGULAR,
    # obligations.py
    "terms-missing": UNLAWFUL,
    "terms-twice": UNLAWFUL,
    "worker-uninformed": UNLAWFUL,
    "call-as-test": UNLAWFUL,
    "reason-sound": UNLAWFUL,
    "leg-silent": IRREGULAR,
    "leg-unconfirmed": IRREGULAR,
}

# Nobody who is known can open what is sealed: the device must keep its file, so there is no receipt.
NO_RECEIPT = frozenset(("sealed-nobody", "sealed-stranger"))
# Only the audio key shows them: a check without it neither finds nor refutes them.
OF_SOUND = frozenset(code for code in SEVERITIES if code.startswith("sound-") and code != "sound-after-hang-up")
# Unlawful also where no audio is left.
WITHOUT_AUDIO = frozenset(("audio-destroyed", "destroyed-without-objection", "erasure-record"))


@dataclass(frozen=True)
class LawFinding:
    """item: the index of the item in the recording where it shows, or None. values: for the sentence, text and numbers."""

    code: str
    severity: str
    item: int | None = None
    values: dict[str, str | int] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return sentence(self.code, self.values)


def finding(code: str, item: int | None = None, **values: str | int) -> LawFinding:
    return LawFinding(code, SEVERITIES[code], item, values)


def sentence(code: str, values: dict[str, str | int], language: str = "en") -> str:
    """The finding in words; the code where a later version made it."""
    words = translator(language)
    shown = {key: words.term("lawfulness-values", value) for key, value in values.items()}
    try:
        return visible(words.term("lawfulness", code).format(**shown))
    except (KeyError, IndexError, ValueError):
        return code
