"""One recording: events, consent evidence, integrity, who opened it, and its sound."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from testigo_vault.audit.access_log import GRANTED
from testigo_vault.audit.log_lines import Search
from testigo_vault.identity.roles import LIST, LISTEN, VERIFY
from testigo_vault.recordings import wording
from testigo_vault.recordings.evidence import evidence_of
from testigo_vault.recordings.rows import POWER_LOSS
from testigo_vault.recordings.verification import check_copies
from testigo_vault.timestamps import now_ms
from testigo_vault.web.context import check_csrf, context_of, require_right
from testigo_vault.web.language import language_of
from testigo_vault.web.parameters import Token
from testigo_vault.web.waveform import draw

router = APIRouter()
_MAX_SHOWN = 50  # lines of the access log


@router.get("/recordings/{recording_id}")
def show(request: Request, recording_id: str) -> Response:
    identity = require_right(request, LIST, recording_id, "view")
    context = context_of(request)
    recording = context.index.get(recording_id)
    context.vault.log.append(identity.name, "view", GRANTED, recording.id)
    timeline = context.unlocked_keys.opened(identity.session, recording.id) if LISTEN in identity.rights else None
    language = language_of(request).code
    events = [(event, wording.event(event.name, event.fields, language)) for event in recording.events]
    log = context.vault.log.latest(Search(recording=recording.id, limit=_MAX_SHOWN + 1))
    return context.page(
        request,
        "recording.html",
        recording=recording,
        events=events,
        evidence=evidence_of(recording),
        wording=wording,
        may_listen=LISTEN in identity.rights,
        may_verify=VERIFY in identity.rights,
        unlocked=bool(context.unlocked_keys.unlocked_until(identity.session)),
        unlock_minutes=context.vault.config.audio.unlock_minutes,
        timeline=timeline,
        wave=draw(timeline, recording.events, recording.reason == POWER_LOSS) if timeline else None,
        log=log.entries[:_MAX_SHOWN],
        log_has_more=len(log.entries) > _MAX_SHOWN,
        log_breaks=log.breaks,
        alarms=context.vault.alarms.latest(20, recording.id),
    )


@router.post("/recordings/{recording_id}/verify")
def verify(request: Request, recording_id: str, csrf: Token = "") -> Response:
    identity = require_right(request, VERIFY, recording_id, "verify")
    check_csrf(identity, csrf)
    context = context_of(request)
    recording = context.index.get(recording_id)
    context.vault.log.append(identity.name, "verify", GRANTED, recording.id)
    check_copies(context.vault, recording, now_ms())
    return RedirectResponse(f"/recordings/{recording.id}#integrity", 303)
