"""What a receipt says in words, in Spanish and English: in its fields for people, and on its page (receipt_paper.py)."""

from dataclasses import dataclass

from testigo_vault.recordings.wording import UNRECORDED, VERDICTS


@dataclass(frozen=True)
class Words:
    data_always: list[str]
    data_recorded: list[str]
    collection: str
    processing: str
    withdrawal: str
    rights: str
    other_party: str
    worker_side: str
    this_call: str
    verdicts: dict[str, str]
    rules: dict[str, str]
    unrecorded: dict[str, str]
    by: dict[str, str]
    who: dict[str, str]
    channels: dict[str, str]
    clocks: dict[int, str]
    ways: dict[str, str]
    joined: dict[str, str]
    audio: dict[str, str]


_ES = Words(
    data_always=["números de teléfono, fecha y hora", "teclas pulsadas para responder al aviso"],
    data_recorded=[
        "números de teléfono, fecha y hora",
        "teclas pulsadas para responder al aviso",
        "voz y lo que se dijo",
    ],
    collection="por teléfono, durante la llamada, de la propia persona",
    processing="grabación cifrada de la llamada, conservación, escucha por personas autorizadas y destrucción",
    withdrawal="durante la llamada, con la tecla que indica el aviso; después, ante el responsable: {contact}",
    rights="acceso, rectificación, supresión, oposición, limitación y reclamación ante la autoridad de control",
    other_party="la otra parte de la llamada",
    worker_side="el lado de la persona trabajadora",
    this_call="esta llamada",
    verdicts={
        "given": "Se dio el consentimiento antes de grabar el primer sonido.",
        "given-in-part": "Se dio el consentimiento para una parte de la llamada y se negó para otra; solo se grabó la primera.",
        "informed": "El aviso se oyó hasta el final antes de grabar el primer sonido.",
        "not-objected": "El aviso se oyó hasta el final y nadie se opuso a tiempo, antes de grabar el primer sonido.",
        "refused": "No se dio el consentimiento y no se grabó nada.",
        "unanswered": "No se pulsó ninguna tecla a tiempo: no hubo consentimiento y no se grabó nada.",
        "objected": "La otra parte se opuso antes de que empezara la grabación. No se grabó nada.",
        "withdrawn": "Una parte se opuso durante la llamada. No se conserva ningún audio.",
        "not-asked": "No se pidió el consentimiento y no se grabó nada.",
        "test": "Fue una prueba del equipo: no había nadie a quien preguntar.",
        "unlawful": "Se grabó audio sin un consentimiento válido.",
    },
    rules={
        "notify": "basta con oír el aviso hasta el final",
        "opt-out": "se graba salvo que se pulse una tecla para oponerse",
        "opt-in": "solo se graba si se pulsa una tecla para aceptar",
    },
    unrecorded={
        "no line in the policy": "la política no tiene una línea para ella",
        "mode never": "las llamadas de esta línea no se graban nunca",
        "objection list": "un número de la llamada está en la lista de oposición",
        "outside the schedule": "a esa hora no se graban las llamadas de esta línea",
        "not of the numbers to be recorded": "el número de la otra parte no es de los que se graban",
        "of the numbers not to be recorded": "el número de la otra parte es de los que no se graban",
        "notice missing": "faltaba el aviso",
        "notice incomplete or not the signed one": "el aviso quedó cortado o no era el firmado",
        "limit": "se alcanzó la duración máxima permitida",
        "no keys": "no había ninguna clave lista para cifrarla",
    },
    by={
        "notice": "por haber oído el aviso hasta el final",
        "key": "pulsando la tecla {key}",
        "timeout": "sin pulsar ninguna tecla a tiempo",
        "sdp": "por un ajuste de su teléfono",
        "test": "por ser una prueba",
    },
    who={
        "key": "con teclas",
        "host": "por una orden",
        "limit": "al llegar al límite",
        "sdp": "por el teléfono",
        "": "",
    },
    channels={
        "rfc4733": "en el audio (RFC 4733)",
        "info": "por SIP INFO",
        "sdp": "en el SDP (RFC 7866)",
        "": "",
    },
    clocks={
        0: "el reloj del equipo no se había puesto en hora: no se conoce la fecha",
        1: "el reloj del equipo venía de antes de un corte: hora aproximada",
        2: "hora puesta por el sistema",
    },
    ways={
        "notice": "oyó el aviso «{reference}» hasta el final",
        "tone": "por el tono de aviso",
        "acknowledgement": "acuse archivado: {reference}",
    },
    joined={
        "identity": "se anunció otra identidad",
        "session": "otra sesión ocupó su lugar",
        "conference": "la llamada pasó a ser una conferencia",
    },
    audio={
        "none": "nunca se grabó audio",
        "present": "cifrado; solo lo abre la clave de audio de la organización",
        "erased": "destruido; solo quedan sus huellas",
    },
)

_EN = Words(
    data_always=["telephone numbers, date and time", "keys pressed in answer to the notice"],
    data_recorded=[
        "telephone numbers, date and time",
        "keys pressed in answer to the notice",
        "voice, and what was said",
    ],
    collection="by telephone, during the call, from the person",
    processing="sealed recording of the call, keeping, listening by authorised people, and destruction",
    withdrawal="during the call, by the key that the notice names; afterwards, to the controller: {contact}",
    rights="access, rectification, erasure, objection, restriction, and a complaint to the supervisory authority",
    other_party="the other party of the call",
    worker_side="the worker's side",
    this_call="this call",
    verdicts=dict(VERDICTS),
    rules={
        "notify": "hearing the notice to its end is enough",
        "opt-out": "recorded unless a key is pressed to object",
        "opt-in": "recorded only if a key is pressed to agree",
    },
    unrecorded=dict(UNRECORDED),
    by={
        "notice": "by hearing the notice to its end",
        "key": "by pressing key {key}",
        "timeout": "no key having been pressed in time",
        "sdp": "by a setting of their telephone",
        "test": "being a test",
    },
    who={"key": "by keys", "host": "by command", "limit": "at the time limit", "sdp": "by the telephone", "": ""},
    channels={"rfc4733": "in the audio (RFC 4733)", "info": "by SIP INFO", "sdp": "in the SDP (RFC 7866)", "": ""},
    clocks={
        0: "the appliance's clock had never been set: the date is not known",
        1: "the appliance's clock was kept over a power cut: the time is approximate",
        2: "time set by the system",
    },
    ways={
        "notice": "heard the notice “{reference}” to its end",
        "tone": "by the warning tone",
        "acknowledgement": "acknowledgement on file: {reference}",
    },
    joined={
        "identity": "another identity was announced",
        "session": "another session took its place",
        "conference": "the call became a conference",
    },
    audio={
        "none": "no audio was ever recorded",
        "present": "sealed; only the organisation's audio key opens it",
        "erased": "destroyed; only its digests are left",
    },
)

WORDS = {"es": _ES, "en": _EN}
