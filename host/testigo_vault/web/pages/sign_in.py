"""Signing in and out."""

from functools import partial

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from testigo_vault.audit.access_log import DENIED, GRANTED
from testigo_vault.errors import Refused
from testigo_vault.identity.sign_in_limits import network_of
from testigo_vault.identity.users import BROWSER_LIFE_MS
from testigo_vault.timestamps import now_ms
from testigo_vault.web.context import COOKIE, address_of, check_csrf, context_of, identify, log_denied
from testigo_vault.web.parameters import Name, Secret, Token
from testigo_vault.web.sign_in_gate import Busy
from testigo_vault.web.stored_texts import N_

router = APIRouter()
BROWSER_COOKIE = "testigo_browser"  # says that its user has signed in here before; opens nothing


@router.get("/sign-in")
def show(request: Request) -> Response:
    return context_of(request).page(request, "sign_in.html")


@router.post("/sign-in")
async def sign_in(request: Request, name: Name = "", password: Secret = "") -> Response:
    """The password is checked in a thread of the sign-ins, so that pages do not wait for it."""
    context = context_of(request)
    users = context.vault.users
    request.state.attempt = ("sign-in", "")
    request.state.typed_name = name
    origin = request.headers.get("origin")
    if origin and origin.split("://")[-1] != request.headers.get("host"):
        raise Refused(N_("This form came from another site."), N_("Open the sign-in page here."))
    browser = request.cookies.get(BROWSER_COOKIE, "")
    known = bool(browser) and await run_in_threadpool(users.knows_browser, browser, name, now_ms())
    work = partial(_sign_in, request, name, password, browser if known else "")
    try:
        return await context.sign_ins.run(address_of(request), known, now_ms(), work)
    except Busy as busy:
        return await run_in_threadpool(_come_back, request, name, busy)


def _sign_in(request: Request, name: str, password: str, browser: str) -> Response:
    context = context_of(request)
    vault, web = context.vault, context.vault.config.web
    address = address_of(request)
    try:
        token = vault.users.sign_in(name, password, now_ms(), web.session_minutes, network_of(address), browser)
    except Refused as error:
        log_denied(request, DENIED, error.message)
        return context.page(request, "sign_in.html", 403, error=error, name=name)
    vault.log.append(name, "sign-in", GRANTED, detail=f"from {address}")
    context.sign_ins.succeeded(address)
    response = RedirectResponse("/", 303)
    settings: dict = {"httponly": True, "samesite": "strict", "secure": web.secure_cookie}
    response.set_cookie(COOKIE, token, max_age=web.session_minutes * 60, **settings)
    if not browser:
        browser = vault.users.remember_browser(name, now_ms())
        response.set_cookie(BROWSER_COOKIE, browser, max_age=BROWSER_LIFE_MS // 1000, path="/sign-in", **settings)
    return response


def _come_back(request: Request, name: str, busy: Busy) -> Response:
    log_denied(request, DENIED, busy.message)
    error = Refused(busy.message, f"Wait {busy.retry_s} seconds and try again.")
    response = context_of(request).page(request, "sign_in.html", 429, error=error, name=name)
    response.headers["Retry-After"] = str(busy.retry_s)
    return response


@router.post("/sign-out")
def sign_out(request: Request, csrf: Token = "") -> Response:
    identity = identify(request)
    request.state.attempt = ("sign-out", "")
    check_csrf(identity, csrf)
    context = context_of(request)
    context.unlocked_keys.lock(identity.session)
    context.vault.users.sign_out(request.cookies.get(COOKIE, ""))
    context.vault.log.append(identity.name, "sign-out", GRANTED)
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(COOKIE)
    return response
