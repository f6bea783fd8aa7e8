"""Signing in and out."""

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from testigo_vault.audit.access_log import DENIED, GRANTED
from testigo_vault.errors import Refused
from testigo_vault.timestamps import now_ms
from testigo_vault.web.context import COOKIE, check_csrf, context_of, identify
from testigo_vault.web.stored_texts import N_

router = APIRouter()


@router.get("/sign-in")
def show(request: Request) -> Response:
    return context_of(request).page(request, "sign_in.html")


@router.post("/sign-in")
def sign_in(
    request: Request, name: str = Form("", max_length=64), password: str = Form("", max_length=1024)
) -> Response:
    context = context_of(request)
    vault = context.vault
    origin = request.headers.get("origin")
    if origin and origin.split("://")[-1] != request.headers.get("host"):
        raise Refused(N_("This form came from another site."), N_("Open the sign-in page here."))
    address = request.client.host if request.client else "unknown address"
    try:
        token = vault.users.sign_in(name, password, now_ms(), vault.config.web.session_minutes)
    except Refused as error:
        vault.log.append(name[:64], "sign-in", DENIED, detail=f"{error.message} From {address}.")
        return context.page(request, "sign_in.html", 403, error=error, name=name)
    vault.log.append(name, "sign-in", GRANTED, detail=f"from {address}")
    response = RedirectResponse("/", 303)
    response.set_cookie(
        COOKIE,
        token,
        max_age=vault.config.web.session_minutes * 60,
        httponly=True,
        samesite="strict",
        secure=vault.config.web.secure_cookie,
    )
    return response


@router.post("/sign-out")
def sign_out(request: Request, csrf: str = Form("")) -> Response:
    identity = identify(request)
    check_csrf(identity, csrf)
    context = context_of(request)
    context.unlocked_keys.lock(identity.session)
    context.vault.users.sign_out(request.cookies.get(COOKIE, ""))
    context.vault.log.append(identity.name, "sign-out", GRANTED)
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(COOKIE)
    return response
