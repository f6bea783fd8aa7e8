"""The state of the policy: on the System page, and as an alarm before the policy ends."""

import asyncio

import pytest

from support.pages import signed_in
from testigo_vault.documents.status import DAY_MS, policy_state
from testigo_vault.policy.compiler import policy_body
from testigo_vault.policy.parser import load
from testigo_vault.timestamps import now_ms
from testigo_vault.watch import PolicyWatch, every

NOW = 1_800_000_000_000


def signed(vault, valid_from=0, valid_until=0):
    body = policy_body(load(vault.folder / "policy.toml"), vault.organisation.recipients())
    body[:2] = valid_from, valid_until
    documents = vault.documents
    version = documents.next_version(documents.policy_path())
    documents.save(documents.policy_path(), vault.organisation.operator_sign("policy", version, body))
    return version


@pytest.mark.parametrize(
    ("valid_from", "valid_until", "kind", "words"),
    [
        (0, 0, "valid", "without an end"),
        (NOW + 1, 0, "waiting", "Begins on 2027-01-15"),
        (0, NOW + 31 * DAY_MS, "valid", "for 31 days"),
        (0, NOW + 29 * DAY_MS + 1, "ending", "in 29 days"),
        (0, NOW, "ended", "Ended on 2027-01-15"),
    ],
)
def test_state_by_the_time_of_the_policy(vault, valid_from, valid_until, kind, words):
    signed(vault, valid_from, valid_until)
    state = policy_state(vault.documents, NOW)
    assert (state.kind, state.alarming) == (kind, kind in ("ending", "ended"))
    assert words in state.text and state.lines == (("main", "both", "all"),)


def test_no_policy_and_a_damaged_one(vault):
    documents = vault.documents
    assert policy_state(documents, NOW).kind == "none"
    signed(vault)
    data = bytearray(documents.policy_path().read_bytes())
    data[-1] ^= 1
    documents.policy_path().write_bytes(data)
    state = policy_state(documents, NOW)
    assert state.kind == "unreadable" and state.alarming and "policy.tsd" in state.text


def test_the_system_page_shows_the_state(address, vault):
    client = signed_in(address, "auditor")
    assert "No policy is signed" in client.get("/system").text
    signed(vault, 0, now_ms() + 3 * DAY_MS + 60_000)
    text = client.get("/system").text
    assert "in 3 days: from then on appliances record nothing" in text and "Line main" in text


def test_one_alarm_for_each_policy_that_ends(vault):
    first = signed(vault, 0, now_ms() - 1000)

    def told():
        return [alarm.text for alarm in vault.alarms.latest() if alarm.kind == "policy"]

    async def until(count):
        for _ in range(500):
            if len(told()) >= count:
                return
            await asyncio.sleep(0.01)

    async def watch():
        watching = asyncio.create_task(every(0.01, PolicyWatch(vault).check))
        await until(1)
        second = signed(vault, 0, now_ms() + DAY_MS)
        await until(2)
        await asyncio.sleep(0.2)
        watching.cancel()
        return second

    second = asyncio.run(watch())
    assert len(told()) == 2
    assert f"Policy version {first}: Ended" in told()[1] and f"Policy version {second}: Ends" in told()[0]
