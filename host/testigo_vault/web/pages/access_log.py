"""The access log, with the result of its verification."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from testigo_vault.audit.access_log import GRANTED
from testigo_vault.identity.roles import READ_LOG
from testigo_vault.web.context import context_of, require_right

router = APIRouter()
_MAX_SHOWN = 300


@router.get("/access")
def show(request: Request, user: str = "", outcome: str = "", kind: str = "") -> Response:
    identity = require_right(request, READ_LOG)
    context = context_of(request)
    context.vault.log.append(identity.name, "read-log", GRANTED)
    lines, head, breaks = context.vault.log.verify()
    entries = list(context.vault.log.entries())
    kinds = sorted({entry.kind for entry in entries} | {kind} - {""})
    matching = [
        entry
        for entry in entries
        if (not user or entry.user == user)
        and (not outcome or entry.outcome == outcome)
        and (not kind or entry.kind == kind)
    ]
    return context.page(
        request,
        "access_log.html",
        entries=list(reversed(matching))[:_MAX_SHOWN],
        found=len(matching),
        shown=_MAX_SHOWN,
        lines=lines,
        head=head,
        breaks=breaks,
        user=user,
        outcome=outcome,
        kind=kind,
        kinds=kinds,
    )
