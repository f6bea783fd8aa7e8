"""What every page shares: the vault, the templates, who is signed in, forms that belong to the session."""

import datetime
import hmac
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from fastapi.templating import Jinja2Templates

from testigo_vault.audit.access_log import DENIED
from testigo_vault.errors import Refused
from testigo_vault.identity.users import Identity
from testigo_vault.playback.unlocked_keys import UnlockedKeys
from testigo_vault.recordings import wording
from testigo_vault.recordings.search import RecordingIndex
from testigo_vault.timestamps import now_ms
from testigo_vault.vault import Vault

COOKIE = "testigo_session"
_HERE = Path(__file__).parent

# Nothing from elsewhere, nothing inline; frames and plug-ins forbidden.
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; media-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(), camera=(), geolocation=()",
    "Cache-Control": "no-store",
}


class SignInNeeded(Exception):
    """Nobody is signed in."""


class Context:
    """Held by the application as `app.state.context`."""

    def __init__(self, vault: Vault) -> None:
        self.vault = vault
        self.index = RecordingIndex(vault.database)
        self.unlocked_keys = UnlockedKeys(vault)
        self.templates = Jinja2Templates(_HERE / "templates")
        filters = self.templates.env.filters
        filters["local"] = local_time
        filters["iso"] = iso_time
        filters["day"] = day
        filters["span"] = span
        filters["clock_time"] = wording.clock_time
        filters["bytes"] = size
        filters["party"] = wording.party
        self.templates.env.globals["words"] = wording
        self.templates.env.trim_blocks = self.templates.env.lstrip_blocks = True

    def page(self, request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        values.setdefault("identity", getattr(request.state, "identity", None))
        values["organisation"] = self.vault.organisation.name
        return self.templates.TemplateResponse(request, template, values, status_code=status)


def context_of(request: Request) -> Context:
    return request.app.state.context


def identify(request: Request) -> Identity:
    """The person signed in. Raises SignInNeeded."""
    context = context_of(request)
    identity = context.vault.users.identify(request.cookies.get(COOKIE, ""), now_ms())
    if identity is None:
        raise SignInNeeded
    request.state.identity = identity
    return identity


def need(request: Request, right: str, recording: str = "") -> Identity:
    """The person signed in, if a role gives the right; else a line in the access log and Refused."""
    identity = identify(request)
    if right not in identity.rights:
        context_of(request).vault.log.append(identity.name, right, DENIED, recording, "role does not allow it")
        roles = ", ".join(identity.roles)
        raise Refused(
            f"Your role ({roles}) does not allow this; the attempt was logged.", "Ask the administrator if you need it."
        )
    return identity


def check_csrf(identity: Identity, token: str) -> None:
    """Forms carry the session's token, so that no other site can post in a person's name."""
    if not hmac.compare_digest(identity.csrf.encode(), token.encode()):
        raise Refused("This form is out of date.", "Open the page again and repeat.")


def secure(response: Response) -> Response:
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def local_time(ms: int) -> str:
    """In the time zone of the vault."""
    return datetime.datetime.fromtimestamp(ms / 1000).strftime("%Y-%m-%d %H:%M:%S") if ms else "not known"


def iso_time(ms: int) -> str:
    return datetime.datetime.fromtimestamp(ms / 1000).astimezone().isoformat(timespec="milliseconds") if ms else ""


def day(ms: int) -> str:
    return datetime.datetime.fromtimestamp(ms / 1000).strftime("%A, %-d %B %Y") if ms else "Date not known"


def span(ms: int) -> str:
    """A length as 0:42 or 1:02:03."""
    seconds = max(0, ms) // 1000
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def size(count: int) -> str:
    value = float(count)
    for unit in ("bytes", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"
