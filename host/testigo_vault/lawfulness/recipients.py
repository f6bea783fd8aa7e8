"""For whom the streams are sealed, against the recipients of the policy. Key ids are in clear, so no key is needed."""

from collections.abc import Iterator
from datetime import UTC, datetime

from testigo_vault.lawfulness.archive import Archive, Missing, recipients_of
from testigo_vault.lawfulness.case import Case
from testigo_vault.lawfulness.findings import LawFinding, finding
from testigo_wire.policy import documents as wire

STREAMS = ("index", "audio")  # terms of the table [lawfulness-values]


def check(case: Case, policy: wire.Document | Missing | None, archive: Archive) -> Iterator[LawFinding]:
    known: frozenset[tuple[int, bytes]] | None = None
    for stream, key_ids in sorted(case.recipients.items()):
        sealed = {(stream, key_id) for key_id in key_ids}
        name = STREAMS[stream]
        if not sealed:
            yield finding("sealed-nobody", stream=name)
            continue
        if isinstance(policy, wire.Document):
            named = frozenset(pair for pair in recipients_of(policy) if pair[0] == stream)
        else:
            named = frozenset(pair for pair in case.named_recipients if pair[0] == stream)
        if named and sealed == named:
            yield from _changed(stream, sealed, policy, archive)
            continue
        known = archive.known_recipients() if known is None else known
        expected = named or known
        if not sealed & known:
            yield finding("sealed-stranger", stream=name, keys=_names(sealed))
        elif sealed - expected:
            yield finding("recipient-unknown", stream=name, keys=_names(sealed - expected))
        if named - sealed and sealed & known:
            yield finding("recipient-missing", stream=name, keys=_names(named - sealed))


def _changed(
    stream: int, sealed: set[tuple[int, bytes]], policy: wire.Document | Missing | None, archive: Archive
) -> Iterator[LawFinding]:
    """Sealed as the policy says, but not to this vault's present key alone: which document brought that."""
    own = {pair for pair in archive.own if pair[0] == stream}
    if sealed == own or not isinstance(policy, wire.Document):
        return
    by = [change for change in archive.key_changes() if change.version <= policy.version and change.added & sealed]
    version = by[-1].version if by else policy.version
    valid_from = by[-1].valid_from_ms if by else policy.body[0]
    yield finding(
        "recipients-changed",
        stream=STREAMS[stream],
        keys=_names(sealed - own or sealed),
        version=version,
        date=_date(valid_from),
    )


def _names(pairs: set[tuple[int, bytes]] | frozenset[tuple[int, bytes]]) -> str:
    return ", ".join(sorted(key_id.hex() for _, key_id in pairs))


def _date(unix_ms: int) -> str:
    try:
        return f"{datetime.fromtimestamp(unix_ms / 1000, UTC):%Y-%m-%d}"
    except (OverflowError, ValueError, OSError):
        return str(unix_ms)
