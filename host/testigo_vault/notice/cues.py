"""What a notice is recognised by in every language: ends of addresses, legal forms of companies, words for pressing a key.

The words of one language stand in `texts/<language>.toml`.
"""

from testigo_vault.notice.texts import notice_texts
from testigo_vault.vocabulary.translator import LANGUAGES

# How spoken addresses end ("example dot com"): the mark alone is also a word of other sentences.
DOMAINS = {
    "com", "es", "eus", "cat", "gal", "net", "org", "eu", "info", "uk", "ie", "us", "de", "at", "ch", "fr", "be", "pt", "br",
    "it", "lu", "ad", "mx", "ar", "co", "cl", "pe", "gob", "gov", "edu", "test",
}  # fmt: skip

# What ends a company's name and is often not spoken.
LEGAL_FORMS = {
    "sl", "sa", "slu", "sau", "sll", "sal", "slp", "slne", "sc", "scp", "scl", "sccl", "scoop", "coop", "sociedad",
    "limitada", "anonima", "cooperativa", "unipersonal", "societat", "sociedade", "ltd", "limited", "plc", "llp", "llc",
    "inc", "incorporated", "corp", "corporation", "co", "gmbh", "ag", "kg", "ug", "ev", "eg", "ohg", "sarl", "rl", "sas",
    "sasu", "eurl", "snc", "sci", "lda", "unipessoal", "ltda", "spa", "srl", "srls", "onlus", "ab", "bv", "nv",
}  # fmt: skip

# Of all languages: a notice may offer a key in another language than its own.
PRESS_CUES = tuple(dict.fromkeys(cue for language in LANGUAGES for cue in notice_texts(language).press_cues))
CONNECTORS = frozenset(word for language in LANGUAGES for word in notice_texts(language).connectors)
