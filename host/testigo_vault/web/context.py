"""What every page shares: the vault, the templates, the signed-in user, forms that belong to the session."""

import hmac
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from fastapi.templating import Jinja2Templates
from jinja2 import pass_context
from jinja2.runtime import Context as TemplateContext

from testigo_vault.audit.access_log import DENIED
from testigo_vault.audit.denied_attempts import DeniedAttempts
from testigo_vault.errors import Refused
from testigo_vault.identity.users import Identity
from testigo_vault.playback.unlocked_keys import UnlockedKeys
from testigo_vault.printable import visible
from testigo_vault.recordings.search import RecordingIndex
from testigo_vault.recordings.wording import party
from testigo_vault.timestamps import now_ms
from testigo_vault.vault import Vault
from testigo_vault.web import labels, language
from testigo_vault.web.sign_in_gate import SignInGate
from testigo_vault.web.stored_texts import N_

COOKIE = "testigo_session"
_RECORDING_ID = re.compile(r"[0-9a-f]{32}\Z")
_LONGEST_SHOWN = 80  # of what a request names instead of a recording
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
    """The request has no session, or one that has ended."""


class Context:
    """Held by the application as `app.state.context`."""

    def __init__(self, vault: Vault) -> None:
        self.vault = vault
        self.index = RecordingIndex(vault.database)
        self.unlocked_keys = UnlockedKeys(vault)
        self.denied = DeniedAttempts(vault.log)
        self.sign_ins = SignInGate()
        self.templates = Jinja2Templates(_HERE / "templates")
        environment = self.templates.env
        environment.add_extension("jinja2.ext.i18n")
        environment.policies["ext.i18n.trimmed"] = True
        environment.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]
        environment.trim_blocks = environment.lstrip_blocks = True
        environment.filters["party"] = party
        environment.filters["visible"] = visible
        environment.filters["label"] = _label

    def close(self) -> None:
        """At the end of the service: the sums of denied attempts go into the log."""
        self.sign_ins.close()
        self.denied.close()

    def page(self, request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A page in the language of the request."""
        chosen = language.language_of(request)
        values.setdefault("identity", getattr(request.state, "identity", None))
        values["organisation"] = self.vault.organisation.name
        values["language"] = chosen
        values["labels"] = labels
        values["other_languages"] = [language.get(code) for code in language.LOCALES if code != chosen.code]
        values["here"] = _address_to_return_to(request, status)
        headers = {"Content-Language": chosen.code}
        return self.templates.TemplateResponse(request, template, values, status_code=status, headers=headers)


@pass_context
def _gettext(context: TemplateContext, message: str) -> str:
    return context["language"].gettext(message)


@pass_context
def _ngettext(context: TemplateContext, singular: str, plural: str, count: int) -> str:
    return context["language"].ngettext(singular, plural, count)


@pass_context
def _label(context: TemplateContext, code: str, table: dict[str, str]) -> str:
    """The text of a code in the language of the page; the code itself where the table has none."""
    return context["language"].gettext(table[code]) if code in table else code.replace("-", " ")


def _address_to_return_to(request: Request, status: int) -> str:
    """Where a change of language leads: this page, if it can be requested again by GET."""
    if request.url.path == "/sign-in":
        return "/sign-in"
    if request.method != "GET" or status != 200:
        return "/"
    return request.url.path + (f"?{urlencode(request.query_params.multi_items())}" if request.url.query else "")


def context_of(request: Request) -> Context:
    return request.app.state.context


def identify(request: Request) -> Identity:
    """The signed-in user. Raises SignInNeeded."""
    context = context_of(request)
    identity = context.vault.users.identify(request.cookies.get(COOKIE, ""), now_ms())
    if identity is None:
        raise SignInNeeded
    request.state.identity = identity
    return identity


def require_right(request: Request, right: str, recording: str = "", kind: str = "") -> Identity:
    """The signed-in user, if a role gives the right; otherwise raises Refused.

    recording: its id, as it is in the address. kind: what the access log calls this access; the right if empty. From here on,
    an error that ends the request gets its line in the access log.
    """
    identity = identify(request)
    request.state.attempt = (kind or right, recording)
    if right not in identity.rights:
        words = language.language_of(request)
        roles = ", ".join(words.words.term("roles", role) for role in identity.roles)
        log_denied(request, DENIED, "role does not allow it", right)
        refused = Refused(
            words.gettext(N_("Your role ({roles}) does not allow this; the attempt was logged.")).format(roles=roles),
            words.gettext(N_("Ask the administrator if you need it.")),
        )
        refused.logged = True
        raise refused
    return identity


def log_denied(request: Request, outcome: str, detail: str, kind: str = "") -> None:
    """A line for an attempt that came to nothing, if the request is one that the log is about."""
    attempt = getattr(request.state, "attempt", None)
    if attempt is None:
        return
    name = attempt[1]
    recording = name if _RECORDING_ID.match(name) else ""
    shown = visible(name[:_LONGEST_SHOWN])
    if name and not recording and shown not in detail:
        detail = f"{shown} was wanted: {detail}"
    denied = context_of(request).denied
    identity = getattr(request.state, "identity", None)
    if identity is not None:
        denied.of_user(identity.name, kind or attempt[0], recording, detail, outcome)
    else:
        typed = getattr(request.state, "typed_name", "")
        denied.of_address(address_of(request), typed, kind or attempt[0], f"{detail} From {address_of(request)}.")


def address_of(request: Request) -> str:
    """Where the request comes from; behind a proxy that [web] proxies names, what that proxy says."""
    return request.client.host[:64] if request.client else "unknown address"


def check_csrf(identity: Identity, token: str) -> None:
    """Forms carry the session's token, so that no other site can post in a user's name."""
    if not hmac.compare_digest(identity.csrf.encode(), token.encode()):
        raise Refused(N_("This form is out of date."), N_("Open the page again and repeat."))


def secure(response: Response) -> Response:
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    return response
