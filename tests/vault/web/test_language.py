"""The pages in Spanish and English: which language is chosen, and that a Spanish page has no English text."""

import json
import re

import httpx
import pytest
from babel.messages.pofile import read_po

from support.browser import Chromium, program
from support.pages import PASSWORD, signed_in
from support.site import USER, open_sound, sign_in, site  # noqa: F401 - a fixture
from testigo_vault.recordings.search import Query, RecordingIndex
from testigo_vault.web.language import LOCALE_FOLDER, LOCALES, get, negotiate
from testigo_vault.web.pages import recording_list

SPANISH = {"Accept-Language": "es-ES,es;q=0.9,en;q=0.8"}
ENGLISH_WORDS = re.compile(r"\b(the|of|was|were|with|not|from|this|that|and|by|for|is|are|to|its)\b", re.IGNORECASE)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("es", "es"),
        ("es-MX,en;q=0.5", "es"),
        ("en-US,en;q=0.9,es;q=0.8", "en"),
        ("fr;q=1,en;q=0.1,es;q=0.5", "es"),
        ("de,es;q=0", "en"),
        ("eu", "es"),  # readers of Basque, Catalan or Galician read Spanish
        ("ca-ES,gl;q=0.4", "es"),
        ("eu,en;q=0.4", "en"),
        ("xx,*", "en"),
        ("EN", "en"),  # the case of a tag has no meaning
        ("ES-mx;q=0.5,FR", "es"),
        ("CA", "es"),
        (";;,q=9,=,\xff" + "a" * 9000, "en"),
    ],
)
def test_language_of_the_browser(header, language):
    assert negotiate(header) == language


def test_pages_say_their_language(address):
    for headers, language, title in ((SPANISH, "es", "Iniciar sesión"), ({}, "en", "Sign in")):
        answer = httpx.get(f"{address}/sign-in", headers=headers)
        assert f'<html lang="{language}">' in answer.text and f"<h1>{title}</h1>" in answer.text
        assert answer.headers["content-language"] == language


def test_the_choice_of_the_user_comes_first(address):
    client = httpx.Client(base_url=address, headers=SPANISH)
    page = client.get("/sign-in").text
    link = re.search(r'href="(/language/en[^"]*)" lang="en" hreflang="en"[^>]*>English</a>', page)[1]
    answer = client.get(link)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert "HttpOnly" in answer.headers["set-cookie"] and "Max-Age=31536000" in answer.headers["set-cookie"]
    assert '<html lang="en">' in client.get("/sign-in").text
    assert '<html lang="es">' in client.get("/language/es", follow_redirects=True).text
    client.cookies.set("testigo_language", "../../etc")
    assert '<html lang="es">' in client.get("/sign-in").text


def test_a_change_of_language_stays_on_the_page(address, first):
    client = signed_in(address, "auditor")
    for path in ("/system", f"/recordings/{first}", "/?q=%26a%3D1&state=good", "/access?user=x"):
        link = re.search(r'href="(/language/es\?back=[^"]*)"', client.get(path).text)[1]
        answer = client.get(link.replace("&amp;", "&"))
        assert '<html lang="es">' in answer.text and answer.url.path == httpx.URL(path).path
        assert dict(answer.url.params) == dict(httpx.URL(path).params)
        client.get("/language/en")
    # A form's answer cannot be requested again.
    error = client.post(f"/recordings/{first}/verify", data={"csrf": "wrong"})
    assert 'href="/language/es?back=/"' in error.text


@pytest.mark.parametrize(
    "back", ["//evil.example", "https://evil.example/", "/\\evil.example", "/a\r\nX: y", "evil", ""]
)
def test_a_change_of_language_leads_to_no_other_site(address, back):
    answer = httpx.get(f"{address}/language/es", params={"back": back})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_an_unknown_language_is_an_error_page(address):
    answer = httpx.get(f"{address}/language/xx", headers=SPANISH)
    assert answer.status_code == 404 and "no están disponibles en este idioma" in answer.text


def test_errors_are_in_the_language_of_the_user(address, first, vault):
    client = signed_in(address, "supervisor")
    client.headers.update(SPANISH)
    csrf = re.search(r'name="csrf" value="([^"]+)"', client.get("/system").text)[1]
    opened = client.post(f"/recordings/{first}/open", data={"csrf": csrf, "passphrase": "wrong"})
    assert "La frase de paso del audio no es correcta" in opened.text and "Inténtelo de nuevo." in opened.text
    assert "La clave de audio está bloqueada" in client.post(f"/recordings/{first}/open", data={"csrf": csrf}).text
    assert "Su función (supervisor) no lo permite" in client.get("/access").text
    assert "zzz&#39; no designa ninguna grabación" in client.get("/recordings/zzz").text
    assert "Este formulario ha caducado" in client.post("/lock", data={"csrf": "x"}).text
    assert "contienen un valor no válido" in client.get("/?page=x").text
    assert "Esta página no existe" in client.get("/nothing").text
    assert "Aquí no se puede hacer" in client.put("/system").text
    assert client.post("/sign-in", content=b"x" * 20_000).text == "Este formulario es demasiado grande."
    for _ in range(5):
        httpx.post(f"{address}/sign-in", data={"name": "agent", "password": "x"})
    locked = httpx.post(f"{address}/sign-in", data={"name": "agent", "password": "x"}, headers=SPANISH)
    assert "Demasiadas contraseñas incorrectas" in locked.text and "Espere 15 minutos" in locked.text
    # The log itself stays in English.
    assert "role does not allow it" in vault.log.path.read_text()


def test_dates_numbers_and_lengths():
    spanish, english = get("es"), get("en")
    assert (spanish.number(12345.5), english.number(12345.5)) == ("12.345,5", "12,345.5")
    assert (spanish.seconds(3500), english.seconds(3500)) == ("3,5", "3.5")
    assert (spanish.clock(62_345), english.clock(3_602_345)) == ("1:02,345", "1:00:02.345")
    assert (spanish.utc("2026-11-26T15:04:05.123Z"), english.utc("nonsense")) == ("26 nov 2026, 15:04:05", "nonsense")
    assert english.utc("2026-11-26T15:04:05.123Z") == "26 Nov 2026, 15:04:05"
    assert (spanish.size(999), spanish.size(123_456), english.size(1)) == ("999 bytes", "123,5 kB", "1 byte")
    assert spanish.day(1_790_000_000_000).startswith("lunes, 21 de septiembre") and spanish.day(0) == ""
    assert (spanish.name_of("en"), english.name_of("pt-BR"), spanish.name_of("?")) == (
        "inglés",
        "Portuguese (Brazil)",
        "?",
    )
    assert [get(code).name for code in LOCALES] == ["English", "Español"]


@pytest.mark.parametrize(
    ("text", "spanish"),
    [
        (
            "branch-1 number 3: not as a device sealed it: chain (item 12): the items are not those that were sealed; "
            "not vouched for by their key: 1, 2",
            "branch-1, número 3: no está como la selló un equipo: chain (elemento 12): los elementos no son los que se "
            "sellaron; sin confirmar por su clave: 1, 2",
        ),
        (
            "Copy second of branch-1 number 2: missing: Copy second does not hold recordings/branch-1/1.tsg.",
            "Copia second de branch-1, número 2: missing: La copia second no contiene recordings/branch-1/1.tsg.",
        ),
        ("In force until 2026-12-31, for 34 days.", "En vigor hasta el 31 dic 2026 (días restantes: 34)."),
        ("Name or password is wrong. From ::1.", "El nombre o la contraseña no son correctos. Desde ::1."),
        ("after line 12: The audio key is locked.", "tras la línea 12: La clave de audio está bloqueada."),
        (
            "17 more attempts from 192.0.2.7, the last one at 2026-11-23T09:30:00Z",
            "17 intentos más desde 192.0.2.7, el último: 2026-11-23T09:30:00Z",
        ),
        ("zzz was wanted: role does not allow it", "se pidió zzz: la función no lo permite"),
        ("something of a later version", "something of a later version"),
        ("for {0.__class__} minutes", "for {0.__class__} minutes"),
        ("a: " * 3000, "a: " * 3000),
    ],
)
def test_stored_texts_are_translated_with_their_values(text, spanish):
    assert get("es").stored(text) == spanish
    assert get("en").stored(text) == text


def test_a_stored_date_that_is_none_stays_as_it_is():
    assert get("es").stored("In force until 2026-99-99, for 3 days.").startswith("En vigor hasta el 2026-99-99")


# Every text that a reader or a screen reader gets. What the vault shows as it was stored is marked as English.
COLLECT = """(() => {
  const texts = [document.title];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (!parent.closest('script, code, kbd, [lang=en], .who b, .organisation')) texts.push(walker.currentNode.data);
  }
  for (const element of document.body.querySelectorAll('*'))
    for (const name of ['title', 'aria-label', 'aria-valuetext', 'placeholder', 'alt', 'data-label', 'data-position'])
      if (element.hasAttribute(name)) texts.push(element.getAttribute(name));
  return JSON.stringify(texts.map((text) => text.replace(/\\s+/g, ' ').trim()).filter((text) => text));
})()"""


def english_patterns():
    """Of each English text that is different in Spanish: the pieces between its tags, with anything for its values."""
    with (LOCALE_FOLDER / "es" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        pieces: dict[str, set[str]] = {"english": set(), "spanish": set()}
        for message in read_po(file):
            for kind, texts in (("english", message.id), ("spanish", message.string)):
                for text in texts if isinstance(texts, (tuple, list)) else [texts]:
                    pieces[kind] |= {piece.strip() for piece in re.split(r"<[^>]+>", text)}
    different = pieces["english"] - pieces["spanish"]
    with_words = {piece for piece in different if re.search(r"[a-z]{2}", re.sub(r"%\(\w+\)s", "", piece))}
    value = r"(?:%\\\(\w+\\\)s|\\\{\w+\\\})"
    return {piece: re.compile(re.sub(value, ".+", re.escape(piece))) for piece in with_words}


@pytest.mark.page
@pytest.mark.skipif(program() is None, reason="no Chromium on this machine")
def test_spanish_pages_have_no_english_text(site, vault, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setattr(recording_list, "_PAGE_SIZE", 6)
    patterns = english_patterns()
    assert len(patterns) > 200
    page = Chromium(tmp_path / "profile")
    english, seen = [], set()

    def check(name):
        assert page.run("document.documentElement.lang") == "es", name
        for text in json.loads(page.run(COLLECT)):
            seen.add(text)
            found = [piece for piece, pattern in patterns.items() if pattern.fullmatch(text)]
            words = ENGLISH_WORDS.findall(text)
            if found or words:
                english.append((name, text, found or words))

    try:
        page.go(f"{site}/language/es?back=/sign-in")
        check("sign-in")
        page.run(
            "document.querySelector('[name=name]').value = 'nadie';"
            "document.querySelector('[name=password]').value = 'incorrecta';"
            "document.querySelector('main form').requestSubmit()"
        )
        page.wait("document.querySelector('.note.bad')")
        check("sign-in refused")
        sign_in(page, site)
        for path in (
            "/",
            "/?page=2",
            "/?q=nadie",
            "/?state=quarantined",
            "/system",
            "/nada",
            "/?page=x",
            "/recordings/zzz",
        ):
            page.go(site + path)
            check(path)
        recordings = RecordingIndex(vault.database).find(Query())[0]
        assert {"recorded", "objected", "refused", "unrecorded", "unlawful", "test"} <= {
            one.outcome for one in recordings
        }
        for recording in recordings:
            page.go(f"{site}/recordings/{recording.id}")
            page.run("document.querySelectorAll('details').forEach((one) => one.open = true)")
            check(f"recording {recording.device_id}/{recording.number}")
        open_sound(page, site, recordings[-1].id)
        check("opened")
        assert page.run("document.getElementById('wave').ariaValueText").startswith("segundo ")
        for path in ("/access", "/access?user=nadie", "/access?kind=view&before=4"):
            page.go(site + path)
            check(path)
        assert [one for one in page.console_errors if "Failed to load resource" not in one] == []  # of the error pages
        data = vault.log.path.read_bytes()
        vault.log.path.write_bytes(data.replace(b'"n":2', b'"n":7', 1))
        page.go(f"{site}/access")
        check("/access of a broken log")
    finally:
        page.close()
    assert english == []
    for text in (
        "Justificante firmado:",
        "Copia dañada",
        "Revocado",
        "Página 1 de 3",
        "No hay coincidencias.",
        "En pausa",
    ):
        assert text in seen, f"the walk did not come by {text!r}"
    client = signed_in(site, USER)
    assert PASSWORD not in client.get("/access").text
