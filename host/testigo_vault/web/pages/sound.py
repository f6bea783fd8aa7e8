"""The sound of a recording in the browser: unlock, open, play. Decrypted in memory, streamed, never on a disk."""

import re

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from testigo_vault.audit.access_log import DENIED, GRANTED
from testigo_vault.errors import KeyLocked, Refused
from testigo_vault.identity.roles import LISTEN
from testigo_vault.playback.timeline import CLOCK, WAV_HEADER
from testigo_vault.web.context import check_csrf, context_of, need

router = APIRouter()
_RANGE = re.compile(r"bytes=(\d{1,15})-(\d{0,15})\Z")

# The most that one answer carries; players ask for the next part by themselves.
_PIECE = 4 << 20


@router.post("/recordings/{recording_id}/open")
def open_sound(
    request: Request, recording_id: str, csrf: str = Form(""), passphrase: str = Form("", max_length=1024)
) -> Response:
    """Unlock where a passphrase came with the form, then log and open."""
    identity = need(request, LISTEN, recording_id)
    check_csrf(identity, csrf)
    context = context_of(request)
    recording = context.index.get(recording_id)
    if passphrase:
        context.unlocked_keys.unlock(identity, passphrase)
    context.unlocked_keys.open(identity, recording)
    return RedirectResponse(f"/recordings/{recording.id}#sound", 303)


@router.post("/lock")
def lock(request: Request, csrf: str = Form(""), back: str = Form("")) -> Response:
    identity = need(request, LISTEN)
    check_csrf(identity, csrf)
    context = context_of(request)
    context.unlocked_keys.lock(identity.session)
    context.vault.log.append(identity.name, "lock-audio", GRANTED)
    return RedirectResponse(f"/recordings/{back}" if re.fullmatch(r"[0-9a-f]{32}", back) else "/", 303)


@router.get("/recordings/{recording_id}/audio.wav")
def play(request: Request, recording_id: str) -> Response:
    """The opened call, whole or a range of it (RFC 9110 section 14). Every request is a line in the access log."""
    identity = need(request, LISTEN, recording_id)
    context = context_of(request)
    # An address typed, or a link on another site, opens nothing: the page opens the call first, by a form.
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Refused("Audio is not given to other sites.")
    timeline = context.unlocked_keys.opened(identity.session, recording_id)
    if timeline is None:
        context.vault.log.append(identity.name, "play", DENIED, recording_id, "not opened, or its time is over")
        raise KeyLocked("This call is not open, or its time is over.", "Open it again on its page.")
    total = timeline.wav_size()
    asked = _RANGE.match(request.headers.get("range", ""))
    if asked and asked[2] and int(asked[2]) < int(asked[1]):
        asked = None  # not a range (RFC 9110 section 14.1.1): as if none were asked
    start = int(asked[1]) if asked else 0
    end = min(int(asked[2]) + 1 if asked and asked[2] else total, total)
    if asked and start >= total:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{total}"})
    if asked:
        end = min(end, start + _PIECE)
    second = max(0, start - WAV_HEADER) / 4 / CLOCK
    context.vault.log.append(identity.name, "play", GRANTED, recording_id, f"from second {second:.1f}")
    headers = {"Accept-Ranges": "bytes"}
    if asked:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{total}"
    return Response(timeline.wav(start, end), 206 if asked else 200, headers, "audio/wav")
