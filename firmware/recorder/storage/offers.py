"""What a session with the vault needs of the spool: what a recording is offered as, and the receipt that lets it be deleted.

Loaded for that, and unloaded afterwards.
"""

from recorder import files
from recorder.storage.primitives import steps
from recorder.storage.spool import SEALED, TAIL, SpoolError
from testigo_wire.encoding import cbor
from testigo_wire.errors import WireError
from testigo_wire.policy import documents
from testigo_wire.recording.items import MAX_ITEM

STEP = 256  # a seal is shorter
SEAL_START = b"\x86\x64seal"  # array of six, text of four


def describe(spool, number):
    """As Spool.describe.

    Zeros after the seal, which a repair leaves, are not counted in its size.
    """
    path = spool.path(number, SEALED)
    size = files.size(path)
    if size < 0:
        raise SpoolError("missing", str(number))
    try:
        with open(path, "rb") as file:
            header = cbor.decode_prefix(file.read(TAIL))[0]
            seal, end = _find_seal(file, size)
        if header[0] != "testigo" or header[4] != number or seal[0] != "seal":
            raise WireError("another recording's header, or no seal")
        return header[2], end, seal[2]
    except OSError as exc:
        raise spool.unread(number, exc)
    except (WireError, IndexError, TypeError) as exc:
        try:
            spool.set_aside(number, SEALED, str(exc))
        except OSError as fault:
            raise spool.unread(number, fault)
        raise SpoolError("damaged", str(number))


async def apply_receipt(spool, data):
    """As Spool.apply_receipt."""
    try:
        reason = await _check_receipt(spool, data)
    except OSError as exc:
        reason = str(exc)
    if reason:
        spool.log("receipt refused: " + reason)
        return False, reason
    return True, ""


async def _check_receipt(spool, data):
    try:
        document = documents.parse(data)
        device_id, recording_id, number, head, copies, _ = document.body
        if document.kind != "receipt" or document.version != number:
            return "not a receipt"
        if device_id != spool.identity.device_id:
            return "for another device"
        if not copies:
            return "names no copy"
        held_id, _, held_head = describe(spool, number)
        if held_id != recording_id or held_head != head:
            return "recording %d is another one" % number
        if not await steps(document.verify_steps(spool.primitives, spool.identity.operator)):
            return "signature is not the operator's"
    except (WireError, SpoolError, ValueError, TypeError) as exc:
        return str(exc)
    if number + 1 >= spool.next_number and not spool.keep():
        return "state.cbor cannot be written, and the number stands in no other file"
    spool.remove(number)
    return ""


def _find_seal(file, size):
    """-> (fields of the seal, where it ends in the file). Only zeros follow it, fewer than an item has."""
    at = size - STEP
    while True:
        at = max(0, at - STEP)
        file.seek(at)
        data = file.read(2 * STEP)
        start = data.rfind(SEAL_START)
        if start >= 0:
            seal, end = cbor.decode_prefix(data, start)
            if data[end:].strip(b"\0"):
                raise WireError("bytes after the seal")
            return seal, at + end
        if data[STEP:].strip(b"\0") or not at or size - at > MAX_ITEM + 2 * STEP:
            raise WireError("no seal")
