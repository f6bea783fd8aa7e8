"""Passes a form on when all of it is here. A page is not begun for a form that comes slowly, or whose sender goes away."""

import asyncio

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from testigo_vault.web.context import secure

MAX_SIZE = 16384  # forms are read whole, before the user is known
TIME_S = 10.0


def size(headers: list[tuple[bytes, bytes]]) -> int | None:
    """Of the body, as the headers say; None if they do not say it, or more than MAX_SIZE."""
    said = dict(headers)
    length = said.get(b"content-length", b"0")
    if b"transfer-encoding" in said or not length.isdigit() or len(length) >= 10 or int(length) > MAX_SIZE:
        return None
    return int(length)


class WholeForms:
    """The outermost layer of the pages (ASGI 3.0)."""

    def __init__(self, app: ASGIApp, time_s: float = TIME_S) -> None:
        self._app = app
        self._time_s = time_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not size(scope["headers"]):
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._time_s):
                body = await _read(receive)
        except TimeoutError:
            answer = secure(PlainTextResponse("The form did not come in time.", 408, {"Connection": "close"}))
            await answer(scope, receive, send)
            return
        if body is None:
            return  # nobody is there to be answered
        passed_on = False

        async def whole() -> Message:
            nonlocal passed_on
            if passed_on:
                return await receive()
            passed_on = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, whole, send)


async def _read(receive: Receive) -> bytes | None:
    """The body; None if the sender is gone."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body
