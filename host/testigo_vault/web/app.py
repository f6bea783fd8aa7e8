"""The web application: pages, security headers on every answer, errors as pages that say what to do."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from testigo_vault.errors import KeyLocked, NotFound, Refused, VaultError
from testigo_vault.vault import Vault
from testigo_vault.web.context import Context, SignInNeeded, context_of, secure
from testigo_vault.web.pages import access as access_page
from testigo_vault.web.pages import details as details_page
from testigo_vault.web.pages import list as list_page
from testigo_vault.web.pages import sign_in as sign_in_page
from testigo_vault.web.pages import sound
from testigo_vault.web.pages import system as system_page

# Forms are read whole, before anybody is known to be signed in.
_LARGEST_FORM = 16384
_STATUS = {Refused: 403, KeyLocked: 403, NotFound: 404}


def make_app(vault: Vault) -> FastAPI:
    app = FastAPI(title="Testigo vault", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.context = Context(vault)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    for page in (sign_in_page, list_page, details_page, sound, access_page, system_page):
        app.include_router(page.router)

    @app.middleware("http")
    async def headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        length = request.headers.get("content-length", "0")
        if "transfer-encoding" in request.headers or not length.isdigit() or int(length) > _LARGEST_FORM:
            return secure(Response("This form is too large.", 413))
        response = secure(await call_next(request))
        if request.url.path.startswith("/static/"):
            response.headers["Cache-Control"] = "max-age=300"
        return response

    @app.exception_handler(SignInNeeded)
    async def sign_in(request: Request, error: Exception) -> Response:
        return RedirectResponse("/sign-in", 303)

    @app.exception_handler(VaultError)
    async def vault_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, VaultError)
        status = _STATUS.get(type(error), 409)
        return context_of(request).page(request, "error.html", status, message=error.message, hint=error.hint)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: Exception) -> Response:
        # Says nothing of the values: one of them may be a passphrase.
        message, hint = "The address or the form holds something that is not understood.", "Go back and correct it."
        return context_of(request).page(request, "error.html", 422, message=message, hint=hint)

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        message = "There is no such page." if error.status_code == 404 else str(error.detail)
        hint = "Go to the list of recordings."
        return context_of(request).page(request, "error.html", error.status_code, message=message, hint=hint)

    return app
