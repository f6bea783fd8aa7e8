"""Why calls are recorded, and on which legal basis: the codes that a policy names, with their words in nine languages.

The words stand in `vocabulary/<language>.toml`. Those of a purpose finish the sentence "this call is recorded ...": an
infinitive after "to", "para", "per", "pour" or "um" (German with its "zu"), in Basque a verb in "-tzeko". Notices speak
them and reports print them.
"""

from testigo_vault.errors import VaultError
from testigo_vault.vocabulary.translator import LANGUAGES, base_language, translator


def _by_code(table: str) -> dict[str, dict[str, str]]:
    codes = translator("en").table(table)
    return {code: {language: translator(language).term(table, code) for language in LANGUAGES} for code in codes}


PURPOSES = _by_code("purposes")  # code -> {language: words}
BASES = _by_code("bases")  # of GDPR article 6(1), (a) to (f)


def purpose_words(codes: list[str], language: str, own: dict[str, dict[str, str]]) -> list[str]:
    """The words of each purpose in `language` (BCP 47); `own`: the purposes of
    the policy itself, which come first.

    Raises VaultError for an unknown purpose, or one without words in that language.
    """
    found = []
    base = base_language(language)
    for code in codes:
        words = own.get(code) or PURPOSES.get(code)
        if words is None:
            raise VaultError(
                f"No purpose is called {code!r}.",
                f"Known are {', '.join(PURPOSES)}; a purpose of your own goes into [purposes] of policy.toml.",
            )
        text = words.get(language) or words.get(base)
        if not text:
            raise VaultError(
                f"The purpose {code!r} has no words in the language {base!r}.",
                f"Add them to policy.toml under [purposes]: {code}.{base}.",
            )
        found.append(text)
    return found
