"""The record of an emergency call, or of a call back: a recording without audio, made after the call.

Not before, since opening one takes a chip up to a second, in which no packet would be passed on. Loaded when it is needed.
"""

import asyncio

from recorder.media.leg import FAR
from recorder.storage.primitives import steps
from recorder.storage.spool import SpoolError
from testigo_wire.policy import decision, e164, fields

KEYS_MS = 20000


def begin(services, title, facts):
    """Makes the record in a task of its own. title: of the call, for the log.

    facts: (why, whether it came in, (caller, callee, SIP Call-ID), (Unix time, hal.ms()) of its beginning, hal.ms() of its
    end, (side, status, reason) of the end or None after a power cut, whether the parties heard each other).
    """
    asyncio.create_task(_run(services, title, facts))


async def _run(services, title, facts):
    try:
        await _write(services, *facts)
    except (SpoolError, asyncio.TimeoutError) as exc:
        services.log("%s has no record: %s" % (title, str(exc) or "no keys"))
        services.unrecorded.add(facts[0])
    except Exception as exc:  # noqa: BLE001 - a fault here must not restart the appliance
        services.failed("record of a call", exc)
        services.unrecorded.add(facts[0])
    finally:
        services.emergency.recorded(facts[3][0])


async def _write(services, why, incoming, parties, began, ended_ms, outcome, up):
    documents = services.documents
    if services.recordings is None:
        raise SpoolError("start")
    if documents.recipients():
        await asyncio.wait_for_ms(services.keypool.ready(), KEYS_MS)
    policy = documents.policy
    direction = "in" if incoming else "out"
    line = decision.find_line(policy.lines, services.line_name, direction) if policy else None
    caller, callee, call_id = parties
    how = line[fields.UNRECORDED_NUMBERS] if line else "none"
    if incoming:
        caller = e164.kept(caller, how)
    else:
        callee = e164.kept(callee, how)
    recording = await steps(services.recordings.open_steps(policy, began))
    event = recording.event
    event("call", line[fields.NAME] if line else "", direction, caller, callee, call_id, "sip", at=0)
    if line:
        event("policy", policy.version, policy.digest, line[fields.MODE], line[fields.RULE], at=0)
    else:
        event("policy", 0, b"", "never", "notify", at=0)
    event("unrecorded", why, at=0)
    if outcome is None:
        event("power_loss", at=0)
        await recording.close("power-loss")
        return
    side, status, reason = outcome
    event("hang_up", FAR if side is None else side, status, reason, at=ended_ms - began[1])
    services.unrecorded.tell(recording)
    usual = status in (200, 487)
    await recording.close("unrecorded" if up else "cancelled" if usual else "failed")
