"""Words of notices: composed in each language, and any text checked for what a notice has to say."""

from itertools import product

import pytest

from testigo_vault.errors import VaultError
from testigo_vault.notice.check import check, check_keys, names_key
from testigo_vault.notice.compose import choices, compose, compose_worker, join_purposes, parts, spoken, spoken_key
from testigo_vault.notice.texts import notice_texts
from testigo_vault.policy.purposes import BASES, PURPOSES, purpose_words
from testigo_vault.vocabulary.translator import LANGUAGES

NAME = "Ejemplo e Hijos, S.L."
PLACE = "www.ejemplo.es/llamadas"
KEYS = [("notify", "", ""), ("notify", "", "9"), ("opt-out", "", "*"), ("opt-in", "1", ""), ("opt-in", "1", "#")]


def words_of(language):
    return purpose_words(["quality", "proof", "legal-duty"], language, {})


def made(language, rule="opt-in", accept_key="1", object_key="9", **more):
    return compose(language, NAME, words_of(language), PLACE, rule, accept_key, object_key, **more)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_composed_text_says_all(language):
    others = [(other, str(number)) for number, other in enumerate(LANGUAGES, 2) if other != language and number < 9]
    for (rule, accept, objects), tone, objection, short in product(KEYS, (0, 1), ("connect", "end-call"), (0, 1)):
        text = made(
            language, rule, accept, objects, other_languages=others, tone=tone, objection=objection, short=short
        )
        assert "{" not in text and "  " not in text and ".." not in text
        for said in (text, spoken(text, language), text.upper()):
            assert check(said, language, NAME, words_of(language), PLACE) == []
        assert check_keys(text, rule, accept, objects) == []
        assert check_keys(text, rule, accept, objects, language) == []
        assert all(sentence in text for _, sentence in choices(others))
        assert all(names_key(text, key) for _, key in others)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_element_that_is_taken_out_is_named(language):
    text, purposes = made(language), words_of(language)
    say = notice_texts(language).sentences

    def lacks(changed):
        assert changed != text
        return check(changed, language, NAME, purposes, PLACE)

    assert lacks(text.replace(NAME, "X")) == [f"the controller's name ({NAME})"]
    for purpose in purposes:
        assert lacks(text.replace(purpose, "x")) == [f"the purpose ({purpose})"]
    assert lacks(text.replace(say["rights"], "")) == ["that there are rights"]
    assert lacks(text.replace(say["information"].format(information=PLACE), "")) == [
        f"where the rest is read ({PLACE})"
    ]
    assert len(lacks("")) == 6
    accept = say["accept"].format(key=spoken_key("1", language))
    withdraw = say["withdraw"].format(key=spoken_key("9", language))
    assert check_keys(text.replace(accept, ""), "opt-in", "1", "9", language) == ["the key to agree (1)"]
    assert check_keys(text.replace(withdraw, ""), "opt-in", "1", "9", language) == ["the key to object (9)"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_purposes_are_known_in_other_words(language):
    """Each cue of a purpose is found in other words, and none in a text about something else."""
    for code, words in PURPOSES.items():
        lack = f"the purpose ({words[language]})"
        for cue in notice_texts(language).purpose_cues[code]:
            said = f"Bla {cue.replace('*', '')} bla."
            assert lack not in check(said, language, NAME, [words[language]], PLACE)
        assert lack in check("Bla bla.", language, NAME, [words[language]], PLACE)
    others = [code for code in PURPOSES if code not in ("quality", "survey")]
    text = compose(language, NAME, purpose_words(["survey"], language, {}), PLACE, "notify")
    lacks = check(text, language, NAME, purpose_words(others, language, {}), PLACE)
    assert lacks == [f"the purpose ({PURPOSES[code][language]})" for code in others]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        (
            "es",
            "Le atiende EJEMPLO e hijos. Grabamos por calidad. Conozca sus derechos en ejemplo punto es barra llamadas.",
        ),
        ("es", "Ejemplo y Hijos SL graba para mejorar la calidad. Derechos e información: 900 123 456."),
        ("es", "Ejemplo e Hijos Sociedad Limitada: calidad. Tiene derecho a oponerse. Web: otra punto com."),
        ("ca", "Ejemplo e Hijos enregistra per la qualitat. Té dret d'accés. Més informació al web ejemplo.cat"),
        ("eu", "Ejemplo e Hijosek grabatzen du, kalitateagatik. Eskubideak: ejemplo.es/llamadas"),
        ("en", "Ejemplo & Hijos' line. Quality. Your rights are at www dot ejemplo dot es slash llamadas."),
        ("de", "Ejemplo e Hijos zeichnet zur Qualitätssicherung auf. Ihre Rechte: ejemplo.es/llamadas"),
        ("fr", "Ejemplo et Hijos enregistre pour la QUALITÉ. Vos droits : https://www.ejemplo.es/llamadas"),
        (
            "pt-BR",
            "Ejemplo e Hijos grava por qualidade. Seus direitos e mais informações: zero oito zero zero um dois três",
        ),
    ],
)
def test_texts_written_by_people_are_recognised(language, text):
    purpose = PURPOSES["quality"][language.split("-")[0]]
    assert check(text, language, NAME, [purpose], PLACE) == []


@pytest.mark.parametrize(
    ("text", "lacks"),
    [
        # A name or an address that sounds like an element tells none.
        ("Calidad y Derechos, www.calidad.es/derechos.", 2),
        # "derecha" is the right-hand side, "por la ley" alone no place to read on.
        ("Calidad y Derechos. Por calidad. La tecla de la derecha. Información en nuestra oficina.", 2),
        ("Calidad y Derechos Juan: por calidad. Sus derechos: www.calidad.es/derechos.", 0),
    ],
)
def test_names_and_addresses_are_not_mistaken_for_elements(text, lacks):
    purpose = PURPOSES["quality"]["es"]
    assert len(check(text, "es", "Calidad y Derechos, S.A.U.", [purpose], "www.calidad.es/derechos")) == lacks


@pytest.mark.parametrize(
    ("name", "said", "found"),
    [
        ("Müller & Söhne GmbH & Co. KG", "Hier ist Mueller", False),
        ("Müller & Söhne GmbH & Co. KG", "Hier sind muller und sohne.", True),
        ("Dupont S.à r.l.", "Ici Dupont, bonjour.", True),
        ("I.B.M., S.A.", "IBM graba", True),
        ("IBM", "I. B. M. graba", True),
        ("SA", "SA graba", True),
        ("SA", "graba", False),
        ("Plan B", "Plan", False),
        ("Ana", "Anabel graba", False),
        ("Tres Torres, S. Coop.", "Tres torres", True),
    ],
)
def test_names_with_and_without_their_legal_form(name, said, found):
    assert (f"the controller's name ({name})" not in check(said, "es", name, [], PLACE)) is found


def test_a_place_may_be_a_number_or_anything_else():
    assert check("Sus derechos: llame al 900 123 456. X.", "es", "X", [], "900-12-34-56") == []
    assert check("Sus derechos: llame al 900123456. X.", "es", "X", [], "+900 123 456") == []
    assert check("Sus derechos, en nuestras oficinas. X.", "es", "X", [], "nuestras oficinas") == []
    assert len(check("Sus derechos, en las tiendas. X.", "es", "X", [], "nuestras oficinas")) == 1
    assert len(check("Sus derechos: llame al 900. X.", "es", "X", [], "900 123 456")) == 1


def test_purposes_that_the_policy_defines():
    own = {"routes": {"es": "planificar las rutas de reparto", "en": "plan delivery routes"}}
    assert purpose_words(["routes", "quality"], "es", own)[0] == "planificar las rutas de reparto"
    planned = "X graba y planifica rutas de reparto. Sus derechos: www.x.es"
    assert check(planned, "es", "X", purpose_words(["routes"], "es", own), "www.x.es") == []
    assert len(check(planned.replace("rutas", "a"), "es", "X", ["comprar rutas nuevas"], "www.x.es")) == 1
    with pytest.raises(VaultError, match=r"no words in the language 'eu'.*routes\.eu"):
        purpose_words(["routes"], "eu", own)
    with pytest.raises(VaultError, match="No purpose is called 'rutes'"):
        purpose_words(["rutes"], "es", own)


@pytest.mark.parametrize(
    ("text", "key", "named"),
    [
        ("Press 9 to object", "9", True),
        ("Pulse el nueve", "9", True),
        ("Die Taste Raute drücken", "#", True),
        ("Press #", "#", True),
        ("Press the pound key", "#", True),
        ("Sakatu izartxo", "*", True),
        ("Drücken Sie A", "A", True),
        ("One of us answers; call 900 1 23 45", "1", False),
        ("Press 9. Call 900 1 23 45", "1", False),
        ("One of our people will be with you at once; there is nothing that you have to press", "1", False),
        ("Press 91", "9", False),
    ],
)
def test_a_key_is_recognised_near_a_word_such_as_press(text, key, named):
    assert names_key(text, key) is named


def test_rules_and_the_keys_they_need():
    assert check_keys("Hello", "notify") == []
    assert check_keys("Hello", "notify", "", "9") == ["the key to object (9)"]
    assert check_keys("Hello", "opt-out", "", "9") == ["the key to object (9)"]
    assert check_keys("Press 9", "opt-in", "1", "9") == ["the key to agree (1)"]
    assert check_keys("Press 9", "opt-out") == ["a key to object, which the line lacks"]
    assert check_keys("Press 9", "opt-in") == ["a key to agree, which the line lacks"]
    assert check_keys("Pulse nueve", "opt-out", "", "9", "de") == ["the key to object (9)"]


def test_regions_use_the_text_of_their_language():
    assert made("pt-BR", object_key="#") == made("pt", object_key="#").replace("cardinal", "jogo da velha")
    assert made("en-GB") == made("en")
    assert "press pound" in made("en-US", object_key="#")
    assert check(made("en-GB"), "en-GB", NAME, words_of("en"), PLACE) == []


def test_missing_settings_are_named():
    with pytest.raises(VaultError, match=r"no text .* 'pl'.*--text-file"):
        compose("pl", NAME, ["x"], PLACE, "notify")
    with pytest.raises(VaultError, match=r"without controller\.name, controller\.information, purposes"):
        compose("es", " ", [], "", "notify")
    with pytest.raises(VaultError, match="accept_key"):
        compose("es", NAME, ["x"], PLACE, "opt-in")
    with pytest.raises(VaultError, match="object_key"):
        compose("es", NAME, ["x"], PLACE, "opt-out")
    with pytest.raises(VaultError, match="'maybe'"):
        compose("es", NAME, ["x"], PLACE, "maybe")


def test_the_notice_says_what_objecting_does():
    assert "the call will end" in made("en", "opt-out", "", "9", objection="end-call")
    assert "the call will end" not in made("en", "opt-out", "", "9")
    assert "withdraw your consent whenever" in made("en", object_key="")
    assert "hear a tone" in made("en", tone=True) and "tone" not in made("en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_notice_for_workers_is_one_sentence(language):
    for text in (compose_worker(language), compose_worker(language, words_of(language))):
        assert text.count(".") == 1 and text.endswith(".") and "{" not in text
    assert join_purposes(words_of(language), language) in text


def test_addresses_and_numbers_are_spoken_in_words():
    said = spoken("En https://www.a-b.es/c_d/ o dpo@x.eus, o el +34 900 12. Soy X, S.L. y Y, S.A. Fin.", "es")
    assert said == (
        "En www punto a guion b punto es barra c guion bajo d o dpo arroba x punto eus, "
        "o el más tres cuatro, nueve cero cero, uno dos. Soy X, S L y Y, S A. Fin."
    )
    assert spoken("Ley 3/2018, S.Coop. 12 de 2026. Fin.", "es") == "Ley 3/2018, S.Coop. 12 de 2026. Fin."
    assert spoken("www.a.pl", "pl") == "www.a.pl"


def test_each_language_is_offered_in_itself():
    text = made("es", other_languages=[("en-GB", "3"), ("eu", "4")])
    cut = parts(text, "es", [("en-GB", "3"), ("eu", "4")])
    assert cut[:2] == [("en-GB", "For English, press three."), ("eu", "Euskaraz jarraitzeko, sakatu lau tekla.")]
    assert cut[2][0] == "es" and len(cut) == 3 and " ".join(piece for _, piece in cut) == text
    # Where a person put it elsewhere, or left it out.
    assert parts("Hola. For English, press three. Fin.", "es", [("en", "3")])[1:] == [
        ("en", "For English, press three."),
        ("es", "Fin."),
    ]
    assert parts("Hola. For English, press 3.", "es", [("en", "3"), ("pl", "4")]) == [
        ("es", "Hola. For English, press 3.")
    ]


def test_words_of_purposes_and_bases_are_complete():
    for words in (*PURPOSES.values(), *BASES.values()):
        assert set(words) == set(LANGUAGES) and all(words.values())
    letters = [words["en"].split("6(1)(")[1][0] for words in BASES.values()]
    assert letters == list("abcdef")
    assert all(set(notice_texts(one).sentences) == set(notice_texts("es").sentences) for one in LANGUAGES)
