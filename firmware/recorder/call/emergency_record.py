"""The record of an emergency call, or of a call back: a recording without audio, made after the call.

Not before, since opening one takes a chip up to a second, in which no packet would be passed on. Loaded when it is needed.
"""

import asyncio

from recorder.call.unrecorded_call import TITLES
from recorder.media.leg import FAR
from recorder.storage.spool import SpoolError
from testigo_wire.policy import decision, e164, fields

KEYS_MS = 20000


def begin(services, call, done):
    """Makes the record in a task of its own. done(call): it is made, or cannot be."""
    asyncio.create_task(_run(services, call, done))


async def _run(services, call, done):
    try:
        await _write(services, call)
    except (SpoolError, asyncio.TimeoutError) as exc:
        services.log("%s has no record: %s" % (TITLES[call.why], str(exc) or "no keys"))
        services.unrecorded.add(call.why)
    except Exception as exc:  # noqa: BLE001 - a fault here must not restart the appliance
        services.failed("record of a call", exc)
        services.unrecorded.add(call.why)
    finally:
        done(call)


async def _write(services, call):
    documents = services.documents
    if services.recordings is None:
        raise SpoolError("start")
    if documents.recipients():
        await asyncio.wait_for_ms(services.keypool.ready(), KEYS_MS)
    policy = documents.policy
    direction = "in" if call.incoming else "out"
    line = decision.find_line(policy.lines, services.line_name, direction) if policy else None
    caller, callee, call_id = call.parties
    how = line[fields.UNRECORDED_NUMBERS] if line else "none"
    if call.incoming:
        caller = e164.kept(caller, how)
    else:
        callee = e164.kept(callee, how)
    recording = services.recordings.open(policy, (call.began_unix_ms, call.began_ms))
    event = recording.event
    event("call", line[fields.NAME] if line else "", direction, caller, callee, call_id, "sip", at=0)
    if line:
        event("policy", policy.version, policy.digest, line[fields.MODE], line[fields.RULE], at=0)
    else:
        event("policy", 0, b"", "never", "notify", at=0)
    event("unrecorded", call.why, at=0)
    if call.outcome is None:
        event("power_loss", at=0)
        await recording.close("power-loss")
        return
    side, status, reason = call.outcome
    event("hang_up", FAR if side is None else side, status, reason, at=call.ended_ms - call.began_ms)
    services.unrecorded.tell(recording)
    usual = status in (200, 487)
    await recording.close("unrecorded" if call.bridge.up else "cancelled" if usual else "failed")
