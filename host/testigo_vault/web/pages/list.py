"""The list of recordings: search, filter, missing numbers, quarantine."""

import datetime
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from testigo_vault.recordings import wording
from testigo_vault.recordings.rows import QUARANTINED
from testigo_vault.recordings.search import Query
from testigo_vault.web.context import context_of, need

router = APIRouter()
_PAGE = 50


@router.get("/")
def show(
    request: Request,
    q: str = "",
    device: str = "",
    outcome: str = "",
    state: str = "",
    since: str = "",
    until: str = "",
    page: int = 1,
) -> Response:
    need(request, "list")
    context = context_of(request)
    page = max(1, min(page, 1_000_000))
    query = Query(
        q.strip(), device, outcome, state, _day(since), _day(until, 1), limit=_PAGE, offset=(page - 1) * _PAGE
    )
    recordings, total = context.index.find(query)
    asked = {"q": q, "device": device, "outcome": outcome, "state": state, "since": since, "until": until}
    asked = {name: value for name, value in asked.items() if value}
    pages = max(1, -(-total // _PAGE))
    return context.page(
        request,
        "list.html",
        recordings=recordings,
        total=total,
        asked=asked,
        page=page,
        pages=pages,
        link=lambda number: "/?" + urlencode(asked | {"page": str(number)}),
        devices=context.index.device_ids(),
        outcomes=wording.OUTCOMES,
        gaps=context.index.gaps(),
        quarantined=context.index.counts().get(QUARANTINED, 0),
    )


def _day(text: str, days_later: int = 0) -> int:
    """Midnight of a date as the vault's clock has it, in ms; 0 for none or nonsense."""
    try:
        day = datetime.date.fromisoformat(text) + datetime.timedelta(days=days_later)
    except (ValueError, OverflowError):
        return 0
    return int(datetime.datetime.combine(day, datetime.time()).timestamp() * 1000)
