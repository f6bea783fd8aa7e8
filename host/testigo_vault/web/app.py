"""The web application: pages, security headers on every answer, errors as pages that say what to do."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from testigo_vault.audit.access_log import FAILED, outcome_of
from testigo_vault.errors import KeyLocked, NotFound, Refused, VaultError
from testigo_vault.vault import Vault
from testigo_vault.web import whole_forms
from testigo_vault.web.context import Context, SignInNeeded, context_of, log_denied, secure
from testigo_vault.web.language import language_of
from testigo_vault.web.pages import access_log, choose_language, recording, recording_list, sign_in, sound, system
from testigo_vault.web.stored_texts import N_

_STATUS = {Refused: 403, KeyLocked: 403, NotFound: 404}
_PAGES = (sign_in, choose_language, recording_list, recording, sound, access_log, system)


def make_app(vault: Vault) -> FastAPI:
    app = FastAPI(title="Testigo vault", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.context = Context(vault)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    for page in _PAGES:
        app.include_router(page.router)

    @app.middleware("http")
    async def headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        if whole_forms.size(request.scope["headers"]) is None:
            text = language_of(request).gettext(N_("This form is too large."))
            return secure(Response(text, 413, media_type="text/plain"))
        response = secure(await call_next(request))
        if request.url.path.startswith("/static/"):
            response.headers["Cache-Control"] = "max-age=300"
        return response

    app.add_middleware(whole_forms.WholeForms)

    @app.exception_handler(SignInNeeded)
    async def to_sign_in(request: Request, error: Exception) -> Response:
        return RedirectResponse("/sign-in", 303)

    @app.exception_handler(VaultError)
    def vault_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, VaultError)
        if not error.logged:
            try:
                log_denied(request, outcome_of(error), error.message)
            except VaultError as unwritable:
                error = unwritable
        return _error_page(request, _STATUS.get(type(error), 409), error.message, error.hint)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: Exception) -> Response:
        # The page shows no values: one of them may be a passphrase.
        message = N_("The address or the form has a value that is not valid.")
        return _error_page(request, 400, message, N_("Go back and correct it."))

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        message = N_("There is no such page.") if error.status_code == 404 else N_("This request is not possible here.")
        return _error_page(request, error.status_code, message, N_("Go to the list of recordings."))

    @app.exception_handler(Exception)
    def unexpected(request: Request, error: Exception) -> Response:
        # The server logs the error itself. This handler runs outside the one that adds the headers.
        try:
            log_denied(request, FAILED, f"{type(error).__name__}.")
        except VaultError:
            pass  # the answer is an error already
        message = N_("This failed because of a fault in the vault.")
        return secure(
            _error_page(request, 500, message, N_("Tell the administrator the time; the vault's log has more."))
        )

    return app


def _error_page(request: Request, status: int, message: str, hint: str) -> Response:
    return context_of(request).page(request, "error.html", status, message=message, hint=hint)
