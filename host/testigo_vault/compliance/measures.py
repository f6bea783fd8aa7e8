"""The measures of RD 1720/2007 for automated files, basic level (articles 87 and 89 to 94): what each asks, what the system
does with its real settings, and what is left to people. Those of the medium and high level: law_measures_high.py.

Everything under `system` is true of this program: whoever changes what it does changes it here.
"""

from dataclasses import dataclass

from testigo_vault.compliance.facts import LawFacts, day_of
from testigo_vault.compliance.wording import Say
from testigo_vault.identity.roles import ROLES
from testigo_vault.identity.users import PASSWORD_LIFE_MS, SHORTEST_PASSWORD
from testigo_vault.reports.blocks import Code, Gap, Text

BASIC, MEDIUM, HIGH = "basic", "medium", "high"


@dataclass
class Measure:
    """asks: in our own words. people: what the system cannot do or know."""

    article: int
    title: str
    level: str
    asks: str
    system: list[Text]
    people: list[Text]


def basic(facts: LawFacts, say: Say) -> list[Measure]:
    return [
        _temporary(say),
        _functions(facts, say),
        _incidents(facts, say),
        _access(facts, say),
        _media(facts, say),
        _identification(say),
        _backups(facts, say),
    ]


def _temporary(say: Say) -> Measure:
    return Measure(
        87,
        say("Ficheros temporales", "Temporary files"),
        BASIC,
        say(
            "Que los ficheros temporales y las copias de trabajo tengan el nivel de los datos y se borren cuando no hagan falta.",
            "That temporary files and working copies have the level of the data, and are erased once they are not needed.",
        ),
        [
            say(
                "El sonido se abre en memoria: el sistema no escribe en disco ninguno abierto, salvo el que alguien exporta",
                "Sound is opened in memory: the system writes none of it opened to a disk, except what somebody exports",
            ),
            say(
                "Lo que un equipo está enviando crece en `incoming/`, sellado, y se borra cuando está en cada copia",
                "What an appliance is sending grows in `incoming/`, sealed, and is erased once it is in every copy",
            ),
        ],
        [
            Gap(say("quién borra las exportaciones, y cuándo", "who deletes exports, and when")),
            Gap(
                say(
                    "si la memoria de intercambio de la máquina está cifrada", "whether the machine's swap is encrypted"
                )
            ),
        ],
    )


def _functions(facts: LawFacts, say: Say) -> Measure:
    roles: list[Text] = [
        f"{say.role(role)}: {say.following([say.right(right) for right in sorted(rights)])}"
        for role, rights in ROLES.items()
    ]
    return Measure(
        89,
        say("Funciones y obligaciones del personal", "Functions and obligations of staff"),
        BASIC,
        say(
            "Que las funciones de cada usuario o perfil estén definidas y documentadas, y que el personal conozca las normas.",
            "That the functions of each user or profile are defined and documented, and that staff know the rules.",
        ),
        [
            *roles,
            say(
                "Certificar equipos pide la frase de paso de la organización, y abrir sonido la del audio: son distintas a la "
                "fuerza",
                "Certifying appliances takes the organisation's passphrase, opening sound the audio's: they have to differ",
            ),
        ],
        [
            Gap(say("quién conoce la frase de paso de la organización", "who knows the organisation's passphrase")),
            Gap(say("quién conoce la frase de paso del audio", "who knows the audio passphrase")),
            Gap(say("cómo y cuándo se instruye al personal", "how and when staff are instructed")),
        ],
    )


def _incidents(facts: LawFacts, say: Say) -> Measure:
    total = sum(facts.alarms.values())
    kinds = ", ".join(f"{kind} ({count})" for kind, count in sorted(facts.alarms.items()))
    return Measure(
        90,
        say("Registro de incidencias", "Register of incidents"),
        BASIC,
        say(
            "Un procedimiento para notificar y gestionar incidencias, y un registro: qué, cuándo, quién la notifica y a quién, "
            "efectos y medidas.",
            "A procedure to notify and handle incidents, and a register: what, when, who notifies whom, effects and measures.",
        ),
        [
            [
                say("El sistema anota por sí mismo en ", "The system itself notes in "),
                Code("alarms.log"),
                say(
                    " y en la página System: lo que va a cuarentena, los números que faltan, los equipos rechazados, las copias "
                    "que ya no están enteras, el audio grabado sin derecho y el registro de accesos que no cuadra",
                    " and on the System page: what goes to quarantine, missing numbers, refused appliances, copies that are no "
                    "longer whole, audio recorded unlawfully, and an access log that does not hold",
                ),
            ],
            say(f"Alarmas hasta hoy: {total}", f"Alarms so far: {total}") + (f" ({kinds})" if kinds else ""),
        ],
        [
            Gap(
                say(
                    "dónde se lleva el registro de incidencias y quién lo mantiene",
                    "where the register of incidents is kept, and by whom",
                )
            ),
            Gap(
                say(
                    "a quién se notifica una incidencia y en qué plazo",
                    "who is notified of an incident, within what time",
                )
            ),
        ],
    )


def _access(facts: LawFacts, say: Say) -> Measure:
    return Measure(
        91,
        say("Control de acceso", "Access control"),
        BASIC,
        say(
            "Que cada usuario acceda solo a lo que necesita, con una relación actualizada de usuarios y accesos autorizados, y "
            "que solo el personal autorizado conceda o cambie permisos.",
            "That each user reaches only what they need, with an up-to-date list of users and their rights, and that only "
            "authorised staff grant or change rights.",
        ),
        [
            say(
                "Nada está permitido que no permita una función; todo intento sin permiso queda en el registro de accesos",
                "Nothing is allowed that no role allows; each attempt without a right is in the access log",
            ),
            say(
                f"La relación de usuarios está arriba, con {len(facts.people)} activos",
                f"The list of users is above, with {len(facts.people)} active ones",
            ),
            [
                say("Las cuentas se cambian solo con ", "Accounts are changed only by "),
                Code("testigo user"),
                say(
                    " en la propia máquina, y cada cambio se anota", " on the machine itself, and each change is logged"
                ),
            ],
            _folder(facts, say),
        ],
        [Gap(say("quién autoriza cuentas y funciones", "who authorises accounts and roles"))],
    )


def _folder(facts: LawFacts, say: Say) -> Text:
    if facts.folder_closed:
        return say(
            "La carpeta del sistema está cerrada a otros usuarios de la máquina: el índice lleva números y fechas sin cifrar",
            "The vault's folder is closed to other users of the machine: the index has numbers and dates in clear",
        )
    return [
        say(
            "La carpeta del sistema, con números y fechas sin cifrar, está abierta a otros usuarios de la máquina: ",
            "The vault's folder, with numbers and dates in clear, is open to other users of the machine: ",
        ),
        Gap(say("cerrarla (chmod 700)", "close it (chmod 700)")),
    ]


def _media(facts: LawFacts, say: Say) -> Measure:
    admitted = [device.device_id for device in facts.devices if not device.revoked]
    return Measure(
        92,
        say("Gestión de soportes y documentos", "Management of media and documents"),
        BASIC,
        say(
            "Soportes identificados e inventariados, salidas autorizadas, y destrucción o borrado al desecharlos.",
            "Media identified and inventoried, leaving only with authorisation, destroyed or erased when discarded.",
        ),
        [
            say(
                f"Inventario de equipos: {say.listed(admitted) or 'ninguno'}; cada uno con su certificado",
                f"Inventory of appliances: {say.listed(admitted) or 'none'}; each with its certificate",
            ),
            say(
                "Las grabaciones que lleva un equipo están selladas: ni él ni quien se lo lleve pueden abrirlas",
                "Recordings on an appliance are sealed: neither it nor a thief can open them",
            ),
            [
                say("Un equipo robado se excluye con ", "A stolen appliance is shut out by "),
                Code("testigo vault revoke"),
                say(
                    "; sus contraseñas de SIP y Wi-Fi se cambian aparte",
                    "; its SIP and Wi-Fi passwords are changed besides",
                ),
            ],
            say(
                "Las exportaciones (WAV, JSON, PDF) son ficheros abiertos, legibles solo por quien los hizo; borrarlos es cosa "
                "suya",
                "Exports (WAV, JSON, PDF) are open files, readable only by who made them, who has to delete them",
            ),
        ],
        [
            Gap(say("inventario de discos, tarjetas y copias de seguridad", "inventory of disks, cards and backups")),
            Gap(say("quién autoriza la salida de soportes", "who authorises media to leave")),
            Gap(
                say("cómo se destruyen o borran los soportes desechados", "how discarded media are destroyed or erased")
            ),
        ],
    )


def _identification(say: Say) -> Measure:
    days = PASSWORD_LIFE_MS // 86_400_000
    return Measure(
        93,
        say("Identificación y autenticación", "Identification and authentication"),
        BASIC,
        say(
            "Una identidad por persona, contraseñas ininteligibles y cambiadas al menos una vez al año.",
            "One identity per person, passwords kept unintelligible and changed at least once a year.",
        ),
        [
            say(
                f"Una cuenta por persona; contraseñas de {SHORTEST_PASSWORD} caracteres o más, guardadas como resumen scrypt "
                "con sal",
                f"One account per person; passwords of {SHORTEST_PASSWORD} characters or more, kept as salted scrypt digests",
            ),
            say(
                f"A los {days} días la página pide en cada visita cambiar la contraseña; no impide entrar con la antigua",
                f"After {days} days each page asks for a new password; it does not keep out who has the old one",
            ),
            say(
                "Las cuentas no se borran, se desactivan: el registro de accesos las nombra",
                "Accounts are never deleted but disabled: the access log names them",
            ),
            say(
                "Las claves privadas están cifradas en el disco (PKCS#8, scrypt, AES-256)",
                "Private keys are encrypted on the disk (PKCS#8, scrypt, AES-256)",
            ),
        ],
        [Gap(say("cómo se entregan las contraseñas", "how passwords are handed out"))],
    )


def _backups(facts: LawFacts, say: Say) -> Measure:
    checked = day_of(facts.checked_ms)
    names = say.listed([place.name for place in facts.places])
    return Measure(
        94,
        say("Copias de respaldo y recuperación", "Backup and recovery"),
        BASIC,
        say(
            "Copia al menos semanal, procedimientos que reconstruyan los datos, verificados cada seis meses, y pruebas sin "
            "datos reales.",
            "A copy at least weekly, procedures that reconstruct the data, verified every six months, and tests without real "
            "data.",
        ),
        [
            say(
                f"Cada grabación se escribe en {len(facts.places)} lugares ({names}), se relee y se compara antes de que el "
                "equipo borre la suya",
                f"Each recording is written to {len(facts.places)} places ({names}), read back and compared before the appliance "
                "deletes its own",
            ),
            [
                Code("testigo verify"),
                say(
                    f" comprueba cada copia; la que más espera se comprobó el {checked}",
                    f" checks every copy; the one that waits longest was checked on {checked}",
                ),
            ],
            [
                Code("testigo vault reindex"),
                say(
                    " reconstruye el índice a partir de las copias; las personas y las alarmas vienen de la copia de la base",
                    " builds the index again from the copies; people and alarms come from the backup of the database",
                ),
            ],
            [
                say("Las pruebas usan sonidos propios: ", "Tests use sounds of their own: "),
                Code("testigo selftest"),
                ", ",
                Code("testigo demo"),
            ],
        ],
        [
            Gap(
                say(
                    "quién copia cada semana organisation/, devices/, documents/, vault.toml, access.log, alarms.log, "
                    "objections.json y la base, y dónde",
                    "who copies organisation/, devices/, documents/, vault.toml, access.log, alarms.log, objections.json and the "
                    "database each week, and where to",
                )
            ),
            Gap(say("fecha de la última prueba de recuperación", "date of the last test of recovery")),
        ],
    )
