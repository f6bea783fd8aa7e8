"""A receipt as one page for people, in Spanish or English. The PDF carries the receipt itself, which is what is checked."""

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from testigo_vault.receipt.iso27560 import numbers
from testigo_vault.receipt.model import AskingFacts, Moment, NoticeFacts, Receipt
from testigo_vault.receipt.signing import key_of
from testigo_vault.receipt.wording import WORDS
from testigo_vault.recordings.wording import clock_time, party
from testigo_vault.reports.blocks import (
    BAD,
    CALM,
    GOOD,
    Block,
    Code,
    Facts,
    Heading,
    Paragraph,
    Quote,
    Report,
    Table,
    Text,
    Verdict,
    coded,
)

_KINDS = {"given": GOOD, "given-in-part": GOOD, "informed": GOOD, "not-objected": GOOD, "unlawful": BAD}
_MOST_QUOTED = 1200  # characters of a notice on the page


def paper_of(receipt: Receipt, file_name: str, file: bytes) -> Report:
    """file_name, file: the receipt, as it is attached."""
    return _Page(receipt).paper(file_name, file)


class _Page:
    def __init__(self, receipt: Receipt) -> None:
        self._receipt = receipt
        self._facts = receipt.testigo
        self._words = WORDS[self._facts.language]
        self._spanish = self._facts.language == "es"
        written = self._facts.policy.written
        try:
            self._zone = ZoneInfo(written.timezone if written else "UTC")
        except (ZoneInfoNotFoundError, ValueError):
            self._zone = ZoneInfo("UTC")

    def _say(self, es: str, en: str) -> str:
        return es if self._spanish else en

    def paper(self, file_name: str, file: bytes) -> Report:
        facts, say = self._facts, self._say
        kind = _KINDS.get(facts.outcome, CALM)
        titles = {
            **dict.fromkeys(
                ("refused", "objected", "withdrawn"),
                say("Justificante de negativa u oposición", "Receipt of refusal or objection"),
            ),
            **dict.fromkeys(
                ("unanswered", "not-asked"),
                say("Justificante de llamada no grabada", "Receipt of a call that was not recorded"),
            ),
            **dict.fromkeys(
                ("informed", "not-objected"),  # neither of which is consent (GDPR article 4(11))
                say("Justificante de aviso", "Receipt of notice"),
            ),
            "test": say("Justificante de una prueba", "Receipt of a self-test"),
        }
        title = titles.get(facts.outcome, say("Justificante de consentimiento", "Consent receipt"))
        signed = facts.policy.signed
        subtitle = f"{signed.controller} · " if signed else ""
        subtitle += say("grabación de una llamada telefónica", "recording of a telephone call")
        blocks: list[Block] = [Verdict(self._words.verdicts.get(facts.outcome, facts.outcome), kind)]
        blocks += [Facts(self._call()), Heading(say("Lo que se oyó y se respondió", "What was heard and answered"))]
        blocks += self._askings()
        rest = self._rest()
        if rest:
            blocks += [Heading(say("Durante la llamada", "During the call")), Facts(rest)]
        blocks += [Heading(say("Con qué base", "On which basis")), Facts(self._basis())]
        blocks += [Heading(say("Cómo se comprueba", "How it is checked")), Facts(self._proof())]
        blocks.append(Paragraph(coded(self._how()), quiet=True))
        footer = f"{self._receipt.receipt_metadata.receipt_id} · {say('emitido', 'issued')} {self._date(facts.issued)}"
        return Report(title, subtitle, facts.language, blocks, footer, (file_name, "application/json", file))

    def _call(self) -> list[tuple[str, Text]]:
        facts, say = self._facts, self._say
        call = facts.call
        near, far = (party(number) or say("desconocido", "unknown") for number in numbers(facts))
        kind = say("entrante", "incoming") if call.direction == "in" else say("saliente", "outgoing")
        pairs: list[tuple[str, Text]] = [
            (say("Otra parte", "Other party"), far),
            (say("Lado de la organización", "Organisation's side"), f"{near} ({self._line(kind)})"),
            (
                say("Comenzó", "Began"),
                f"{self._moment(facts.recording.opened)} · {self._words.clocks[facts.recording.clock]}",
            ),
        ]
        for reason in facts.unrecorded:
            pairs.append((say("No grabado porque", "Not recorded because"), self._words.unrecorded.get(reason, reason)))
        pairs.append((say("Audio", "Audio"), self._audio()))
        return pairs

    def _line(self, kind: str) -> str:
        line = self._facts.call.line
        return f"{kind}, {self._say('línea', 'line')} {line}" if line else kind

    def _audio(self) -> str:
        recording, say = self._facts.recording, self._say
        text = self._words.audio[recording.audio]
        if recording.gone_items:
            text += f" ({recording.gone_items} {say('elementos', 'items')})"
        return text

    def _askings(self) -> list[Block]:
        facts, say = self._facts, self._say
        blocks: list[Block] = []
        shown: set[str] = set()
        asked = {number for asking in facts.askings for number in asking.notices}
        reasons = {
            "part": say("Se preguntó por una parte de la llamada:", "Asked for a part of the call:"),
            "joined": say("Se preguntó de nuevo, al unirse otra persona:", "Asked again, since somebody joined:"),
        }
        for asking in facts.askings:
            if asking.why in reasons:
                blocks.append(Paragraph(reasons[asking.why]))
            rows = [self._row(facts.notices[number]) for number in asking.notices]
            blocks.append(self._table([*rows, *self._answer(asking)]))
            blocks += self._quotes([facts.notices[number] for number in asking.notices], shown)
        others = [notice for number, notice in enumerate(facts.notices) if number not in asked]
        if others:
            blocks.append(self._table([self._row(notice) for notice in others]))
            blocks += self._quotes(others, shown)
        if not blocks:
            blocks.append(Paragraph(say("No se dio ningún aviso.", "No notice was played.")))
        return blocks

    def _table(self, rows: list[list[Text]]) -> Table:
        say = self._say
        return Table([say("Desde", "From"), say("Hasta", "To"), say("Qué", "What")], rows, [10, 10, 37])

    def _row(self, notice: NoticeFacts) -> list[Text]:
        say = self._say
        who = self._words.worker_side if notice.leg == "near" else self._words.other_party
        how = say("completo", "to its end") if notice.completed else say("interrumpido", "cut short")
        played = f"{notice.played_ms / 1000:.1f} / {notice.total_ms / 1000:.1f} s"
        text = say("Aviso", "Notice") + f" “{notice.name}” ({notice.language}): {who}, {how} ({played}). SHA-256 "
        return [self._clock(notice.begin), self._clock(notice.end), [text, Code(notice.digest[:16] + "…")]]

    def _answer(self, asking: AskingFacts) -> list[list[Text]]:
        answer, words, say = asking.answer, self._words, self._say
        if answer is None:
            return [["", "", say("Sin respuesta", "No answer")]]
        how = words.by.get(answer.by, answer.by).format(key=answer.key)
        channel = words.channels.get(answer.channel, answer.channel)
        verdict = say("Consentimiento", "Consent") if answer.given else say("Sin consentimiento", "No consent")
        if answer.given and answer.by in ("notice", "timeout"):
            verdict = say("Se puede grabar", "May be recorded")
        text = f"{verdict}: {how}" + (f", {channel}" if channel else "")
        rule = words.rules.get(answer.rule, answer.rule)
        return [[self._clock(answer.at), "", f"{text}. {say('Regla', 'Rule')}: {rule}."]]

    def _quotes(self, notices: list[NoticeFacts], shown: set[str]) -> list[Block]:
        """The words of each notice, once."""
        blocks: list[Block] = []
        for notice in notices:
            if notice.name + notice.digest in shown:
                continue
            shown.add(notice.name + notice.digest)
            text = notice.text or self._say(
                "El texto de este aviso no está en el archivo.", "The words of this notice are not in the archive."
            )
            if len(text) > _MOST_QUOTED:
                text = text[:_MOST_QUOTED] + self._say(
                    " … (sigue en el justificante adjunto)", " … (goes on in the attached receipt)"
                )
            blocks.append(Quote(text))
        return blocks

    def _rest(self) -> list[tuple[str, Text]]:
        facts, words, say = self._facts, self._words, self._say
        pairs: list[tuple[str, Text]] = []
        for one in facts.worker:
            way = words.ways.get(one.by, one.by).format(reference=one.reference)
            pairs.append(
                (say("Persona trabajadora", "Worker"), f"{self._clock(one.at)} · {say('informada', 'informed')}: {way}")
            )
        for tone in facts.tones:
            every = f"{tone.hertz} Hz, {tone.length_ms} ms, {say('cada', 'every')} {tone.interval_ms / 1000:g} s"
            pairs.append(
                (say("Tono de aviso", "Warning tone"), f"{self._clock(tone.at)} · {every}, -{tone.level} dBm0")
            )
        for joined in facts.joined:
            side = words.worker_side if joined.leg == "near" else words.other_party
            who = f" ({joined.party})" if joined.party else ""
            text = f"{self._clock(joined.at)} · {side}: {words.joined.get(joined.how, joined.how)}{who}"
            pairs.append((say("Se unió", "Joined"), text))
        for label, stretches in (
            (say("Parte pedida", "Part wanted"), facts.parts),
            (say("Pausa", "Pause"), facts.pauses),
        ):
            for stretch in stretches:
                end = self._clock(stretch.end) if stretch.end else say("el final", "the end")
                length = f" ({stretch.length_ms / 1000:.1f} s)" if stretch.length_ms >= 0 else ""
                ended = words.who.get(stretch.ended_by, stretch.ended_by)
                text = f"{self._clock(stretch.begin)} – {end}{length}" + (
                    f", {say('acabó', 'ended')} {ended}" if ended else ""
                )
                pairs.append((label, text))
        for objection in facts.objections:
            side = words.worker_side if objection.leg == "near" else words.other_party
            key = f", {say('tecla', 'key')} {objection.key}" if objection.key else ""
            destroyed = (
                f"; {say('elementos destruidos', 'items destroyed')}: {facts.erased_items}"
                if facts.erased_items
                else ""
            )
            pairs.append((say("Oposición", "Objection"), f"{self._clock(objection.at)} · {side}{key}{destroyed}"))
        return pairs

    def _basis(self) -> list[tuple[str, Text]]:
        policy, say = self._facts.policy, self._say
        signed, written = policy.signed, policy.written
        pairs: list[tuple[str, Text]] = []
        if signed:
            where = ", ".join(text for text in (signed.controller, written.address if written else "") if text)
            tax = f" ({written.tax_id})" if written and written.tax_id else ""
            pairs.append((say("Responsable", "Controller"), where + tax))
            pairs.append((say("Contacto y derechos", "Contact and rights"), f"{signed.contact} · {signed.information}"))
            purposes = "; ".join(one.words for one in signed.purposes)
            pairs.append((say("Fines", "Purposes"), purposes or "–"))
        if policy.basis_words:
            pairs.append((say("Base jurídica", "Legal basis"), policy.basis_words))
        if policy.high_level:
            pairs.append(
                (
                    say("Nivel", "Level"),
                    say("alto (datos de categorías especiales)", "high (special categories of data)"),
                )
            )
        if written:
            pairs.append(
                (say("Plazo de conservación", "To be kept for"), f"{written.retention_days} {say('días', 'days')}")
            )
        version = say(f"versión {policy.version}, SHA-256 ", f"version {policy.version}, SHA-256 ")
        if not policy.version:
            version = say("ninguna válida", "none that is valid")
        pairs.append(
            (say("Política firmada", "Signed policy"), [version, Code(policy.digest)] if policy.digest else version)
        )
        return pairs

    def _proof(self) -> list[tuple[str, Text]]:
        recording, say = self._facts.recording, self._say
        name = f"{recording.device_id}, {say('número', 'number')} {recording.number}"
        return [
            (say("Grabación", "Recording"), Code(recording.recording_id)),
            (say("Equipo", "Appliance"), name),
            (say("Cabeza sellada", "Sealed head"), Code(recording.head)),
            (say("Clave que firma", "Signing key"), ["SHA-256 ", Code(key_of(self._receipt.signature.model_dump()))]),
        ]

    def _how(self) -> str:
        return self._say(
            "Este documento lleva adjunto el justificante (JSON), firmado por la organización. El equipo firmó la cabeza, que "
            "resume cada elemento de la grabación. `testigo consent verify` comprueba una y otra firma y compara todo lo que "
            "aquí se dice con los sucesos sellados, sin abrir el audio.",
            "The receipt itself (JSON), signed by the organisation, is attached to this document. The appliance signed the head, "
            "which sums up every item of the recording. `testigo consent verify` checks both signatures and compares all that "
            "is said here with the sealed events, without opening the audio.",
        )

    def _clock(self, moment: Moment) -> str:
        """The time of day where it is known, else since the recording was opened."""
        if not moment.time:
            return clock_time(moment.t_ms)
        return datetime.fromisoformat(moment.time).astimezone(self._zone).strftime("%H:%M:%S.%f")[:-3]

    def _moment(self, time: str) -> str:
        return self._date(time) if time else self._say("fecha desconocida", "date not known")

    def _date(self, time: str) -> str:
        at = datetime.fromisoformat(time).astimezone(self._zone)
        offset = at.strftime("%z")
        day = at.strftime("%d/%m/%Y") if self._spanish else at.strftime("%Y-%m-%d")
        return f"{day} {at:%H:%M:%S} (UTC{offset[:3]}:{offset[3:]})"
