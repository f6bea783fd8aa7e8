"""The agreement with a company that records or keeps for the controller: its data, and the obligations of GDPR article 28
(once LOPD article 12), each with what the system does for it."""

from testigo_vault.compliance.facts import LawFacts, known
from testigo_vault.compliance.wording import Say, finished, line_facts, line_title, purposes
from testigo_vault.errors import VaultError
from testigo_vault.reports.blocks import Block, Bullets, Code, Facts, Gap, Heading, Paper, Paragraph, Text


def paper(facts: LawFacts, language: str) -> Paper:
    """Raises VaultError where the policy names no processor."""
    if facts.policy.processor is None:
        raise VaultError(
            "policy.toml names no processor: as it stands, nobody records or keeps for the controller, and no agreement is "
            "needed.",
            "Where another company does, add [processor] with name and contact (and address, tax_id, subprocessors).",
        )
    say = Say(language)
    blocks = [*_parties(facts, say), *_subject(facts, say), *_obligations(facts, say), *_more(facts, say)]
    blocks += _signatures(facts, say)
    title = say("Contrato de encargo del tratamiento", "Data processing agreement")
    subtitle = say(
        "Grabación y conservación de llamadas por cuenta del responsable (RGPD, artículo 28)",
        "Recording and keeping calls on behalf of the controller (GDPR article 28)",
    )
    return finished(title, subtitle, blocks, facts, say)


def _parties(facts: LawFacts, say: Say) -> list[Block]:
    controller, processor = facts.policy.controller, facts.policy.processor
    assert processor is not None

    def party(name: str, address: str, tax_id: str, contact: str, who: str) -> Facts:
        return Facts(
            [
                (say("Nombre", "Name"), known(name, say(f"nombre del {who}", f"the {who}'s name"))),
                (
                    say("Dirección", "Address"),
                    known(address, say(f"dirección del {who}", f"the {who}'s address")),
                ),
                (say("NIF", "Tax id"), known(tax_id, say(f"NIF del {who}", f"the {who}'s tax id"))),
                (say("Contacto", "Contact"), known(contact, say(f"contacto del {who}", f"the {who}'s contact"))),
                (
                    say("Representado por", "Represented by"),
                    Gap(
                        say(
                            f"quién firma por el {who} y en calidad de qué",
                            f"who signs for the {who}, in which capacity",
                        )
                    ),
                ),
            ]
        )

    return [
        Heading(say("Responsable", "Controller")),
        party(
            controller.name,
            controller.address,
            controller.tax_id,
            controller.contact,
            say("responsable", "controller"),
        ),
        Heading(say("Encargado", "Processor")),
        party(processor.name, processor.address, processor.tax_id, processor.contact, say("encargado", "processor")),
    ]


def _subject(facts: LawFacts, say: Say) -> list[Block]:
    """28(3), first sentence: subject, duration, nature, purpose, data, data subjects."""
    processing = facts.policy.processing
    lines = [line for line in facts.policy.lines if line.mode != "never"]
    goals = list(dict.fromkeys(purposes(line, facts, say) for line in lines))
    pairs: list[tuple[str, Text]] = [
        (
            say("Objeto", "Subject matter"),
            say(
                "grabar y conservar llamadas de las líneas que siguen",
                "recording and keeping calls of the lines that follow",
            ),
        ),
        (
            say("Duración", "Duration"),
            Gap(say("desde cuándo y hasta cuándo, o el contrato principal", "from when to when, or the main contract")),
        ),
        (
            say("Naturaleza", "Nature"),
            say(
                "grabación con aviso previo, cifrado, transporte, comprobación, conservación, entrega y destrucción",
                "recording after a notice, sealing, transport, checking, keeping, handing out and destruction",
            ),
        ),
        (say("Fines", "Purposes"), "; ".join(goals)),
        (
            say("Datos", "Data"),
            say.listed([say("voz, números, fecha y hora", "voice, numbers, date and time"), *processing.data]),
        ),
        (
            say("Personas interesadas", "Data subjects"),
            say.listed(processing.persons) or Gap(say("categorías de personas", "categories of data subjects")),
        ),
        (say("Nivel alto", "High level"), say.yes(facts.high_level)),
        (
            say("Plazo", "Time limit"),
            say(
                f"{processing.retention_days} días desde la llamada", f"{processing.retention_days} days after the call"
            ),
        ),
    ]
    blocks: list[Block] = [Heading(say("Objeto y alcance", "Subject and scope")), Facts(pairs)]
    for line in lines:
        blocks += [Heading(line_title(line, say), 2), Facts(line_facts(line, facts, say))]
    return blocks


def _obligations(facts: LawFacts, say: Say) -> list[Block]:
    """28(3)(a) to (h): what is agreed, and what the system does towards it."""
    blocks: list[Block] = [
        Heading(say("Obligaciones del encargado (artículo 28.3)", "The processor's obligations (article 28(3))"))
    ]
    for letter, title, agreed, system in _clauses(facts, say):
        blocks += [Heading(f"{letter}) {title}", 2), Paragraph(agreed), Bullets(system)]
    return blocks


def _clauses(facts: LawFacts, say: Say) -> list[tuple[str, str, Text, list[Text]]]:
    signed = facts.signed
    policy: Text = say("la política aún no está firmada", "the policy is not signed yet")
    if signed:
        policy = [
            say(f"hoy la versión {signed.version}, SHA-256 ", f"today version {signed.version}, SHA-256 "),
            Code(signed.digest),
        ]
    listeners = say.listed([user.full_name for user in facts.with_role("supervisor")]) or say(
        "nadie todavía", "nobody yet"
    )
    names = say.listed([place.name for place in facts.places])
    processor = facts.policy.processor
    assert processor is not None
    others = say.listed(processor.subprocessors)
    return [
        (
            "a",
            say("Instrucciones documentadas", "Documented instructions"),
            say(
                "El encargado trata los datos solo por instrucciones documentadas del responsable, también en cuanto a "
                "transferencias a terceros países, y le avisa si una le parece contraria a la ley.",
                "The processor processes the data only on the controller's documented instructions, also as to transfers to "
                "third countries, and says so where one seems to be against the law.",
            ),
            [
                [
                    say("Las instrucciones son la política firmada: ", "The instructions are the signed policy: "),
                    *_parts(policy),
                ],
                say(
                    "El equipo no graba sin una política firmada y vigente; cada grabación lleva la huella de la suya",
                    "The appliance records nothing without a signed policy in force; each recording has the digest of its own",
                ),
                say(
                    "Transferencias: " + (facts.policy.processing.transfers or "ninguna"),
                    "Transfers: " + (facts.policy.processing.transfers or "none"),
                ),
            ],
        ),
        (
            "b",
            say("Confidencialidad", "Confidentiality"),
            say(
                "Quienes tratan los datos se han comprometido a guardar secreto o están obligados por ley.",
                "Those who process the data have committed themselves to confidentiality, or are bound by law.",
            ),
            [
                say(f"Pueden escuchar, por su función: {listeners}", f"May listen, by their role: {listeners}"),
                Gap(
                    say("dónde constan los compromisos de secreto", "where the commitments to confidentiality are kept")
                ),
            ],
        ),
        (
            "c",
            say("Seguridad (artículo 32)", "Security (article 32)"),
            say(
                "El encargado aplica las medidas del documento de seguridad, que es parte de este contrato.",
                "The processor takes the measures of the security document, which is part of this agreement.",
            ),
            [
                say(
                    "Cifrado desde la línea hasta la escucha, y en cada copia",
                    "Sealed from the line to the listener, and in every copy",
                ),
                say(f"Copias: {names}", f"Copies: {names}"),
                say(
                    "Nivel de las medidas: " + ("alto" if facts.high_level else "el que decida el responsable"),
                    "Level of the measures: " + ("high" if facts.high_level else "as the controller decides"),
                ),
            ],
        ),
        (
            "d",
            say("Otros encargados (28.2 y 28.4)", "Further processors (28(2) and (4))"),
            say(
                "El encargado no recurre a otro sin autorización previa y por escrito, y le impone las mismas obligaciones.",
                "The processor engages no other without prior written authorisation, and binds it to the same obligations.",
            ),
            [
                say(f"Autorizados: {others}", f"Authorised: {others}")
                if others
                else say("Ninguno autorizado", "None authorised")
            ],
        ),
        (
            "e",
            say("Ayuda con los derechos de las personas", "Help with the rights of data subjects"),
            say(
                "El encargado ayuda al responsable a responder a las solicitudes de acceso, rectificación, supresión, oposición "
                "y limitación, y le traslada sin demora las que reciba.",
                "The processor helps the controller to answer requests of access, rectification, erasure, objection and "
                "restriction, and passes on at once those that it receives.",
            ),
            [
                say(
                    "Acceso: las llamadas se buscan por número y fecha y se entregan en WAV con sus pruebas",
                    "Access: calls are found by number and date, and handed out as WAV with their evidence",
                ),
                say(
                    "Oposición: una tecla en la llamada, y la lista de números que no se graban, hoy con "
                    f"{facts.objections}, que llega a cada equipo",
                    f"Objection: a key in the call, and the list of numbers not to be recorded, {facts.objections} today, which "
                    "reaches every appliance",
                ),
                say(
                    "Rectificación, bloqueo y limitación no están en esta versión del programa: se llevan aparte",
                    "Rectification, blocking and restriction are not in this version of the program: they are kept apart",
                ),
                Gap(
                    say(
                        "en cuántos días traslada el encargado una solicitud",
                        "within how many days requests are passed on",
                    )
                ),
            ],
        ),
        (
            "f",
            say("Ayuda con las obligaciones de los artículos 32 a 36", "Help with articles 32 to 36"),
            say(
                "El encargado comunica sin dilación las violaciones de seguridad y ayuda en las evaluaciones de impacto.",
                "The processor tells of personal data breaches without delay, and helps with impact assessments.",
            ),
            [
                say(
                    "El sistema da la alarma de lo que falta, se rechaza, está alterado o se grabó sin derecho",
                    "The system raises alarms of what is missing, refused, altered, or recorded unlawfully",
                ),
                Gap(
                    say(
                        "en cuántas horas se comunica una violación, y a quién",
                        "within how many hours a breach is told, and to whom",
                    )
                ),
            ],
        ),
        (
            "g",
            say("Al terminar", "At the end"),
            say(
                "Terminado el servicio, el encargado suprime o devuelve los datos, a elección del responsable, y las copias.",
                "When the service ends, the processor erases or returns the data, as the controller chooses, and the copies.",
            ),
            [
                Gap(say("supresión o devolución", "erasure or return")),
                say(
                    "Devolver: cada copia es un fichero completo, que otro sistema Testigo comprueba y abre con las claves",
                    "Return: each copy is a whole file, which another vault checks and opens with the keys",
                ),
                say(
                    "Suprimir: sin las claves privadas ninguna copia se puede abrir; se borran además los ficheros de cada lugar",
                    "Erase: without the private keys no copy opens; the files in every place are deleted besides",
                ),
            ],
        ),
        (
            "h",
            say("Prueba y auditorías", "Proof and audits"),
            say(
                "El encargado pone a disposición lo necesario para demostrar que cumple, y permite auditorías e inspecciones.",
                "The processor makes available what shows compliance, and allows for audits and inspections.",
            ),
            [
                [
                    Code("testigo verify"),
                    say(
                        " comprueba cada copia contra la firma del equipo; ",
                        " checks every copy against the appliance's signature; ",
                    ),
                    Code("testigo log verify"),
                    say(", el registro de accesos", ", the access log"),
                ],
                [
                    Code("testigo consent export"),
                    say(
                        " da por cada llamada un justificante que se comprueba sin el sistema",
                        " gives a receipt for each call, which can be checked without the vault",
                    ),
                ],
            ],
        ),
    ]


def _parts(text: Text) -> list:
    return text if isinstance(text, list) else [text]


def _more(facts: LawFacts, say: Say) -> list[Block]:
    """28(3) last sentence, 28(10), 82; LOPD 12."""
    items: list[Text] = [
        say(
            "El encargado no usa los datos para fines propios ni los comunica a otros, ni para conservarlos; si lo hiciera, "
            "respondería como responsable (artículo 28.10; antes, LOPD, artículo 12.4).",
            "The processor does not use the data for purposes of its own, nor pass them on, even to keep them; if it did, it "
            "would answer as a controller (article 28(10); once LOPD article 12(4)).",
        ),
        say(
            "Las medidas de seguridad que el encargado ha de aplicar constan en este contrato y en el documento de seguridad "
            "(antes, LOPD, artículo 12.2).",
            "The security measures that the processor has to take stand in this agreement and in the security document (once "
            "LOPD article 12(2)).",
        ),
        say(
            "El responsable da las instrucciones por escrito, vigila el cumplimiento y responde del aviso, de la base jurídica y "
            "de informar a las personas trabajadoras.",
            "The controller gives instructions in writing, watches over compliance, and answers for the notice, the legal basis "
            "and for informing the workers.",
        ),
        say(
            "Guarda las claves quien las necesita: la que abre el audio es del responsable y el encargado no la tiene, salvo "
            "que se pacte otra cosa: ",
            "Keys are held by those who need them: the one that opens audio is the controller's, and the processor does not have "
            "it unless agreed otherwise: ",
        ),
    ]
    items[-1] = [str(items[-1]), Gap(say("quién tiene la frase de paso del audio", "who holds the audio passphrase"))]
    return [Heading(say("Además", "Besides")), Bullets(items)]


def _signatures(facts: LawFacts, say: Say) -> list[Block]:
    return [
        Heading(say("Firmas", "Signatures")),
        Facts(
            [
                (
                    say("Lugar y fecha", "Place and date"),
                    Gap(say("lugar y fecha de la firma", "place and date of signing")),
                ),
                (
                    say("Por el responsable", "For the controller"),
                    Gap(say("firma del responsable", "the controller's signature")),
                ),
                (
                    say("Por el encargado", "For the processor"),
                    Gap(say("firma del encargado", "the processor's signature")),
                ),
            ]
        ),
    ]
