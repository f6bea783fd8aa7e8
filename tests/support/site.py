"""A vault in which everything has happened that pages can show, and a browser's way round its pages."""

import hashlib
from contextlib import suppress

import pytest

from support.fake_appliance import OPENED_MS, Appliance, call, speech
from support.intake import take
from support.lawfulness.unlawful import SELF_TEST, tone_of_a_test
from support.pages import PASSWORD
from support.policy_calls import listed, plain, refused, rich, withdrawn
from support.vault_fixtures import AUDIO_PASSPHRASE
from testigo_vault.audit import alarms
from testigo_vault.errors import Refused
from testigo_vault.recordings.search import RecordingIndex
from testigo_vault.recordings.verification import check_copies
from testigo_vault.timestamps import now_ms

USER = "todo"


@pytest.fixture
def site(address, vault, appliance, tmp_path):
    """The address of pages with calls of every outcome, alarms, missing numbers, a revoked appliance, and a user with
    every role that reads. What users and installers write themselves is in Spanish."""
    rich(vault, appliance)
    digest = hashlib.sha256(vault.documents.policy_path().read_bytes()).digest()
    plain(vault, appliance, digest)
    withdrawn(vault, appliance, digest)
    refused(vault, appliance, digest)
    listed(vault, appliance, digest)
    take(vault, appliance.record(events=SELF_TEST, packets=tone_of_a_test(1), reason="test", after=None))
    after = [("objection", 5000, 1, "9", "rfc4733"), ("hang_up", 6000, 1, 200, "BYE")]
    take(vault, appliance.record(packets=speech(0.5), reason="objection", after=after))
    take(vault, appliance.record(events=[call(), ("policy", 5, 0, bytes(32), "never", "opt-in")], reason="unrecorded"))
    take(vault, appliance.record(packets=speech(0.2), previous=bytes(31) + b"x"))
    made = appliance.record(packets=speech(1))
    take(vault, made, made.data[:-40] + bytes(4) + made.data[-36:])
    damaged = RecordingIndex(vault.database).get("branch-1/6")
    path = vault.store.places[1]._folder / damaged.path
    path.write_bytes(path.read_bytes()[:-3])
    check_copies(vault, damaged, now_ms())
    other = Appliance(vault.organisation, "almacen", tmp_path)
    take(vault, other.record(packets=speech(0.2)), device_id="almacen")
    cut = {"opened_ms": 946_684_830_000, "clock": 1, "reason": "power-loss", "after": None}
    take(vault, other.record(packets=speech(3), **cut), device_id="almacen")
    take(vault, other.record(opened_ms=OPENED_MS + 100 * 365 * 86_400_000), device_id="almacen")
    vault.organisation.devices.revoke("almacen", "robado de la furgoneta")
    vault.alarms.raise_alarm(
        alarms.POLICY, "Policy version 1: Ended on 2026-01-31: appliances record nothing until another one is signed."
    )
    vault.users.add(USER, ["supervisor", "auditor"], PASSWORD, now_ms(), "Ane Etxeberria")
    with suppress(Refused):
        vault.users.sign_in("nadie", "incorrecta", now_ms(), 5)
    return address


def sign_in(page, address, user=USER):
    page.go(f"{address}/sign-in")
    page.run(
        f"document.querySelector('[name=name]').value = '{user}';"
        f"document.querySelector('[name=password]').value = '{PASSWORD}';"
        "document.querySelector('main form').requestSubmit()"
    )
    page.wait("document.querySelector('table.list')")


def open_sound(page, address, recording):
    page.go(f"{address}/recordings/{recording}")
    page.run(
        f"document.querySelector('[name=passphrase]').value = '{AUDIO_PASSPHRASE}';"
        "document.querySelector('.unlock').requestSubmit()"
    )
    page.wait("document.getElementById('audio') && document.getElementById('wave').ariaValueText")
