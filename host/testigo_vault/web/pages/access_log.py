"""The access log, with the result of its verification."""

from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from testigo_vault.audit.access_log import GRANTED
from testigo_vault.audit.log_lines import Search
from testigo_vault.identity.roles import READ_LOG
from testigo_vault.web.context import context_of, require_right
from testigo_vault.web.parameters import LineNumber, Word

router = APIRouter()
_MAX_SHOWN = 300


@router.get("/access")
def show(request: Request, user: Word = "", outcome: Word = "", kind: Word = "", before: LineNumber = 0) -> Response:
    """The latest lines that match, below the line `before` if it is not 0. What it costs does not grow with the log."""
    identity = require_right(request, READ_LOG)
    context = context_of(request)
    context.vault.log.append(identity.name, "read-log", GRANTED)
    checked = context.vault.log.check()
    found = context.vault.log.latest(Search(user, kind, outcome, "", before, _MAX_SHOWN))
    filters = {name: value for name, value in (("user", user), ("kind", kind), ("outcome", outcome)) if value}
    return context.page(
        request,
        "access_log.html",
        found=found,
        checked=checked,
        breaks=sorted({(one.line, one.why) for one in (*checked.breaks, *found.breaks)}),
        searched=min(before or checked.lines + 1, checked.lines + 1) - 1,
        older="/access?" + urlencode(filters | {"before": str(found.since)}),
        newest="/access?" + urlencode(filters),
        before=before,
        user=user,
        outcome=outcome,
        kind=kind,
    )
