"""Counts the calls that left no recording of their own, by reason (docs/formats/device-files.md).

They are told three times: in the next recording, as events `no_recording`; to the vault at each session; and in `diag`. What
a recording says is evidence, so the counts stay here until that recording is sealed. What is done with them is in
unrecorded_counts.py, loaded for it.
"""

from recorder import files
from recorder.loading import unload


class UnrecordedCalls:
    """`entries`: [[why, calls, since_ms, until_ms, number], ...] that no sealed recording has told yet; Unix times of the
    first and the last; number: of the recording being made that tells them, or 0.

    `link_version`: of the link that the vault spoke last, 0 before the first session. A vault of version 1 would take a
    recording with the event `no_recording` for a damaged one, so there the counts wait here.
    """

    def __init__(self, hal, log):
        self.hal = hal
        self.log = log
        self.path = hal.root + "/unrecorded.cbor"
        self.entries = []
        self.link_version = 0
        self.written_ms = None  # hal.ms() of the last write
        self.changed = False

    def load(self):
        if files.size(self.path) >= 0:
            _counts().load(self)

    def add(self, why):
        """One more call without a recording. Never raises an error; why: a word or two, as in docs/formats/events.md."""
        try:
            _counts().add(self, why)
        except MemoryError:
            self.log("no memory to count a call without a recording")

    def spoke(self, link_version):
        """A vault has answered in this version of the link."""
        if link_version != self.link_version:
            self.link_version = link_version
            _counts().write(self)

    def keep(self):
        """Write what could not be written yet; to be called now and then."""
        if self.changed:
            _counts().write(self)

    def tell(self, recording):
        """Write the counts into a recording that has its first two events."""
        if self.entries and self.link_version > 1:
            _counts().tell(self, recording)

    def sealed(self, number, whole=True):
        """The recording of that number is sealed -> the counts that it tells begin anew. whole: it has all its events."""
        if self.entries:
            _counts().sealed(self, number, whole)


def _counts():
    from recorder.storage import unrecorded_counts

    unload("recorder.storage.unrecorded_counts")
    return unrecorded_counts
