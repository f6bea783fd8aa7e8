"""The list of recordings: search, filter, missing numbers, quarantine."""

import datetime
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from testigo_vault.identity.roles import LIST
from testigo_vault.recordings import wording
from testigo_vault.recordings.rows import QUARANTINED
from testigo_vault.recordings.search import Query
from testigo_vault.web.context import context_of, require_right
from testigo_vault.web.parameters import Day, PageNumber, Word, Words

router = APIRouter()
_PAGE_SIZE = 50


@router.get("/")
def show(
    request: Request,
    q: Words = "",
    device: Word = "",
    outcome: Word = "",
    state: Word = "",
    since: Day = "",
    until: Day = "",
    page: PageNumber = 1,
) -> Response:
    require_right(request, LIST)
    context = context_of(request)
    query = Query(
        q.strip(), device, outcome, state, _day(since), _day(until, 1), limit=_PAGE_SIZE, offset=(page - 1) * _PAGE_SIZE
    )
    recordings, total = context.index.find(query)
    filters = {"q": q, "device": device, "outcome": outcome, "state": state, "since": since, "until": until}
    filters = {name: value for name, value in filters.items() if value}
    pages = max(1, -(-total // _PAGE_SIZE))
    return context.page(
        request,
        "recording_list.html",
        recordings=recordings,
        total=total,
        filters=filters,
        page=page,
        pages=pages,
        link=lambda number: "/?" + urlencode(filters | {"page": str(number)}),
        devices=context.index.device_ids(),
        gaps=context.index.gaps(),
        wording=wording,
        quarantined=context.index.counts().get(QUARANTINED, 0),
    )


def _day(text: str, days_later: int = 0) -> int:
    """Midnight of a date (YYYY-MM-DD) in the vault's time zone, in ms; 0 where there is none."""
    if not text:
        return 0
    day = datetime.date.fromisoformat(text) + datetime.timedelta(days=days_later)
    return int(datetime.datetime.combine(day, datetime.time()).timestamp() * 1000)
