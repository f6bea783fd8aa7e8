"""Reads and verifies a recording: structure and signature always, events with the index key, audio only with an unlocked
audio key. The checks are those of testigo_wire; this module gives them the keys and collects the results."""

from collections.abc import Callable
from dataclasses import dataclass, field

from testigo_vault.identity.keys import AUDIO_STREAM, INDEX_STREAM, StreamKeyOpener, key_id
from testigo_vault.lawfulness.case import Case, FrameTimes, Step, StepBuilder
from testigo_vault.lawfulness.findings import UNLAWFUL, LawFinding
from testigo_vault.primitives import HOST, verify
from testigo_wire.errors import WireError
from testigo_wire.recording import audio_frame_reader
from testigo_wire.recording.erasure import Erasure
from testigo_wire.recording.item_parser import Item
from testigo_wire.recording.items import FRAME_MS, MAX_ITEM
from testigo_wire.recording.rewrite import erase_steps
from testigo_wire.recording.verifier import Finding, Verifier

_PIECE = 1 << 20
_RTP_HEADER = 12

# With one of these findings the bytes are not what a device sealed, so no receipt is given.
NOT_SEALED = frozenset(("malformed", "truncated", "misplaced", "chain", "swapped", "count", "seal", "signature"))


@dataclass
class Reading:
    header: list
    seal: list | None
    events: list[list]
    digests: list[bytes]
    findings: list[Finding]
    audio_items: int  # keys and frames of the audio stream that are not erased
    audio_frames: int
    gone: int
    recipients: dict[int, list[bytes]] = field(default_factory=dict)
    frames_at_end: int = 0  # audio frames after the last event
    torn: list[Finding] = field(default_factory=list)  # of frames that a cut tore at its end: no fault of the recording
    steps: list[Step] = field(default_factory=list)  # events, and runs of other items, in their order
    frames: list[FrameTimes] | None = None  # of the audio; None where no key opened it
    law: list[LawFinding] = field(default_factory=list)  # set by `judge.judge`

    @property
    def header_digest(self) -> bytes:
        return self.digests[0] if self.digests else b""

    @property
    def length_ms(self) -> int:
        """Where the recording ends, by its last whole item: the time of an event, and of the audio frames that follow it."""
        return (self.events[-1][1] if self.events else 0) + FRAME_MS * self.frames_at_end

    @property
    def sealed(self) -> bool:
        """Whether a device of this vault sealed exactly these items."""
        return bool(self.header) and not any(finding.code in NOT_SEALED for finding in self.findings)

    @property
    def unlawful(self) -> list[LawFinding]:
        return [found for found in self.law if found.severity == UNLAWFUL]

    @property
    def has_unlawful_audio(self) -> bool:
        """Whether there is audio, and the order of events or the check of lawfulness says that it may not be there."""
        return self.audio_items > 0 and bool(self.unlawful or any(found.code == "order" for found in self.findings))

    @property
    def objected(self) -> bool:
        return any(event[0] == "objection" for event in self.events)

    def case(self, erasures: list[Erasure], foreign_records: int) -> Case:
        """For the check of lawfulness; of a sealed recording. The arguments: what `erasures.records` found beside it."""
        assert self.seal is not None
        frames, recipients = self.frames, self.recipients
        return Case(self.header, self.seal, self.steps, recipients, frames, erasures, foreign_records)


def read(
    data: bytes,
    publics: list[bytes],
    index_key: StreamKeyOpener | None,
    audio_key: StreamKeyOpener | None = None,
    previous: tuple[int, bytes] | None = None,
    digests: list[bytes] | None = None,
    on_item: Callable[[Item], None] | None = None,
) -> Reading:
    """Verify `data`. publics: the keys that the device may have signed with. on_item: called with every item in order.

    Nothing is said of what is gone in version 2: `judge.judge` compares it with the records beside the copies.
    """
    recipients: dict[int, list[bytes]] = {}

    def signed(digest: bytes, signature: bytes, signer: bytes | None) -> bool:
        return any(
            verify(public, digest, signature) for public in publics if signer is None or key_id(public) == signer
        )

    def open_key(stream: int, recording_id: bytes, wrapped: list) -> bytes | None:
        recipients[stream] = [key_id for key_id, _ in wrapped]
        opener = {INDEX_STREAM: index_key, AUDIO_STREAM: audio_key}[stream]
        return opener.find(stream, recording_id, wrapped) if opener else None

    verifier = Verifier(HOST, signed, open_key, previous, digests)
    view = memoryview(data)
    audio_items = frames_at_end = 0
    steps = StepBuilder()
    frames: list[FrameTimes] = []
    for at in range(0, len(data), _PIECE):
        for item in verifier.feed(view[at : at + _PIECE]):
            audio_items += item.stream == AUDIO_STREAM
            steps.add(item)
            if item.event is not None:
                frames_at_end = 0
            elif item.kind == "frame" and item.stream == AUDIO_STREAM:
                frames_at_end += 1
                if audio_key is not None and item.plaintext is not None:
                    frames += _frame_times(item)
            if on_item is not None:
                on_item(item)
    findings = list(verifier.finish())
    if index_key is not None and INDEX_STREAM in recipients and index_key.key_id not in recipients[INDEX_STREAM]:
        findings.append(Finding("unreadable", None, None, "its events are not sealed to this vault's index key"))
    elif index_key is not None and verifier.header is not None and INDEX_STREAM not in recipients:
        findings.append(Finding("unreadable", None, None, "it has no keys for its events"))
    return Reading(
        verifier.header or [],
        verifier.seal,
        verifier.events,
        verifier.digests,
        findings,
        audio_items,
        verifier.audio_frames,
        verifier.gone,
        recipients,
        frames_at_end,
        verifier.torn,
        steps.steps,
        frames if audio_key is not None and audio_key.key_id in recipients.get(AUDIO_STREAM, ()) else None,
    )


def _frame_times(item: Item) -> list[FrameTimes]:
    """When the packets of an opened audio frame arrived; nothing for a frame that is malformed, which is a finding already."""
    assert item.plaintext is not None
    try:
        packets = audio_frame_reader.parse(item.plaintext)
    except WireError:
        return []
    payloads: tuple[list[bytes], list[bytes]] = ([], [])
    for leg, _, packet in packets:
        payloads[leg].append(packet[_RTP_HEADER:])
    times = [ms for _, ms, _ in packets]
    counts = (len(payloads[0]), len(payloads[1]))
    return [FrameTimes(item.index, min(times), max(times), counts, payloads[0] == payloads[1])]


def erase_audio(data: bytes) -> bytes:
    """The recording with `gone` in place of its audio keys and frames. The rest, and the seal, still verify.

    Bytes that are no items could be audio, so they and all that follows them are left out.
    """
    out = bytearray()

    source = memoryview(data)
    position = 0

    def read_into(view: memoryview) -> int:
        nonlocal position
        count = min(len(view), len(source) - position)
        view[:count] = source[position : position + count]
        position += count
        return count

    try:
        for _ in erase_steps(HOST, read_into, out.extend, bytearray(MAX_ITEM)):
            pass
    except WireError:
        pass
    return bytes(out)
