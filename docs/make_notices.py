"""Writes the texts of notices into docs/notices.md, as the program composes them for one example.

python docs/make_notices.py
"""

import sys
from pathlib import Path

PAGE = Path(__file__).parent / "notices.md"
BEGIN, END = "<!-- composed: docs/make_notices.py -->\n", "<!-- end of what is composed -->\n"

NAME, PLACE = "Ejemplo e Hijos, S.L.", "www.ejemplo.es/llamadas"
PURPOSES = ["quality", "proof"]
TITLES = {
    "es": "Español",
    "ca": "Català",
    "eu": "Euskara",
    "gl": "Galego",
    "en": "English",
    "fr": "Français",
    "de": "Deutsch",
    "pt": "Português",
    "it": "Italiano",
}


def texts() -> str:
    """The part of the page between BEGIN and END."""
    sys.path[:0] = [str(Path(__file__).parent.parent / part) for part in ("host", "firmware")]
    from testigo_vault.notice.compose import compose, compose_worker
    from testigo_vault.policy.purposes import purpose_words

    out = []
    for language, title in TITLES.items():
        words = purpose_words(PURPOSES, language, {})
        other = [("es", "2")] if language == "en" else [("en", "2")]
        kinds = (
            ("opt-in", compose(language, NAME, words, PLACE, "opt-in", "1", "9", other, True)),
            ("opt-out", compose(language, NAME, words, PLACE, "opt-out", "", "9")),
            (
                "notify, short",
                compose(language, NAME, words, PLACE, "notify", "", "9", objection="end-call", short=True),
            ),
            ("worker", compose_worker(language, words)),
        )
        out.append(f"### {title}\n\n| for | text |\n| --- | --- |\n")
        out.append("".join(f"| {kind} | {text} |\n" for kind, text in kinds) + "\n")
    return "".join(out)


def page() -> str:
    """The whole page as it has to be."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    return before + BEGIN + "\n" + texts() + END + rest.partition(END)[2]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
