"""Checks that a text says what a notice must: the four elements of LOPDGDD article 11.2, and the keys that its rule needs.

Case, accents, punctuation, the legal form of the controller and the exact words of a purpose do not matter. Whether the
text is true and clear, a person has to judge.
"""

import re
import unicodedata
from functools import cache
from itertools import pairwise

from testigo_vault.notice.compose import ADDRESS, TELEPHONE, language_of
from testigo_vault.notice.cues import CONNECTORS, DOMAINS, LEGAL_FORMS, PRESS_CUES
from testigo_vault.notice.texts import notice_texts
from testigo_vault.policy.purposes import PURPOSES
from testigo_vault.vocabulary.translator import LANGUAGES

_SHORTEST_NUMBER = 6  # digits of a telephone number
_STEM_LETTERS = 5  # letters that the forms of one word have in common
_SHARE_OF_STEMS = 0.6  # of the words of a purpose that the policy itself brings
_WORDS_NEAR_NAME = 6  # words between "press" and its key: "one" is said of other things too
_WORDS_NEAR_DIGIT = 12  # "press 1 to agree, 9 to object, 3 for English"


def check(text: str, language: str, controller_name: str, purposes: list[str], information: str) -> list[str]:
    """What is missing in `text` of: the controller's name, each purpose, that there are rights, where the rest is read.

    purposes: words in `language`. Returns one phrase for each missing element. Raises VaultError for
    a language without texts.
    """
    base = language_of(language)
    words = tokens(text)
    missing = []
    # Found words are taken out: "Quality Rights Ltd, www.example.com/quality" names neither a purpose nor rights.
    if not _find_and_blank(words, _name(controller_name), CONNECTORS, ending=4 if base == "eu" else 1):
        missing.append(f"the controller's name ({controller_name})")
    read_on = _find_and_blank(words, _place(information), _mark_words(base)) or _names_place(text, words, base)
    bare = tokens(ADDRESS.sub(" . ", text))
    _find_and_blank(bare, _name(controller_name), CONNECTORS, ending=4 if base == "eu" else 1)
    _find_and_blank(bare, _place(information), _mark_words(base))
    missing += [f"the purpose ({purpose})" for purpose in purposes if not _names_purpose(bare, purpose, base)]
    if not _has_cue(bare, notice_texts(base).rights_cues):
        missing.append("that there are rights")
    if not read_on:
        missing.append(f"where the rest is read ({information})")
    return missing


def check_keys(text: str, rule: str, accept_key: str = "", object_key: str = "", language: str = "") -> list[str]:
    """Which keys `text` does not name: the key to agree (opt-in), and the key to object where there is one, since callers
    must know how to object (RD 1720/2007 articles 14.4 and 17.1). language: empty for any."""
    missing = []
    if rule == "opt-in" and not names_key(text, accept_key, language):
        missing.append(f"the key to agree ({accept_key})" if accept_key else "a key to agree, which the line lacks")
    if object_key and not names_key(text, object_key, language):
        missing.append(f"the key to object ({object_key})")
    elif rule == "opt-out" and not object_key:
        missing.append("a key to object, which the line lacks")
    return missing


def tokens(text: str) -> list[str]:
    """Words in small letters without accents; initials with dots are one word ("S.L." is "sl"); * and # stand alone."""
    flat = unicodedata.normalize("NFKD", text)
    flat = "".join(c for c in flat if not unicodedata.combining(c)).casefold()
    flat = re.sub(r"(?<!\w)(?:\w\.\s?){2,}", lambda found: re.sub(r"[.\s]", "", found[0]) + " ", flat)
    flat = flat.replace("l·l", "ll")
    return re.findall(r"[^\W_]+|[*#]", flat)


def _name(name: str) -> list[str]:
    """The words of a controller's name without its legal form, unless nothing is left then."""
    words = tokens(name)
    kept, ending = list(words), ""
    while kept:
        single = len(kept)
        while single and len(kept[single - 1]) == 1:
            single -= 1
        letters = "".join(kept[single:])
        if kept[-1] in LEGAL_FORMS:
            ending = kept.pop()
        elif letters and {letters, letters + ending} & LEGAL_FORMS:  # "S A", "S. Coop."
            del kept[single:]
        else:
            break
    return kept or words


def _place(information: str) -> list[str]:
    words = tokens(re.sub(r"https?://", " ", information))
    if sum(len(word) for word in words if word.isdigit()) >= _SHORTEST_NUMBER:
        return [digit for word in words for digit in (word if word.isdigit() else [word])]
    return words[1:] if len(words) > 1 and words[0] == "www" else words


def _find_and_blank(words: list[str], wanted: list[str], ignored: frozenset[str], ending: int = 0) -> bool:
    """Whether `wanted` is in `words`, with only words of `ignored` between; it is then blanked. ending: how many more
    letters the last word may have, as in Basque."""
    wanted = [word for word in wanted if word not in ignored] or wanted
    places = [i for i, word in enumerate(words) if word not in ignored or word in wanted]
    if all(word.isdigit() for word in wanted) and wanted:
        words[:] = [piece for word in words for piece in (word if word.isdigit() else [word])]
        places = list(range(len(words)))
    for start in range(len(places) - len(wanted) + 1):
        span = places[start : start + len(wanted)]
        said = [words[i] for i in span]
        if not wanted or said[:-1] != wanted[:-1] or not said[-1].startswith(wanted[-1]):
            continue
        if len(said[-1]) - len(wanted[-1]) <= ending:
            for i in range(span[0], span[-1] + 1):
                words[i] = ""
            return True
    return False


def _names_purpose(words: list[str], purpose: str, base: str) -> bool:
    wanted = [word for word in tokens(purpose) if word not in CONNECTORS]
    if _find_and_blank(list(words), wanted, CONNECTORS):
        return True
    code = next((code for code, said in PURPOSES.items() if said[base] == purpose), None)
    if code is not None:
        return _has_cue(words, notice_texts(base).purpose_cues[code])
    stems = {word[:_STEM_LETTERS] for word in wanted if len(word) >= _STEM_LETTERS - 1} or set(wanted)
    said = sum(any(word.startswith(stem) for word in words) for stem in stems)
    return bool(stems) and said >= _SHARE_OF_STEMS * len(stems)


def _names_place(text: str, words: list[str], base: str) -> bool:
    """A word such as "website", and something like an address or a telephone number, written or spoken."""
    if not _has_cue(words, notice_texts(base).information_cues):
        return False
    if ADDRESS.search(text) or TELEPHONE.search(text):
        return True
    dot = tokens(notice_texts(base).marks["."])[0]
    if any(first == dot and second in DOMAINS for first, second in pairwise(words)):
        return True
    names = set(tokens(" ".join(notice_texts(base).digits)))
    run = longest = 0
    for word in words:
        run = run + (len(word) if word.isdigit() else 1) if word.isdigit() or word in names else 0
        longest = max(longest, run)
    return longest >= _SHORTEST_NUMBER


def _mark_words(base: str) -> frozenset[str]:
    return frozenset(word for mark in "./-_@" for word in tokens(notice_texts(base).marks[mark]))


def names_key(text: str, key: str, language: str = "") -> bool:
    """Is `key` in the text, as itself or as a word of `language` (empty: of any), near to a word such as "press"?"""
    if not key:
        return False
    words = tokens(text)
    for name in _key_names(key, language):
        length = len(name)
        for i in range(len(words) - length + 1):
            if words[i : i + length] != name:
                continue
            around = words[i - 1 : i] + words[i + length : i + length + 1]
            if key.isdigit() and name[0].isdigit() and any(word.isdigit() for word in around):
                continue  # a piece of a telephone number
            near = _WORDS_NEAR_NAME if name[0].isalpha() else _WORDS_NEAR_DIGIT
            if _has_cue(words[max(0, i - near) : i + length + near], PRESS_CUES):
                return True
    return False


def _key_names(key: str, language: str) -> list[list[str]]:
    """What a key is called, as words: itself, and its names in `language`, or in all."""
    bases = (language_of(language),) if language else LANGUAGES
    if key.isdigit():
        said = {notice_texts(base).digits[int(key)] for base in bases}
    elif key in ("*", "#"):
        said = {names[key] for base in bases for names in notice_texts(base).keys.values()}
    else:
        said = set()
    return [[key.casefold()], *(tokens(name) for name in sorted(said))]


def _has_cue(words: list[str], cues: tuple[str, ...]) -> bool:
    return _pattern(cues).search(" " + " ".join(words) + " ") is not None


@cache
def _pattern(cues: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(
        " (?:" + "|".join(re.escape(cue).replace(r"\*", r"\w*").replace(r"\ ", " ") for cue in cues) + ") "
    )
