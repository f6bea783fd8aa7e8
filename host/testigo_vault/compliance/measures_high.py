"""The measures of RD 1720/2007 of the medium level (articles 95 to 100) and of the high one (101 to 104)."""

from testigo_vault.compliance.facts import LawFacts
from testigo_vault.compliance.measures import HIGH, MEDIUM, Measure
from testigo_vault.compliance.wording import Say
from testigo_vault.config import Config
from testigo_vault.identity.users import FAILURES_ALLOWED, LOCK_MS
from testigo_vault.playback.unlocked_keys import FAILURES_ALLOWED as PASSPHRASES_ALLOWED
from testigo_vault.reports.blocks import Code, Gap, Text

_HERE = ("127.0.0.1", "::1", "localhost")


def medium(facts: LawFacts, say: Say) -> list[Measure]:
    return [
        _officer(facts, say),
        _audit(facts, say),
        _movements(say),
        _attempts(facts, say),
        _premises(facts, say),
        _restores(say),
    ]


def high(facts: LawFacts, say: Say) -> list[Measure]:
    return [_distribution(say), _elsewhere(facts, say), _access_log(facts, say), _telecommunications(facts, say)]


def _officer(facts: LawFacts, say: Say) -> Measure:
    officers = [user.full_name for user in facts.with_role("security-officer")]
    gap = Gap(say("responsable de seguridad designado", "the security officer who is appointed"))
    named = say(
        f"Con esa función en el sistema: {say.listed(officers)}",
        f"With that role in the system: {say.listed(officers)}",
    )
    return Measure(
        95,
        say("Responsable de seguridad", "Security officer"),
        MEDIUM,
        say(
            "Uno o varios responsables de seguridad que coordinen y controlen las medidas, sin eximir al responsable del "
            "tratamiento.",
            "One or more security officers who coordinate and control the measures; the controller stays responsible.",
        ),
        [named] if officers else [say("Nadie tiene esa función en el sistema", "Nobody has that role in the system")],
        [Gap(say("nombramiento, con su fecha", "the appointment, with its date"))] if officers else [gap],
    )


def _audit(facts: LawFacts, say: Say) -> Measure:
    state = say("íntegro", "unbroken") if not facts.log_breaks else say("no cuadra", "does not hold")
    return Measure(
        96,
        say("Auditoría", "Audit"),
        MEDIUM,
        say(
            "Una auditoría al menos cada dos años y tras cambios sustanciales, con informe de deficiencias y medidas.",
            "An audit at least every two years and after substantial changes, with a report of deficiencies and measures.",
        ),
        [
            [
                say("Pruebas para el informe: ", "Evidence for the report: "),
                Code("testigo verify --deep"),
                ", ",
                Code("testigo log verify"),
                ", ",
                Code("testigo consent verify"),
            ],
            say(
                f"Hoy: registro de accesos {state}; {facts.gaps} huecos en los números de los equipos; "
                f"{facts.states.get('quarantined', 0)} grabaciones en cuarentena",
                f"Today: access log {state}; {facts.gaps} gaps in the numbers of appliances; "
                f"{facts.states.get('quarantined', 0)} recordings in quarantine",
            ),
        ],
        [
            Gap(say("fecha y autor de la última auditoría", "date and author of the last audit")),
            Gap(say("fecha de la próxima", "date of the next one")),
        ],
    )


def _movements(say: Say) -> Measure:
    return Measure(
        97,
        say("Registro de entrada y salida de soportes", "Register of media going in and out"),
        MEDIUM,
        say(
            "Un registro de lo que entra y sale: qué soporte, cuándo, de quién o a quién, cuántos, qué datos, cómo y quién lo "
            "autoriza.",
            "A register of what comes and goes: which medium, when, from or to whom, how many, what data, how, and by whose "
            "leave.",
        ),
        [
            say(
                "Las grabaciones viajan selladas, por la red o por cable; cada llegada queda en el índice con equipo, número y "
                "hora",
                "Recordings travel sealed, by network or cable; each arrival is in the index with appliance, number and time",
            ),
            say(
                "Cada exportación y cada justificante quedan en el registro de accesos con la persona",
                "Each export and each receipt is in the access log with the person",
            ),
        ],
        [Gap(say("dónde se lleva el registro de entrada y salida", "where the register of media is kept"))],
    )


def _attempts(facts: LawFacts, say: Say) -> Measure:
    wait = LOCK_MS // 60_000
    return Measure(
        98,
        say("Límite de intentos", "Limit of attempts"),
        MEDIUM,
        say(
            "Que no se pueda intentar una y otra vez el acceso no autorizado.",
            "That access cannot be tried again and again.",
        ),
        [
            say(
                f"{FAILURES_ALLOWED} contraseñas erróneas bloquean un nombre {wait} minutos, exista o no",
                f"{FAILURES_ALLOWED} wrong passwords lock a name for {wait} minutes, whether it exists or not",
            ),
            say(
                f"Lo mismo {PASSPHRASES_ALLOWED} frases de paso erróneas del audio, para la persona que las escribe",
                f"So do {PASSPHRASES_ALLOWED} wrong audio passphrases, for the person who types them",
            ),
            say(
                f"Una sesión termina a los {facts.config.session_minutes} minutos; la clave del audio se olvida a los "
                f"{facts.config.unlock_minutes}",
                f"A session ends after {facts.config.session_minutes} minutes; the audio key is forgotten after "
                f"{facts.config.unlock_minutes}",
            ),
        ],
        [],
    )


def _premises(facts: LawFacts, say: Say) -> Measure:
    return Measure(
        99,
        say("Control de acceso físico", "Physical access control"),
        MEDIUM,
        say(
            "Que solo el personal autorizado entre donde están los equipos del sistema.",
            "That only authorised staff enter the places where the equipment is.",
        ),
        [
            say(
                "Quien se lleve un equipo no puede abrir lo grabado; quien toque su puerto en servicio sí puede cambiar su "
                "programa",
                "Who takes an appliance cannot open what it recorded; who reaches its port in service mode can change its "
                "firmware",
            ),
        ],
        [
            Gap(
                say(
                    "dónde está la máquina del sistema y quién entra",
                    "where the vault's machine stands, and who may enter",
                )
            ),
            *(
                Gap(say(f"dónde está el equipo {device.device_id}", f"where the appliance {device.device_id} stands"))
                for device in facts.devices
                if not device.revoked
            ),
        ],
    )


def _restores(say: Say) -> Measure:
    return Measure(
        100,
        say("Recuperaciones de datos", "Restores of data"),
        MEDIUM,
        say(
            "Que el registro de incidencias recoja las recuperaciones: quién, qué datos, y con qué autorización del responsable.",
            "That the register of incidents has the restores: who, which data, and by which authorisation of the controller.",
        ),
        [
            say(
                "El sistema no anota que se restaure un fichero; lo restaurado se comprueba contra la firma del equipo",
                "The system does not log that a file was restored; what was restored is checked against the appliance's "
                "signature",
            ),
        ],
        [
            Gap(
                say(
                    "dónde se anotan y quién autoriza las recuperaciones",
                    "where restores are noted, and who authorises them",
                )
            )
        ],
    )


def _distribution(say: Say) -> Measure:
    return Measure(
        101,
        say("Gestión y distribución de soportes", "Management and distribution of media"),
        HIGH,
        say(
            "Etiquetas que solo entienda el personal, y soportes y portátiles cifrados fuera de las instalaciones.",
            "Labels that only insiders understand, and media and portable devices encrypted outside the premises.",
        ),
        [
            say(
                "Los ficheros se llaman por equipo, número e identificador al azar: ni nombres ni teléfonos",
                "Files are named by appliance, number and a random identifier: neither names nor telephone numbers",
            ),
            say(
                "Dentro, sonido y sucesos van cifrados (SFrame, AES-128 con HMAC-SHA-256; claves envueltas con HPKE)",
                "Inside, sound and events are encrypted (SFrame, AES-128 with HMAC-SHA-256; keys wrapped by HPKE)",
            ),
        ],
        [
            Gap(
                say(
                    "cómo se cifran las exportaciones y las copias del índice que salen",
                    "how exports and backups of the index are encrypted when they leave",
                )
            )
        ],
    )


def _elsewhere(facts: LawFacts, say: Say) -> Measure:
    system: list[Text] = []
    for place in facts.places:
        if place.remote:
            where = say(f"almacenamiento externo ({place.url})", f"storage elsewhere ({place.url})")
        elif place.same_disk:
            where = say("el mismo disco que el sistema", "the same disk as the vault")
        else:
            where = say("otro disco de la misma máquina", "another disk of the same machine")
        system.append(say(f"Copia {place.name}: {where}", f"Copy {place.name}: {where}"))
    people: list[Text] = []
    if not any(place.remote for place in facts.places):
        people.append(
            Gap(
                say(
                    "una copia en otro edificio: ninguna de las configuradas lo está a ciencia cierta",
                    "a copy in another building: none of those configured certainly is",
                )
            )
        )
    people.append(
        Gap(
            say(
                "dónde se guarda el procedimiento de recuperación, y las claves, fuera de la sede",
                "where the recovery procedure and the keys are kept off the premises",
            )
        )
    )
    return Measure(
        102,
        say("Copias en otro lugar", "Copies in another place"),
        HIGH,
        say(
            "Una copia de los datos y de los procedimientos de recuperación en un lugar distinto.",
            "A copy of the data and of the recovery procedures in a different place.",
        ),
        system,
        people,
    )


def _access_log(facts: LawFacts, say: Say) -> Measure:
    since = facts.log_since or say("todavía ninguna", "none yet")
    return Measure(
        103,
        say("Registro de accesos", "Access log"),
        HIGH,
        say(
            "De cada acceso: quién, cuándo, a qué, de qué tipo, si se autorizó y a qué registro; sin desactivación posible, "
            "guardado dos años, revisado cada mes con informe.",
            "Of each access: who, when, to what, of which kind, whether granted, and the very record; it cannot be switched off, "
            "is kept for two years, and is reviewed monthly with a report.",
        ),
        [
            say(
                f"{facts.log_lines} líneas, la primera del {since}; el programa nunca la acorta",
                f"{facts.log_lines} lines, the first of {since}; the program never shortens it",
            ),
            say(
                "Cada línea va encadenada a la anterior, y si no se puede escribir no se abre nada",
                "Each line is chained to the one before; where it cannot be written, nothing is opened",
            ),
            [say("Última huella: ", "Last digest: "), Code(facts.log_last)],
            [
                say(
                    "La revisión mensual anota esa huella y la da a ",
                    "The monthly review notes that digest and gives it to ",
                ),
                Code("testigo log verify --head"),
                say(": así se ve si se cortó el final", ": so a cut end shows"),
            ],
            say(
                "Abrir la carpeta del sistema por fuera de él no queda en el registro: solo su usuario puede",
                "What is done in the vault's folder around the program is not logged: only its user can",
            ),
        ],
        [
            Gap(
                say(
                    "quién hace el informe mensual y dónde se guarda",
                    "who writes the monthly report, and where it is kept",
                )
            ),
        ],
    )


def _telecommunications(facts: LawFacts, say: Say) -> Measure:
    return Measure(
        104,
        say("Telecomunicaciones", "Telecommunications"),
        HIGH,
        say(
            "Cifrado de lo que se transmite por redes públicas o inalámbricas.",
            "Encryption of what is sent over public or wireless networks.",
        ),
        [
            say(
                "Entre equipo y sistema: TLS 1.2 o posterior con certificados de ambos, en el puerto "
                f"{facts.config.ingest_port}; "
                "dentro viaja lo ya sellado",
                f"Between appliance and vault: TLS 1.2 or newer with both certificates, on port {facts.config.ingest_port}; what "
                "travels inside is sealed already",
            ),
            _web(facts.config, say),
            say(
                "La propia llamada (SIP y RTP) va sin cifrar entre teléfono, equipo y central",
                "The call itself (SIP and RTP) is not encrypted between telephone, appliance and exchange",
            ),
        ],
        [
            Gap(
                say(
                    "qué red llevan los teléfonos y cómo se protege",
                    "which network the telephones use, and how it is protected",
                )
            )
        ],
    )


def _web(config: Config, say: Say) -> Text:
    if config.secure_cookie:
        return say(
            "La página web se sirve por https, tras un intermediario con TLS (secure_cookie = true)",
            "The web page is served by https, behind a proxy with TLS (secure_cookie = true)",
        )
    if config.web_host in _HERE:
        return say(
            "La página web solo atiende a la propia máquina (127.0.0.1)",
            "The web page serves the machine itself only (127.0.0.1)",
        )
    return [
        say(
            f"La página web atiende a otras máquinas ({config.web_host}) sin TLS: ",
            f"The web page serves other machines ({config.web_host}) without TLS: ",
        ),
        Gap(
            say(
                "poner un intermediario con TLS y secure_cookie = true",
                "put a proxy with TLS in front, and secure_cookie = true",
            )
        ),
    ]
