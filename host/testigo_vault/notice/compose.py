"""What a notice says, filled in from the policy, in nine languages, and as an engine can speak it.

A notice holds the first layer of information (LOPDGDD article 11.2, GDPR articles 13 and 14): who records, what for, that
there are rights, where the rest is read; then which key does what. `check` looks for the same in any other text.
"""

import re

from testigo_vault.errors import VaultError
from testigo_vault.notice.texts import notice_texts
from testigo_vault.vocabulary.translator import LANGUAGES, base_language

# An address of the web or of mail. The end of a domain is two or more small letters, so that "S.L." is no address.
ADDRESS = re.compile(
    r"(?:https?://)?(?:[\w.+-]+@(?:[\w-]+\.)+|(?:[^\W_][\w-]+\.)+)[a-z]{2,}(?::\d+)?(?:/[\w\-./]*[\w/])?(?![\w@])"
)
# A telephone number: six digits or more; groups are kept as pauses.
TELEPHONE = re.compile(r"(?<![\w.])\+?\d(?:[ .-]?\d){5,}(?!\w)")
# "Example, S.L. will record": a full stop after initials would end the sentence there. One at its very end stays.
_INITIALS = re.compile(r"(?<!\w)(?:[^\W\d_]\.)+[^\W\d_](?:\.(?=,|:| [^\W\d_A-Z])|(?=\.(?!\w)))")

RULES = ("notify", "opt-out", "opt-in")


def language_of(tag: str) -> str:
    """The language in which a notice for the BCP 47 tag is written; VaultError where there is none."""
    base = base_language(tag)
    if base not in LANGUAGES:
        raise VaultError(
            f"There is no text of a notice in the language {tag!r}.",
            f"There are {', '.join(LANGUAGES)}; in another language, write it yourself and give it by --text-file.",
        )
    return base


def spoken_key(key: str, language: str) -> str:
    """A telephone key as a word: engines say a digit before a full stop as an ordinal, and do not speak * and #."""
    base = language_of(language)
    texts = notice_texts(base)
    if key in ("*", "#"):
        return texts.keys.get(language, texts.keys[base])[key]
    return texts.digits[int(key)] if key.isdigit() else key


def join_purposes(purposes: list[str], language: str) -> str:
    """Words of purposes as one part of a sentence: "to train staff and to settle disputes"."""
    before = notice_texts(language_of(language)).purposes
    out = before["first"] + purposes[0]
    for number, words in enumerate(purposes[1:], 2):
        out += before["last" if number == len(purposes) else "further"] + words
    return out


def choices(other_languages: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """[(language, sentence in that language), ...] of [(language, key), ...]: the sentence that offers it."""
    return [
        (language, notice_texts(language_of(language)).sentences["language"].format(key=spoken_key(key, language)))
        for language, key in other_languages
    ]


def compose(
    language: str,
    controller_name: str,
    purposes: list[str],
    information: str,
    rule: str,
    accept_key: str = "",
    object_key: str = "",
    other_languages: list[tuple[str, str]] | tuple = (),
    tone: bool = False,
    objection: str = "connect",
    short: bool = False,
) -> str:
    """The notice for callers.

    language: BCP 47, of which the base language counts. purposes: words in that language (purposes.purpose_words).
    rule: notify, opt-out, opt-in. accept_key, object_key: a telephone key, or empty. other_languages: [(language, key)].
    tone: a warning tone follows. objection: connect, or end-call where objecting ends the call. short: rights and where
    to read the rest in one sentence. Raises VaultError for what is missing.
    """
    texts = notice_texts(language_of(language)).sentences
    _check_complete(controller_name, purposes, information, rule, accept_key, object_key)
    sentences = [sentence for _, sentence in choices(list(other_languages))]
    sentences.append(
        texts["ask" if rule == "opt-in" else "record"].format(
            controller=controller_name.strip(), purposes=join_purposes(purposes, language)
        )
    )
    if tone:
        sentences.append(texts["tone"])
    place = information.strip().rstrip(".")
    sentences += [texts["short"]] if short else [texts["rights"], texts["information"]]
    sentences[-1] = sentences[-1].format(information=place)
    return " ".join(sentences + _keys(texts, language, rule, accept_key, object_key, objection == "end-call"))


def _check_complete(
    controller: str, purposes: list[str], information: str, rule: str, accept_key: str, object_key: str
) -> None:
    if rule not in RULES:
        raise VaultError(f"No rule is called {rule!r}.", f"Known are {', '.join(RULES)}.")
    missing = [
        name
        for name, value, needed in (
            ("controller.name", controller.strip(), True),
            ("controller.information", information.strip(), True),
            ("purposes of the line", purposes, True),
            ("accept_key of the line", accept_key, rule == "opt-in"),
            ("object_key of the line", object_key, rule == "opt-out"),
        )
        if needed and not value
    ]
    if missing:
        raise VaultError(f"A notice cannot be composed without {', '.join(missing)}.", "Add that to policy.toml.")


def _keys(texts: dict[str, str], language: str, rule: str, accept_key: str, object_key: str, ends: bool) -> list[str]:
    names = []
    if rule == "opt-in":
        names = [("accept", accept_key), ("withdraw-end" if ends else "withdraw", object_key)]
        if not object_key:
            names[1] = ("revoke", "")
    elif object_key:
        names = [("object-end" if ends else "object", object_key)]
        if rule == "opt-out":
            names.append(("unless", ""))
    return [texts[name].format(key=spoken_key(key, language) if key else "") for name, key in names]


def compose_worker(language: str, purposes: list[str] | tuple = ()) -> str:
    """What the worker hears before the other party is connected: short, since it comes at each call."""
    texts = notice_texts(language_of(language))
    part = texts.purposes["worker"] + join_purposes(list(purposes), language) if purposes else ""
    return texts.sentences["worker"].format(purposes=part)


def spoken(text: str, language: str) -> str:
    """The text for an engine: addresses and telephone numbers in words, since most engines drop the marks or speak one large
    number. In a language without such words it is unchanged."""
    base = base_language(language)
    if base not in LANGUAGES:
        return text
    text = ADDRESS.sub(lambda found: _address(found[0], base), text)
    text = _INITIALS.sub(lambda found: found[0].replace(".", " ").strip(), text)
    return TELEPHONE.sub(lambda found: _telephone(found[0], base), text)


def _address(address: str, base: str) -> str:
    marks = notice_texts(base).marks
    address = re.sub(r"^https?://", "", address).rstrip("/")
    return " ".join(marks.get(piece, piece) for piece in re.split(r"([./@_:-])", address) if piece.strip(" :"))


def _telephone(number: str, base: str) -> str:
    words = notice_texts(base).digits
    groups = re.split(r"[ .-]", number.lstrip("+"))
    said = ", ".join(" ".join(words[int(digit)] for digit in group) for group in groups)
    return f"{notice_texts(base).marks['+']} {said}" if number.startswith("+") else said


def parts(text: str, language: str, other_languages: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """[(language, text), ...]: the sentences that offer another language apart, so that each is spoken in its own."""
    pieces = [(language, text)]
    for other, sentence in choices([choice for choice in other_languages if base_language(choice[0]) in LANGUAGES]):
        cut = []
        for tag, piece in pieces:
            before, found, after = piece.partition(sentence) if tag == language else (piece, "", "")
            cut += [(tag, before), (other, found), (tag, after)]
        pieces = [(tag, piece.strip()) for tag, piece in cut if piece.strip()]
    return pieces
