"""Settings in words, for the papers of the law, in Spanish and English."""

import datetime

from testigo_vault.compliance.facts import LawFacts, Signed, known, known_day
from testigo_vault.identity.roles import LIST, LISTEN, MANAGE_USERS, READ_LOG, VERIFY
from testigo_vault.policy.purposes import BASES
from testigo_vault.policy.source import Line, Span
from testigo_vault.receipt.facts import purpose_words
from testigo_vault.reports.blocks import Block, Code, Facts, Gap, Heading, Paper, Paragraph, Table, Text

_DAYS = {
    "es": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_ROLES = {
    "agent": ("agente", "agent"),
    "supervisor": ("supervisor", "supervisor"),
    "security-officer": ("responsable de seguridad", "security officer"),
    "auditor": ("auditor", "auditor"),
    "administrator": ("administrador", "administrator"),
}
_RIGHTS = {
    LIST: ("ver las llamadas y sus datos, sin el sonido", "see calls and their details, without the sound"),
    LISTEN: ("escuchar, con la frase de paso del audio", "listen, with the audio passphrase"),
    VERIFY: ("comprobar las copias", "have the copies checked"),
    READ_LOG: ("leer el registro de accesos", "read the access log"),
    MANAGE_USERS: ("administrar las cuentas", "manage accounts"),
}


class Say:
    """Picks the language of a paper: `say("en español", "in English")`."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, es: str, en: str) -> str:
        return es if self.language == "es" else en

    def yes(self, value: bool) -> str:
        return self("sí", "yes") if value else self("no", "no")

    def listed(self, items: list[str]) -> str:
        """a, b and c"""
        if len(items) < 2:
            return "".join(items)
        return ", ".join(items[:-1]) + self(" y ", " and ") + items[-1]

    def following(self, items: list[str]) -> str:
        """a; b; c, of items that have commas."""
        return "; ".join(items)

    def role(self, role: str) -> str:
        return self(*_ROLES.get(role, (role, role)))

    def right(self, right: str) -> str:
        return self(*_RIGHTS.get(right, (right, right)))

    def day(self, at: datetime.datetime) -> str:
        return at.strftime("%d/%m/%Y" if self.language == "es" else "%Y-%m-%d")

    def minutes(self, ms: int) -> str:
        return self(f"{ms / 60_000:g} minutos", f"{ms / 60_000:g} minutes")


def basis(line: Line, say: Say) -> str:
    return BASES.get(line.basis, {}).get(say.language, line.basis)


def purposes(line: Line, facts: LawFacts, say: Say) -> str:
    return "; ".join(purpose_words(code, say.language, facts.policy) for code in line.purposes)


def direction(line: Line, say: Say) -> str:
    words = {
        "in": say("entrantes", "incoming"),
        "out": say("salientes", "outgoing"),
        "both": say("entrantes y salientes", "incoming and outgoing"),
    }
    return words.get(line.direction, line.direction)


def mode(line: Line, say: Say) -> str:
    words = {
        "all": say("todas las llamadas", "all calls"),
        "on-demand": say("solo las partes que pide la persona trabajadora", "only the parts that the worker asks for"),
        "never": say("nunca se graba", "never recorded"),
    }
    return words.get(line.mode, line.mode)


def rule(line: Line, say: Say) -> str:
    words = {
        "notify": say("basta con oír el aviso hasta el final", "hearing the notice to its end is enough"),
        "opt-out": say(
            f"se graba si no se pulsa {line.object_key} para oponerse",
            f"recorded unless {line.object_key} is pressed to object",
        ),
        "opt-in": say(
            f"solo se graba si se pulsa {line.accept_key} para aceptar",
            f"recorded only if {line.accept_key} is pressed to agree",
        ),
    }
    return words.get(line.rule, line.rule)


def objection(line: Line, say: Say) -> str:
    key = say(f"tecla {line.object_key}", f"key {line.object_key}") if line.object_key else say("sin tecla", "no key")
    if line.objection == "end-call":
        return key + say("; la llamada termina", "; the call ends")
    return key + say(
        "; la llamada sigue sin grabar y lo grabado se destruye",
        "; the call goes on unrecorded and what was recorded is destroyed",
    )


def when(line: Line, facts: LawFacts, say: Say) -> str:
    """Schedule and numbers."""
    parts = [say("siempre", "always")] if not line.schedule else [_span(span, say) for span in line.schedule]
    text = "; ".join(parts) + (f" ({facts.policy.timezone})" if line.schedule else "")
    if line.only:
        text += say("; solo números que empiezan por ", "; only numbers that begin with ") + ", ".join(line.only)
    if line.except_:
        text += say("; salvo números que empiezan por ", "; except numbers that begin with ") + ", ".join(line.except_)
    return text


def informed(line: Line, say: Say) -> Text:
    """How workers are informed, with what is on file."""
    if line.worker == "notice":
        return say(f"por el aviso «{line.worker_notice}»", f"by the notice “{line.worker_notice}”")
    if line.worker == "tone":
        return say("por el tono de aviso", "by the warning tone")
    gap = say("acuse de las personas trabajadoras", "the workers' acknowledgement")
    if not line.acknowledgements:
        return Gap(gap)
    parts: list[str | Code | Gap] = [say("por acuse archivado: ", "by an acknowledgement on file: ")]
    for number, entry in enumerate(line.acknowledgements):
        parts += ["; "] if number else []
        for text in (known(entry.worker, gap), known_day(entry.day, gap), known(entry.text, gap)):
            parts += [text if isinstance(text, str | Code | Gap) else gap, " "]
    return parts


def tone(line: Line, say: Say) -> str:
    if line.tone is None:
        return say("ninguno", "none")
    every = f"{line.tone.interval_ms / 1000:g} s"
    return say(
        f"{line.tone.hertz} Hz durante {line.tone.length_ms} ms cada {every}",
        f"{line.tone.hertz} Hz for {line.tone.length_ms} ms every {every}",
    )


def pause(line: Line, say: Say) -> str:
    if not line.pause_limit_ms:
        return say("no hay: esta línea no se puede poner en pausa", "none: this line cannot be paused")
    limit = f"{line.pause_limit_ms / 1000:g} s"
    if not line.keys.pause:
        return say(
            f"por una orden o el teléfono, hasta otra o {limit}: mientras, no se guarda ni sonido ni teclas",
            f"by a command or the telephone, until another or {limit}: neither sound nor digits are kept meanwhile",
        )
    return say(
        f"con {line.keys.pause}, hasta {line.keys.resume} o {limit}: mientras, no se guarda ni sonido ni teclas",
        f"by {line.keys.pause}, until {line.keys.resume} or {limit}: neither sound nor digits are kept meanwhile",
    )


def numbers_kept(line: Line, say: Say) -> str:
    """Of the other party, in the record of a call of which nothing was ever recorded."""
    return {
        "full": say("entero", "in full"),
        "last-3": say("sus tres últimas cifras", "its last three digits"),
        "none": say("no se guarda", "not kept"),
    }[line.unrecorded_numbers]


def longest(line: Line, say: Say) -> str:
    return say.minutes(line.max_ms) if line.max_ms else say("sin límite", "no limit")


def line_facts(line: Line, facts: LawFacts, say: Say) -> list[tuple[str, Text]]:
    """One line of the policy, as labels and values."""
    pairs: list[tuple[str, Text]] = [
        (say("Llamadas", "Calls"), direction(line, say)),
        (say("Se graba", "Recorded"), mode(line, say)),
    ]
    if line.mode == "never":
        return pairs
    notices = ", ".join(f"{voice.notice} ({voice.language})" for voice in line.notices)
    return [
        *pairs,
        (say("Fines", "Purposes"), purposes(line, facts, say)),
        (say("Base jurídica", "Legal basis"), basis(line, say)),
        (say("Regla", "Rule"), rule(line, say)),
        (say("Oposición", "Objection"), objection(line, say)),
        (say("Avisos", "Notices"), notices),
        (say("Cuándo", "When"), when(line, facts, say)),
        (say("Tono de aviso", "Warning tone"), tone(line, say)),
        (say("Pausa", "Pause"), pause(line, say)),
        (say("Personas trabajadoras", "Workers"), informed(line, say)),
        (say("Duración máxima", "Longest"), longest(line, say)),
        (say("Número en llamadas sin grabar", "Number in unrecorded calls"), numbers_kept(line, say)),
        (say("Nivel alto", "High level"), say.yes(line.high_level)),
    ]


def line_title(line: Line, say: Say) -> str:
    return say(f"Línea «{line.name}»", f"Line “{line.name}”")


def finished(title: str, subtitle: str, blocks: list[Block], facts: LawFacts, say: Say) -> Paper:
    """The paper, with what it was made from at its foot, and the gaps listed at its end."""
    sources: list[Block] = [
        Heading(say("De dónde sale este documento", "What this paper was made from")),
        Facts(_sources(facts, say)),
    ]
    note = say(
        "Lo generó Testigo a partir de su configuración y sus registros en la fecha indicada. No es asesoramiento jurídico: "
        "quien responde del tratamiento lo revisa, completa y firma.",
        "Made by Testigo from its configuration and registers on the day given. It is no legal advice: whoever is responsible "
        "for the processing reviews, completes and signs it.",
    )
    footer = f"{facts.name} · Testigo {facts.program} · {say.day(facts.made)}"
    paper = Paper(title, subtitle, say.language, [*blocks, *sources, Paragraph(note, quiet=True)], footer)
    gaps = paper.gaps()
    if gaps:
        paper.blocks += [
            Heading(say("Lo que falta por rellenar", "What is left to fill in")),
            Paragraph(
                say(
                    "El sistema no sabe lo siguiente; en el texto está marcado.",
                    "The system does not know the following; in the text it is marked.",
                )
            ),
            Table(["", say("Qué", "What")], [[str(number), gap] for number, gap in enumerate(gaps, 1)], [1, 16]),
        ]
    return paper


def _sources(facts: LawFacts, say: Say) -> list[tuple[str, Text]]:
    return [
        (say("Fecha", "Date"), say.day(facts.made)),
        (say("Política", "Policy"), _policy_state(facts.signed, say)),
        (say("Programa", "Program"), f"Testigo {facts.program}"),
    ]


def _policy_state(signed: Signed | None, say: Say) -> Text:
    if signed is None:
        return say(
            "policy.toml, que aún no está firmada: ningún equipo la aplica",
            "policy.toml, which is not signed yet: no appliance obeys it",
        )
    version = say(f"versión {signed.version}, SHA-256 ", f"version {signed.version}, SHA-256 ")
    if signed.current:
        return [say("policy.toml, firmada como ", "policy.toml, signed as ") + version, Code(signed.digest)]
    return [
        say(
            "policy.toml, cambiada después de firmar la ",
            "policy.toml, which was changed after it was signed as ",
        )
        + version,
        Code(signed.digest),
        say(
            ": lo que aquí se dice no rige hasta que se firme", ": what is said here is not in force until it is signed"
        ),
    ]


def _span(span: Span, say: Say) -> str:
    days = [_DAYS[say.language][day] for day in sorted(span.days)]
    whole = sorted(span.days) == list(range(span.days[0], span.days[-1] + 1)) if span.days else False
    text = f"{days[0]} – {days[-1]}" if len(days) > 2 and whole else say.listed(days)
    return f"{text} {_clock(span.begin)}–{_clock(span.end)}"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
