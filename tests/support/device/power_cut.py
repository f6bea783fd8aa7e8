"""Cuts the power at a chosen step while the appliance writes documents."""

import os

from recorder import files
from recorder.documents import objection_list


class PowerCut(Exception):
    """Only what was done before it is on flash."""


class Power:
    """Takes the place of `os` and `open` in the modules of the documents: works for `left` steps, then raises PowerCut."""

    def __init__(self, left):
        self.left = left

    def step(self):
        if not self.left:
            raise PowerCut
        self.left -= 1

    def rename(self, old, new):
        self.step()
        os.rename(old, new)

    def remove(self, path):
        self.step()
        os.remove(path)

    def stat(self, path):
        return os.stat(path)

    def ilistdir(self, path):
        return os.ilistdir(path)

    def open(self, path, mode):
        if mode == "rb":
            return open(path, mode)
        self.step()
        return File(open(path, mode), self)

    def __enter__(self):
        from recorder.documents import blobs  # taken out of memory now and then

        self.modules = (files, blobs, objection_list)
        for module in self.modules:
            module.os = self
            module.open = self.open
        return self

    def __exit__(self, *raised):
        for module in self.modules:
            module.os = os
            module.open = open


class File:
    """A power cut leaves half of what is being written."""

    def __init__(self, file, power):
        self._file = file
        self._power = power

    def write(self, data):
        try:
            self._power.step()
        except PowerCut:
            self._file.write(data[: len(data) // 2])
            raise
        return self._file.write(data)

    def flush(self):
        self._file.flush()

    def __enter__(self):
        return self

    def __exit__(self, *raised):
        self._file.close()
