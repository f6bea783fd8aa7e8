"""The user's choice of the pages' language. It changes nothing but a cookie, so a link (GET) is enough."""

import re

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from testigo_vault.errors import NotFound
from testigo_vault.web.context import context_of
from testigo_vault.web.language import COOKIE, LOCALES
from testigo_vault.web.parameters import Address
from testigo_vault.web.stored_texts import N_

router = APIRouter()
_YEAR_S = 365 * 86_400

# An address of this site: one slash, then no second one and no backslash, which browsers take for a slash.
_LOCAL = re.compile(r"/(?![/\\])[\x21-\x7e]*\Z")


@router.get("/language/{code}")
def choose(request: Request, code: str, back: Address = "/") -> Response:
    if code not in LOCALES:
        raise NotFound(N_("The pages are not available in this language."), N_("Choose one of those shown."))
    response = RedirectResponse(back if _LOCAL.match(back) else "/", 303)
    response.set_cookie(
        COOKIE,
        code,
        max_age=_YEAR_S,
        httponly=True,
        samesite="lax",
        secure=context_of(request).vault.config.web.secure_cookie,
    )
    return response
