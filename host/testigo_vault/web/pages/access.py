"""The access log, for those who review it, with its own verification."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from testigo_vault.audit.access_log import GRANTED
from testigo_vault.identity.roles import READ_LOG
from testigo_vault.web.context import context_of, need

router = APIRouter()
_SHOWN = 300


@router.get("/access")
def show(request: Request, user: str = "", outcome: str = "", kind: str = "") -> Response:
    identity = need(request, READ_LOG)
    context = context_of(request)
    context.vault.log.append(identity.name, "read-log", GRANTED)
    lines, head, breaks = context.vault.log.verify()
    entries = [
        entry
        for entry in context.vault.log.entries()
        if (not user or entry.user == user)
        and (not outcome or entry.outcome == outcome)
        and (not kind or entry.kind == kind)
    ]
    return context.page(
        request,
        "access.html",
        entries=list(reversed(entries))[:_SHOWN],
        found=len(entries),
        shown=_SHOWN,
        lines=lines,
        head=head,
        breaks=breaks,
        user=user,
        outcome=outcome,
        kind=kind,
    )
