"""Appliances, policy, missing numbers, copies and alarms."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from testigo_vault.documents.status import policy_state
from testigo_vault.identity.roles import LIST, READ_LOG
from testigo_vault.recordings import scrub
from testigo_vault.timestamps import now_ms
from testigo_vault.web.context import context_of, require_right

router = APIRouter()
_DAY_MS = 86_400_000


@router.get("/system")
def show(request: Request) -> Response:
    identity = require_right(request, LIST)
    context = context_of(request)
    vault = context.vault
    devices = [vault.organisation.devices.get(name) for name in vault.organisation.devices.names()]
    return context.page(
        request,
        "system.html",
        devices=devices,
        highest=context.index.highest(),
        gaps=context.index.gaps(),
        counts=context.index.counts(),
        reports=vault.device_reports.all(),
        places=vault.store.places,
        policy=policy_state(vault.documents, now_ms()),
        contacts=vault.device_contacts.all(),
        absent=vault.store.absent(),
        checks=scrub.progress(vault, now_ms() - vault.config.checks.every_days * _DAY_MS),
        check_days=vault.config.checks.every_days,
        alarms=vault.alarms.latest(200, per_kind=25) if READ_LOG in identity.rights else None,
    )
