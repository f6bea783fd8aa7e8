"""The sound of a recording in the browser: unlock, open, play. Decrypted in memory and streamed, never on a disk."""

import re

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse

from testigo_vault.audit.access_log import DENIED, GRANTED
from testigo_vault.errors import KeyLocked, Refused
from testigo_vault.identity.roles import LISTEN
from testigo_vault.playback.timeline import CLOCK, WAV_HEADER
from testigo_vault.web.context import check_csrf, context_of, log_denied, require_right
from testigo_vault.web.parameters import Secret, Token
from testigo_vault.web.stored_texts import N_

router = APIRouter()
_RANGE = re.compile(r"bytes=(\d{1,15})-(\d{0,15})\Z")

# The most that one answer carries; players request the next part themselves.
_MAX_PART = 4 << 20


@router.post("/recordings/{recording_id}/open")
def open_sound(request: Request, recording_id: str, csrf: Token = "", passphrase: Secret = "") -> Response:
    """Unlock the audio key if the form has a passphrase, then log and open."""
    identity = require_right(request, LISTEN, recording_id, "open-audio")
    check_csrf(identity, csrf)
    context = context_of(request)
    recording = context.index.get(recording_id)
    if passphrase:
        context.unlocked_keys.unlock(identity, passphrase)
    context.unlocked_keys.open(identity, recording)
    return RedirectResponse(f"/recordings/{recording.id}#sound", 303)


@router.post("/lock")
def lock(request: Request, csrf: Token = "", back: Token = "") -> Response:
    identity = require_right(request, LISTEN, kind="lock-audio")
    check_csrf(identity, csrf)
    context = context_of(request)
    context.unlocked_keys.lock(identity.session)
    context.vault.log.append(identity.name, "lock-audio", GRANTED)
    return RedirectResponse(f"/recordings/{back}" if re.fullmatch(r"[0-9a-f]{32}", back) else "/", 303)


@router.get("/recordings/{recording_id}/audio.wav")
def play(request: Request, recording_id: str) -> Response:
    """The opened call, whole or a range of it (RFC 9110 section 14). Every request is a line in the access log."""
    identity = require_right(request, LISTEN, recording_id, "play")
    context = context_of(request)
    # Another site cannot embed the audio. The call is opened first, by the form on its page.
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Refused(N_("Audio is not given to other sites."))
    timeline = context.unlocked_keys.opened(identity.session, recording_id)
    if timeline is None:
        raise KeyLocked(N_("This call is not open, or its time is over."), N_("Open it again on its page."))
    total = timeline.wav_size()
    span = _RANGE.match(request.headers.get("range", ""))
    if span and span[2] and int(span[2]) < int(span[1]):
        span = None  # not a range (RFC 9110 section 14.1.1): ignored
    start = int(span[1]) if span else 0
    end = min(int(span[2]) + 1 if span and span[2] else total, total)
    if span and start >= total:
        log_denied(request, DENIED, f"bad range: from byte {start} of {total}")
        return Response(status_code=416, headers={"Content-Range": f"bytes */{total}"})
    if span:
        end = min(end, start + _MAX_PART)
    second = max(0, start - WAV_HEADER) / 4 / CLOCK
    context.vault.log.append(identity.name, "play", GRANTED, recording_id, f"from second {second:.1f}")
    headers = {"Accept-Ranges": "bytes"}
    if span:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{total}"
        return Response(timeline.wav(start, end), 206, headers, "audio/wav")
    headers["Content-Length"] = str(total)
    return StreamingResponse(timeline.wav_pieces(), 200, headers, "audio/wav")
