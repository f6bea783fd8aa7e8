"""The record of processing activities (GDPR article 30(1); LOPDGDD article 31) for the recording of calls, and where another
company records or keeps, the processor's own record (article 30(2))."""

from testigo_vault.compliance.facts import LawFacts, day_of, known
from testigo_vault.compliance.wording import Say, basis, finished, line_facts, line_title, purposes
from testigo_vault.reports.blocks import Block, Bullets, Facts, Gap, Heading, Paper, Paragraph, Table, Text


def paper(facts: LawFacts, language: str) -> Paper:
    say = Say(language)
    blocks = [*_controller(facts, say), *_activity(facts, say), *_people(facts, say), *_flow(facts, say)]
    blocks += [*_lines(facts, say), *_measures(facts, say)]
    if facts.policy.processor is not None:
        blocks += _processor(facts, say)
    title = say("Registro de actividades de tratamiento", "Record of processing activities")
    subtitle = say(
        f"{facts.policy.controller.name}: grabación de llamadas (RGPD, artículo 30)",
        f"{facts.policy.controller.name}: recording of calls (GDPR article 30)",
    )
    return finished(title, subtitle, blocks, facts, say)


def _controller(facts: LawFacts, say: Say) -> list[Block]:
    """30(1)(a)"""
    controller = facts.policy.controller
    outside = controller.representative or say(
        "no consta; solo hace falta fuera de la Unión", "none; only needed outside the Union"
    )
    pairs: list[tuple[str, Text]] = [
        (
            say("Responsable", "Controller"),
            known(controller.name, say("nombre del responsable", "the controller's name")),
        ),
        (say("Dirección", "Address"), known(controller.address, say("dirección postal", "postal address"))),
        (say("NIF", "Tax id"), known(controller.tax_id, say("NIF del responsable", "the controller's tax id"))),
        (
            say("Contacto", "Contact"),
            known(controller.contact, say("contacto para los derechos", "contact for the rights")),
        ),
        (
            say("Más información", "More information"),
            known(
                controller.information, say("dónde se lee el resto del aviso", "where the rest of the notice is read")
            ),
        ),
        (
            say("Delegado de protección de datos", "Data protection officer"),
            known(
                controller.dpo,
                say("delegado, o que no es obligatorio y por qué", "the officer, or that none is needed, and why"),
            ),
        ),
        (say("Representante", "Representative"), outside),
        (
            say("Corresponsables", "Joint controllers"),
            Gap(
                say("si deciden otros con el responsable, quiénes", "who else decides with the controller, if anybody")
            ),
        ),
    ]
    return [Heading(say("Responsable del tratamiento", "Controller")), Facts(pairs)]


def _activity(facts: LawFacts, say: Say) -> list[Block]:
    """30(1)(b), and the legal basis that LOPDGDD 31.2 adds."""
    rows: list[list[Text]] = [
        [line.name, purposes(line, facts, say), basis(line, say)] for line in facts.policy.lines if line.mode != "never"
    ]
    head = [say("Línea", "Line"), say("Fines", "Purposes"), say("Base jurídica", "Legal basis")]
    return [
        Heading(say("Actividad, fines y base jurídica", "Activity, purposes and legal basis")),
        Paragraph(
            say(
                "Grabación de llamadas telefónicas, precedida de un aviso y, según la línea, de la respuesta de quien llama o "
                "recibe la llamada; conservación cifrada, búsqueda, escucha por personas autorizadas y destrucción.",
                "Recording of telephone calls, preceded by a notice and, depending on the line, by the answer of the person who "
                "calls or is called; sealed keeping, finding, listening by authorised people, and destruction.",
            )
        ),
        Table(head, rows, [2, 5, 5]),
    ]


def _people(facts: LawFacts, say: Say) -> list[Block]:
    """30(1)(c)"""
    processing = facts.policy.processing
    persons = say.listed(processing.persons)
    always = say(
        "números de las partes (de las que no se graban, lo que dice cada línea), fecha, hora y duración, identificador de la "
        "llamada, avisos oídos y respuesta dada, teclas pulsadas mientras no hay pausa, medidas de la calidad del sonido",
        "numbers of the parties (of calls that are not recorded, as each line says), date, time and length, the call's "
        "identifier, notices heard and answer given, keys pressed while not paused, measurements of the quality of sound",
    )
    recorded = say("la voz de las partes y lo que dicen", "the parties' voices and what they say")
    pairs: list[tuple[str, Text]] = [
        (
            say("Personas interesadas", "Data subjects"),
            persons or Gap(say("categorías de personas", "categories of data subjects")),
        ),
        (say("Datos de toda llamada", "Data of every call"), always),
        (say("Datos de las grabadas", "Data of recorded ones"), recorded),
        (
            say("Datos según la política", "Data as the policy says"),
            say.listed(processing.data)
            or Gap(say("categorías de datos que salen en las llamadas", "categories of data that come up in calls")),
        ),
        (
            say("Categorías especiales", "Special categories"),
            _special(facts, say),
        ),
        (
            say("Usuarios del sistema", "Users of the system"),
            say(
                "nombre, funciones, contraseña resumida (scrypt) y cada acceso suyo",
                "name, roles, digest of the password (scrypt), and each access of theirs",
            ),
        ),
    ]
    if facts.objections:
        pairs.append(
            (
                say("Lista de oposición", "Objection list"),
                say(
                    f"{facts.objections} números que no se graban", f"{facts.objections} numbers that are not recorded"
                ),
            )
        )
    return [Heading(say("Personas y datos", "People and data")), Facts(pairs)]


def _special(facts: LawFacts, say: Say) -> Text:
    lines = [line.name for line in facts.policy.lines if line.high_level]
    if not lines:
        return say(
            "ninguna línea está declarada de nivel alto (RGPD, artículo 9)",
            "no line is declared to be of the high level (GDPR article 9)",
        )
    return [
        say("líneas de nivel alto: ", "lines of the high level: ") + say.listed(lines) + ". ",
        Gap(
            say(
                "qué categorías y qué excepción del artículo 9.2 del RGPD",
                "which categories, and which exception of GDPR article 9(2)",
            )
        ),
    ]


def _flow(facts: LawFacts, say: Say) -> list[Block]:
    """30(1)(d) to (f)"""
    processing = facts.policy.processing
    recipients: Text = say.listed(processing.recipients) or say(
        "ninguno, salvo obligación legal", "none, except where the law obliges"
    )
    remote = [place for place in facts.places if place.remote]
    transfers: Text = processing.transfers or say("ninguna según la política", "none, as the policy says")
    if remote:
        names = say.listed([f"{place.name} ({place.url.split('://')[0]})" for place in remote])
        where = say(f"Copias en almacenamiento externo: {names}. ", f"Copies in storage elsewhere: {names}. ")
        gap = Gap(say("país y empresa de ese almacenamiento", "country and company of that storage"))
        transfers = [str(transfers) + ". " + where, gap]
    days = processing.retention_days
    kept = say(
        f"{days} días desde la llamada, según la política. Esta versión no borra por sí misma al cumplirse: ",
        f"{days} days after the call, as the policy says. This version does not delete by itself then: ",
    )
    gap = Gap(say("quién borra, cuándo y cómo", "who deletes, when and how"))
    pairs: list[tuple[str, Text]] = [
        (say("Destinatarios", "Recipients"), recipients),
        (say("Transferencias", "Transfers"), transfers),
        (say("Plazo de supresión", "Time limit for erasure"), [kept, gap]),
        (
            say("Tras una oposición", "After an objection"),
            say(
                "el audio se destruye en el acto, en el equipo y en cada copia; quedan las huellas y la constancia",
                "the audio is destroyed at once, on the appliance and in every copy; digests and the record of it are left",
            ),
        ),
        (say("Lo que hay hoy", "What there is today"), _held(facts, say)),
    ]
    return [
        Heading(say("Destinatarios, transferencias y plazos", "Recipients, transfers and time limits")),
        Facts(pairs),
    ]


def _held(facts: LawFacts, say: Say) -> str:
    total = sum(facts.states.values())
    if not total:
        return say("ninguna llamada", "no calls")
    audio = facts.outcomes.get("recorded", 0) + facts.outcomes.get("cut", 0)
    return say(
        f"{total} llamadas anotadas, {audio} con audio, del {day_of(facts.first_ms)} al {day_of(facts.last_ms)}",
        f"{total} calls on record, {audio} with audio, from {day_of(facts.first_ms)} to {day_of(facts.last_ms)}",
    )


def _lines(facts: LawFacts, say: Say) -> list[Block]:
    blocks: list[Block] = [Heading(say("Líneas", "Lines"))]
    for line in facts.policy.lines:
        blocks += [Heading(line_title(line, say), 2), Facts(line_facts(line, facts, say))]
    notices: list[list[Text]] = [
        [notice.name, notice.language, str(notice.version), notice.text or "–"] for notice in facts.notices
    ]
    if notices:
        head = [say("Aviso", "Notice"), say("Idioma", "Language"), say("Versión", "Version"), say("Texto", "Words")]
        blocks += [Heading(say("Avisos firmados", "Signed notices"), 2), Table(head, notices, [3, 2, 2, 10])]
    return blocks


def _measures(facts: LawFacts, say: Say) -> list[Block]:
    """30(1)(g); the security document has them in full."""
    names = say.listed([place.name for place in facts.places])
    items: list[Text] = [
        say(
            "Cifrado desde la línea: el equipo sella cada cuarto de segundo con claves que él mismo no puede abrir",
            "Sealed from the line on: the appliance locks each quarter of a second with keys that it cannot open itself",
        ),
        say(
            "El sonido solo se abre con una frase de paso que no está en el sistema, y nunca se escribe abierto en disco",
            "Sound opens only with a passphrase that is not in the system, and is never written to a disk opened",
        ),
        say(
            f"{len(facts.places)} copias ({names}), cada una comprobable elemento por elemento",
            f"{len(facts.places)} copies ({names}), each of which can be checked item by item",
        ),
        say(
            "Registro de accesos encadenado, que no se puede desconectar: quién, cuándo, qué llamada, concedido o denegado",
            "A chained access log that cannot be switched off: who, when, which call, granted or denied",
        ),
        say(
            "Cinco funciones con los permisos mínimos; contraseñas resumidas; bloqueo tras cinco intentos",
            "Five roles of least privilege; passwords as digests; a lock after five attempts",
        ),
        say(
            "Comunicaciones entre equipo y sistema por TLS con certificados de ambas partes",
            "TLS with certificates on both sides between appliance and vault",
        ),
    ]
    intro = say("En detalle, en el documento de seguridad.", "In full in the security document.")
    return [
        Heading(say("Medidas de seguridad", "Security measures")),
        Bullets(items),
        Paragraph(intro, quiet=True),
    ]


def _processor(facts: LawFacts, say: Say) -> list[Block]:
    """30(2)"""
    processor = facts.policy.processor
    assert processor is not None
    pairs: list[tuple[str, Text]] = [
        (say("Encargado", "Processor"), processor.name),
        (
            say("Dirección", "Address"),
            known(processor.address, say("dirección del encargado", "the processor's address")),
        ),
        (say("NIF", "Tax id"), known(processor.tax_id, say("NIF del encargado", "the processor's tax id"))),
        (
            say("Contacto", "Contact"),
            known(processor.contact, say("contacto del encargado", "the processor's contact")),
        ),
        (
            say("Su delegado", "Its officer"),
            Gap(say("delegado de protección de datos del encargado", "the processor's data protection officer")),
        ),
        (say("Por cuenta de", "On behalf of"), facts.policy.controller.name),
        (
            say("Otros encargados", "Further processors"),
            say.listed(processor.subprocessors) or say("ninguno según la política", "none, as the policy says"),
        ),
        (
            say("Tratamientos", "Categories of processing"),
            say(
                "grabación, conservación cifrada, comprobación, búsqueda, puesta a disposición y destrucción de llamadas",
                "recording, sealed keeping, checking, finding, making available and destroying calls",
            ),
        ),
        (
            say("Transferencias", "Transfers"),
            facts.policy.processing.transfers or say("ninguna según la política", "none, as the policy says"),
        ),
        (say("Medidas de seguridad", "Security measures"), say("las de arriba", "those above")),
    ]
    title = say("Registro del encargado (RGPD, artículo 30.2)", "The processor's record (GDPR article 30(2))")
    return [Heading(title), Facts(pairs)]
