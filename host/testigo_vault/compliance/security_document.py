"""The security document (RD 1720/2007 article 88): what it is about, measures, functions, structure of the files, incidents,
backups, media, controls; then each measure of articles 87 and 89 to 104 with what the system does and with its real settings.

The regulation belonged to the old law; its high level still serves many organisations as the measures of GDPR article 32.
"""

from testigo_vault.compliance.facts import LawFacts, day_of, known
from testigo_vault.compliance.measures import BASIC, HIGH, MEDIUM, Measure, basic
from testigo_vault.compliance.measures_high import high, medium
from testigo_vault.compliance.wording import Say, finished
from testigo_vault.reports.blocks import Block, Bullets, Code, Facts, Gap, Heading, Paper, Paragraph, Table, Text, coded


def paper(facts: LawFacts, language: str) -> Paper:
    say = Say(language)
    blocks = [*_scope(facts, say), *_functions(facts, say), *_structure(facts, say), *_procedures(facts, say)]
    blocks += [*_measures(facts, say), *_controls(facts, say)]
    title = say("Documento de seguridad", "Security document")
    subtitle = say(
        f"{facts.policy.controller.name}: grabación de llamadas (RD 1720/2007, artículo 88)",
        f"{facts.policy.controller.name}: recording of calls (RD 1720/2007 article 88)",
    )
    return finished(title, subtitle, blocks, facts, say)


def _scope(facts: LawFacts, say: Say) -> list[Block]:
    """88.1, 88.3(a), 88.5"""
    processor = facts.policy.processor
    level: Text = say("alto", "high")
    if not facts.high_level:
        level = [
            say("ninguna línea está declarada de nivel alto: ", "no line is declared to be of the high level: "),
            Gap(say("nivel que se aplica (artículo 81)", "the level that applies (article 81)")),
        ]
    pairs: list[tuple[str, Text]] = [
        (
            say("Responsable", "Controller"),
            known(facts.policy.controller.name, say("nombre del responsable", "the controller's name")),
        ),
        (say("Sistema", "System"), f"{facts.name}, Testigo {facts.program}"),
        (say("Nivel de las medidas", "Level of the measures"), level),
        (
            say("Encargado (88.5)", "Processor (88.5)"),
            say(
                f"{processor.name}; su contrato es documento aparte",
                f"{processor.name}; its agreement is a paper of its own",
            )
            if processor
            else say("ninguno según la política", "none, as the policy says"),
        ),
    ]
    rows: list[list[Text]] = [
        [
            say("Máquina del sistema", "The vault's machine"),
            say("toma, comprueba, conserva, busca, reproduce", "takes in, checks, keeps, finds, plays"),
        ]
    ]
    for place in facts.places:
        rows.append([say(f"Copia «{place.name}»", f"Copy “{place.name}”"), Code(place.url)])
    rows.append([say("Índice", "Index"), facts.index])
    for device in facts.devices:
        state = (
            say("excluido el ", "shut out on ") + device.revoked[:10] if device.revoked else say("admitido", "admitted")
        )
        issued = device.issued[-1][:10] if device.issued else "–"
        text = say(f"certificado el {issued}, {state}", f"certified on {issued}, {state}")
        rows.append([say(f"Equipo {device.device_id}", f"Appliance {device.device_id}"), text])
    return [
        Heading(say("Ámbito y recursos protegidos", "Scope and protected resources")),
        Facts(pairs),
        Table([say("Recurso", "Resource"), say("Qué es", "What it is")], rows, [1, 2]),
    ]


def _functions(facts: LawFacts, say: Say) -> list[Block]:
    """88.3(c), 88.4(a): who there is."""
    rows: list[list[Text]] = []
    for user in facts.users:
        roles = say.listed([say.role(role) for role in user.roles.split(",")])
        state = (
            say("desactivada el ", "disabled on ") + day_of(user.disabled_ms)
            if user.disabled_ms
            else say("activa", "active")
        )
        rows.append([user.full_name, user.name, roles, state, day_of(user.changed_ms)])
    head = [
        say("Persona", "Person"),
        say("Cuenta", "Account"),
        say("Funciones", "Roles"),
        say("Estado", "State"),
        say("Contraseña desde", "Password since"),
    ]
    blocks: list[Block] = [Heading(say("Personas y funciones", "People and functions"))]
    if rows:
        blocks.append(Table(head, rows, [4, 3, 5, 3, 3]))
    else:
        blocks.append(Paragraph(say("Aún no hay cuentas.", "There are no accounts yet.")))
    secret: Text = say(
        "fuera de la carpeta del sistema (TESTIGO_SERVICE_SECRET_FILE)",
        "outside the vault's folder (TESTIGO_SERVICE_SECRET_FILE)",
    )
    if not facts.secret_elsewhere:
        secret = say(
            "en organisation/service.secret: una copia robada de la carpeta entera abriría los sucesos, no el audio",
            "in organisation/service.secret: a stolen copy of the whole folder would open events, not audio",
        )
    keys: list[list[Text]] = [
        [
            Code("ca.key"),
            say("certifica equipos", "certifies appliances"),
            say("frase de paso de la organización", "organisation's passphrase"),
        ],
        [Code("audio.key"), say("abre el sonido", "opens sound"), say("frase de paso del audio", "audio passphrase")],
        [
            Code("index.key"),
            say("abre los sucesos: quién, cuándo, consentimiento", "opens events: who, when, consent"),
            say("secreto del servicio", "service secret"),
        ],
        [
            Code("operator.key"),
            say("firma políticas, avisos y justificantes", "signs policies, notices and receipts"),
            say("secreto del servicio", "service secret"),
        ],
        [
            Code("server.key"),
            say("identifica al sistema ante los equipos", "identifies the vault to appliances"),
            say("secreto del servicio", "service secret"),
        ],
    ]
    blocks += [
        Heading(say("Claves", "Keys"), 2),
        Table([say("Clave", "Key"), say("Para qué", "For"), say("Protegida por", "Protected by")], keys, [2, 4, 3]),
        Facts([(say("Secreto del servicio", "Service secret"), secret)]),
    ]
    return blocks


def _structure(facts: LawFacts, say: Say) -> list[Block]:
    """88.3(d)"""
    clear, sealed = say("en claro", "in clear"), say("cifrado", "encrypted")
    rows: list[list[Text]] = [
        [
            Code("*.tsg"),
            say(
                "grabaciones: sucesos (números, avisos, respuestas) y sonido, cada uno con su clave; firmadas por el equipo",
                "recordings: events (numbers, notices, answers) and sound, each under a key of its own; signed by the appliance",
            ),
            sealed,
        ],
        [
            say("índice", "index"),
            say(
                "por llamada: equipo, número de orden, fecha, línea, números de las partes, resultado, sucesos; además cuentas "
                "y alarmas",
                "for each call: appliance, sequence number, date, line, numbers of the parties, outcome, events; also accounts "
                "and alarms",
            ),
            clear,
        ],
        [
            Code("access.log"),
            say("quién abrió qué, cuándo; encadenado", "who opened what, when; chained"),
            clear,
        ],
        [
            Code("alarms.log"),
            say("incidencias que detecta el sistema", "incidents that the system notices"),
            clear,
        ],
        [
            Code("documents/"),
            say(
                "política, avisos y ajustes firmados (los ajustes llevan contraseñas de SIP y Wi-Fi), y su archivo",
                "signed policy, notices and settings (settings have SIP and Wi-Fi passwords), and their archive",
            ),
            clear,
        ],
        [
            Code("policy.toml"),
            say(
                "la política, con los acuses de las personas trabajadoras",
                "the policy, with the workers' acknowledgements",
            ),
            clear,
        ],
        [
            Code("objections.json"),
            say(
                "números que no se graban; a los equipos solo llegan sus huellas",
                "numbers not to be recorded; appliances get digests only",
            ),
            clear,
        ],
        [
            Code("organisation/"),
            say("claves, certificados y el secreto del servicio", "keys, certificates and the service secret"),
            say("claves cifradas", "keys encrypted"),
        ],
        [Code("devices/"), say("registro de equipos", "register of appliances"), clear],
    ]
    head = [say("Fichero", "File"), say("Contenido", "Content"), say("En disco", "On disk")]
    held = sum(facts.states.values())
    return [
        Heading(say("Estructura de los ficheros", "Structure of the files")),
        Paragraph(
            say(
                f"Hoy hay {held} llamadas, {facts.states.get('quarantined', 0)} de ellas en cuarentena.",
                f"There are {held} calls today, {facts.states.get('quarantined', 0)} of them in quarantine.",
            )
        ),
        Table(head, rows, [4, 12, 2]),
    ]


def _procedures(facts: LawFacts, say: Say) -> list[Block]:
    """88.3(e) to (g)"""
    incidents: list[Text] = [
        say(
            "Una alarma aparece en la página System y en alarms.log; la ve quien tenga la función de responsable de seguridad "
            "o auditor",
            "An alarm shows on the System page and in alarms.log; whoever has the role security officer or auditor sees it",
        ),
        say(
            "Una violación de la seguridad se comunica a la autoridad de control en 72 horas, salvo que no entrañe riesgo "
            "(RGPD, artículo 33)",
            "A personal data breach is told to the supervisory authority within 72 hours, unless it brings no risk (GDPR "
            "article 33)",
        ),
        [
            say("Autoridad de control: ", "Supervisory authority: "),
            *_one(known(facts.policy.controller.authority, say("autoridad de control", "supervisory authority"))),
        ],
        Gap(say("quién decide y comunica una violación de la seguridad", "who decides on a breach, and tells of it")),
    ]
    recovery: list[Text] = [
        coded(
            say(
                "Una copia dañada: `testigo verify` la nombra; se pone en su sitio el mismo fichero de otra copia y se comprueba "
                "de nuevo",
                "A damaged copy: `testigo verify` names it; the same file of another copy is put in its place, and checked again",
            )
        ),
        coded(
            say(
                "Se perdió el índice: `testigo vault reindex` lo hace de nuevo con las copias",
                "The index was lost: `testigo vault reindex` makes it anew from the copies",
            )
        ),
        say(
            "Se perdió la máquina: se restauran organisation/, devices/, documents/, objections.json y vault.toml, se apunta a "
            "las copias y se reindexa",
            "The machine was lost: organisation/, devices/, documents/, objections.json and vault.toml are restored, "
            "pointed at the copies, and indexed",
        ),
        say(
            "Sin las claves de organisation/ o sin la frase de paso del audio, ninguna copia se puede abrir",
            "Without the keys in organisation/, or without the audio passphrase, no copy can be opened",
        ),
    ]
    return [
        Heading(say("Incidencias", "Incidents")),
        Bullets(incidents),
        Heading(say("Recuperación", "Recovery")),
        Bullets(recovery),
    ]


def _one(text: Text) -> list:
    return text if isinstance(text, list) else [text]


def _measures(facts: LawFacts, say: Say) -> list[Block]:
    """88.3(b)"""
    levels = {
        BASIC: say("nivel básico", "basic level"),
        MEDIUM: say("nivel medio", "medium level"),
        HIGH: say("nivel alto", "high level"),
    }
    blocks: list[Block] = [Heading(say("Medidas (artículos 87 y 89 a 104)", "Measures (articles 87 and 89 to 104)"))]
    for measure in [*basic(facts, say), *medium(facts, say), *high(facts, say)]:
        blocks += _measure(measure, levels[measure.level], say)
    return blocks


def _measure(measure: Measure, level: str, say: Say) -> list[Block]:
    title = say(f"Artículo {measure.article}. {measure.title}", f"Article {measure.article}. {measure.title}")
    blocks: list[Block] = [Heading(f"{title} ({level})", 2), Paragraph(measure.asks, quiet=True)]
    blocks.append(Bullets([*measure.system, *measure.people]))
    return blocks


def _controls(facts: LawFacts, say: Say) -> list[Block]:
    """88.4(b), 88.7"""
    rows: list[list[Text]] = [
        [
            Code("testigo verify"),
            say("cada copia, cada número, cada firma", "every copy, number and signature"),
            Gap(say("cada cuánto y quién: testigo verify", "how often, and who: testigo verify")),
        ],
        [
            Code("testigo log verify"),
            say("el registro de accesos", "the access log"),
            say("cada mes, con el informe (artículo 103)", "monthly, with the report (article 103)"),
        ],
        [
            Code("testigo user list"),
            say("cuentas y funciones", "accounts and roles"),
            Gap(say("cada cuánto y quién: testigo user list", "how often, and who: testigo user list")),
        ],
        [
            Code("testigo law security-document"),
            say("este documento", "this document"),
            say("tras cada cambio (artículo 88.7)", "after each change (article 88.7)"),
        ],
    ]
    head = [say("Control", "Control"), say("Qué comprueba", "What it checks"), say("Cuándo", "When")]
    return [
        Heading(say("Controles periódicos", "Periodic controls")),
        Table(head, rows, [4, 4, 5]),
        Paragraph(
            say(
                "Al imprimir este documento: última línea del registro de accesos y huella, en el artículo 103.",
                "As this paper is printed: last line of the access log and its digest, under article 103.",
            ),
            quiet=True,
        ),
    ]
