"""Verifies a sealed recording and lists all that is wrong with it (docs/formats/recording.md).

Structure, counters and chain are always checked; the signature with the device's public key; the order of events with the
index key; the audio with the audio key.
"""

from testigo_wire.crypto.sframe import Keystream
from testigo_wire.crypto.sframe_open import Opener
from testigo_wire.errors import WireError
from testigo_wire.recording import audio_frame_reader, events, tamper_hints
from testigo_wire.recording import items as recording
from testigo_wire.recording.erasure import RECORDING
from testigo_wire.recording.reader import Reader, ReadError

# The reason of a recording whose audio was erased when it was closed after a fault.
ERASED = "erased"
# Frames in a row at the end that a cut may have torn: of half a second of audio, and of the events of 200 ms.
MAX_TORN = 8


class Finding:
    """One thing that is wrong: `code`, `item` (its index) and `offset` in the file or None, `text` for people.

    `suspects`: when the chain is broken, the indices of the items that no key authenticates.
    """

    def __init__(self, code, item, offset, text, suspects=()):
        self.code = code
        self.item = item
        self.offset = offset
        self.text = text
        self.suspects = suspects

    def __repr__(self):
        return "%s: item %s at %s: %s" % (self.code, self.item, self.offset, self.text)


class Verifier:
    """Call `feed` with the recording's bytes, then `finish`.

    signed(digest, signature, signer) -> bool: whether it is the device's signature. signer: the key id that the header names,
    None in version 1.
    open_key(stream, recording_id, wrapped) -> the base key, or None without a key for that stream; raises WireError when the
    key is for that stream and does not open it.
    previous: (number, header digest) of the device's recording before this one.
    digests: of the items when the recording came in: what changed since is then found without a key.
    erasures: the Erasures that are kept beside the recording, whose signature was checked (docs/formats/erasure.md); None where
    the caller compares them with what is gone.

    Afterwards: `header` and `seal` (lists of fields, or None), `events`, `unknown_events` (those of them that a later vocabulary
    added), `digests`, `audio_frames`, `gone`, `gone_items` (their indices), `findings`; and `torn`: findings of
    the last frames of a recording that a loss of power or a fault of the storage ended. They have their length and place, but
    not their content, which the file system had not written yet.
    """

    def __init__(self, primitives, signed=None, open_key=None, previous=None, digests=None, erasures=None):
        self._primitives = primitives
        self._signed = signed
        self._open_key = open_key
        self._previous = previous
        self._expected = digests
        self._erasures = erasures
        self._reader = Reader()
        self._chain = recording.Chain(primitives)
        self._keystream = Keystream(primitives, 256)
        self._counters = [0, 0]
        self._keyed = [False, False]
        self._openers = [None, None]
        self._version = 1
        self._vocabulary = 1
        self._order = events.Order(1)
        self._unreadable = False
        self._suspects = []
        self._first_audio = self._last_order_problem = None
        self.header = self.seal = self._seal_item = None
        self.events = []
        self.unknown_events = []
        self.digests = []
        self.audio_frames = 0
        self.gone_items = []
        self.findings = []
        self.torn = []

    @property
    def gone(self):
        return len(self.gone_items)

    def _add_finding(self, code, item, text, suspects=()):
        index, offset = (item.index, item.offset) if item else (None, None)
        self.findings.append(Finding(code, index, offset, text, suspects))

    def feed(self, data):
        """-> the Items that are whole now; `plaintext` and `event` are set where a key opened them."""
        if self._unreadable:
            return []
        items = []
        try:
            items = self._reader.feed(data)
            for item in items:
                self._on_item(item)
        except ReadError as error:
            self._on_unreadable(error)
        return items

    def _on_unreadable(self, error):
        self._unreadable = True
        code = "truncated" if error.text == "cut short" else "malformed"
        self.findings.append(Finding(code, error.index, error.offset, error.text))

    def _on_item(self, item):
        kind = item.kind
        if self._seal_item:
            self._add_finding("misplaced", item, kind + " after the seal")
            return
        if (item.index == 0) != (kind == "header"):
            self._add_finding("misplaced", item, "%s is item %d" % (kind, item.index))
        if kind == "seal":
            self.seal, self._seal_item = item.fields, item
            return
        if kind == "gone":
            digest = item.fields[1]
            self._chain.add_digest(digest)
            self.gone_items.append(item.index)
            if self._keyed[recording.AUDIO]:
                # Nothing but frames of the audio stream may be gone beside its keys.
                self._counters[recording.AUDIO] += 1
        else:
            digest = self._chain.add(item.raw)
        self.digests.append(digest)
        if self._expected is not None and (item.index >= len(self._expected) or self._expected[item.index] != digest):
            self._add_finding("changed", item, kind + " is not the one that came in")
        authentic = False
        if kind == "header":
            self._on_header(item, digest)
        elif kind == "keys":
            self._on_keys(item)
        elif kind == "frame":
            authentic = self._on_frame(item)
        if not authentic:
            self._suspects.append(item.index)

    def _on_header(self, item, digest):
        if self.header is not None:
            return
        self.header = item.fields
        self._version = item.fields[1]
        if self._version > 1:
            self._vocabulary = item.fields[11]
        self._order = events.Order(self._version)
        number, previous = item.fields[4:6]
        if number == 1 and previous != bytes(32):
            self._add_finding("continuity", item, "recording 1 names a previous one")
        if self._previous is not None:
            if number != self._previous[0] + 1:
                self._add_finding("continuity", item, "number %d follows %d" % (number, self._previous[0]))
            elif previous != self._previous[1]:
                self._add_finding("continuity", item, "names another previous recording")

    def _on_keys(self, item):
        stream = item.stream
        if self._keyed[stream]:
            self._add_finding("misplaced", item, "second keys of stream %d" % stream)
            return
        self._keyed[stream] = True
        if stream == recording.AUDIO:
            self._on_audio(item)
        if self.header is None:
            return
        if self._version > 1:
            named = [key_id for of, key_id in self.header[13] if of == stream]
            if [key_id for key_id, _ in item.fields[2]] != named:
                self._add_finding("recipients", item, "stream %d: not sealed to those whom the policy names" % stream)
        if self._open_key is None:
            return
        recording_id = self.header[2]
        try:
            base_key = self._open_key(stream, recording_id, item.fields[2])
        except WireError as error:
            self._add_finding("keys", item, "stream %d: %s" % (stream, error))
            return
        if base_key is not None:
            self._openers[stream] = Opener(self._primitives, base_key, stream, recording_id, self._keystream)

    def _on_audio(self, item):
        if self._first_audio is None:
            self._first_audio = item
        if self._openers[recording.INDEX]:
            wrong = self._order.audio()
            # Once: every frame that follows breaks the order as the first one does.
            if wrong and wrong != self._last_order_problem:
                self._add_finding("order", item, wrong)
            self._last_order_problem = wrong

    def _on_frame(self, item):
        """-> whether the frame is authentic, and in its place."""
        stream = item.stream
        expected = self._counters[stream]
        if not self._keyed[stream]:
            self._add_finding("misplaced", item, "frame of stream %d before its keys" % stream)
        if item.ctr != expected:
            self._add_finding("counter", item, "frame %d of stream %d, where %d belongs" % (item.ctr, stream, expected))
        self._counters[stream] = item.ctr + 1
        if stream == recording.AUDIO:
            self.audio_frames += 1
            self._on_audio(item)
        opener = self._openers[stream]
        if opener is None:
            return False
        try:
            _, item.plaintext = opener.open(item.body)
        except WireError as error:
            self._add_finding("frame", item, "stream %d: %s" % (stream, error))
            return False
        try:
            if stream == recording.AUDIO:
                audio_frame_reader.parse(item.plaintext)
            else:
                item.event = events.parse(item.plaintext, self._vocabulary)
                self.events.append(item.event)
                if not events.known(item.event):
                    self.unknown_events.append(item.event)
                wrong = self._order.event(item.event)
                if wrong:
                    self._add_finding("order", item, wrong)
        except WireError as error:
            self._add_finding("content", item, str(error))
        return item.ctr == expected

    def finish(self):
        """-> the findings, an empty list for a recording that is whole."""
        if not self._unreadable:
            try:
                self._reader.finish()
            except ReadError as error:
                self._on_unreadable(error)
        if self._expected is not None and len(self._expected) > len(self.digests):
            self._add_finding("changed", None, "%d items of %d" % (len(self.digests), len(self._expected)))
        if self._seal_item:
            self._check_seal()
            if self.seal[4] in recording.CUT:
                self._find_torn()
        elif not self._unreadable:
            self._add_finding("truncated", None, "no seal after item %d" % (self._reader.index - 1))
        self._check_erased()
        if self._openers[recording.INDEX] and not self._unreadable:
            wrong = self._order.finish(self.seal is not None and self.seal[4] in recording.CUT)
            if wrong:
                self._add_finding("order", None, wrong)
        return self.findings

    def _check_erased(self):
        """What is gone was erased by the appliance, whose events tell how many items, or by the vault: its records tell which."""
        recorded = set()
        for erasure in self._erasures or ():
            if not (self.header and self.seal and erasure.belongs_to(self.header, self.digests[0], self.seal[2])):
                self._add_finding("erased", None, "a record of another recording")
            elif erasure.scope == RECORDING:
                self._add_finding("erased", None, "the whole recording was to be erased")
            else:
                count = len(self.digests)
                for first, last in erasure.runs:
                    recorded.update(range(min(first, count), min(last, count) + 1))
        left = sorted(recorded.difference(self.gone_items))
        if left:
            self.findings.append(
                Finding("erased", left[0], None, "%d items were to be erased and are there" % len(left))
            )
        others = [index for index in self.gone_items if index not in recorded]
        counted = self._version == 1 or self._erasures is not None
        if others and self._first_audio and counted:
            self._add_finding("erased", self._first_audio, "audio is left beside items that are gone")
        said = self._order.erased
        # After an objection the appliance may erase when it cannot write an event any more.
        exactly = counted and self._version > 1 and self._openers[recording.INDEX] and not self._unreadable
        if self._order.objected or not self.seal or self.seal[4] == ERASED:
            exactly = False
        if len(others) < said or (exactly and len(others) != said):
            self._add_finding("erased", None, "%d items gone, %d said to be" % (len(others), said))

    def _find_torn(self):
        """Frames that do not open, with nothing between them and the seal, are the end of what was being written."""
        unopened = {}
        for finding in self.findings:
            if finding.code == "frame":
                unopened[finding.item] = finding
        last = self._seal_item.index - 1
        while last in unopened:
            self.torn.insert(0, unopened[last])
            last -= 1
        if len(self.torn) > MAX_TORN:
            self.torn = []
        for finding in self.torn:
            self.findings.remove(finding)

    def _check_seal(self):
        _, items, head, closed_ms, reason, signature = self.seal
        chain = self._chain
        same = items == chain.items and head == chain.head
        if self.header is None:
            return
        whole = genuine = self._signed is None
        if self._signed:
            recording_id = self.header[2]
            genuine = self._is_signed(recording_id, items, head, closed_ms, reason, signature)
            whole = self._is_signed(recording_id, chain.items, chain.head, closed_ms, reason, signature)
        if whole and not same and self._signed:
            self._add_finding("seal", self._seal_item, "says another count or head than was signed")
            return
        if not genuine:
            self._add_finding("signature", self._seal_item, "is not the device's over this recording and seal")
        if items != chain.items:
            self._add_finding("count", self._seal_item, "%d items, %d were sealed" % (chain.items, items))
        if head != chain.head:
            self._find_broken_chain(head)

    def _is_signed(self, recording_id, items, head, closed_ms, reason, signature):
        digest = recording.seal_digest(self._primitives, recording_id, items, head, closed_ms, reason)
        return self._signed(digest, signature, self.header[10] if self._version > 1 else None)

    def _find_broken_chain(self, head):
        swapped = tamper_hints.swapped_neighbours(self._primitives, self.digests, head)
        if swapped is not None:
            self.findings.append(
                Finding("swapped", swapped, None, "items %d and %d changed places" % (swapped, swapped + 1))
            )
            return
        suspects = tuple(self._suspects)
        text = "the items are not those that were sealed"
        if len(suspects) < len(self.digests):
            text += "; not vouched for by their key: " + (", ".join([str(i) for i in suspects]) or "none")
        self._add_finding("chain", self._seal_item, text, suspects)
