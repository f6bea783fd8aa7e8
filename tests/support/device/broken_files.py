"""Files of a recording whose writing fails, and file operations that do."""

import os

from recorder import files


class BrokenFile:
    """Takes the place of the file of a Recording. fails: "write", "short", "flush" or "close"; error: the errno.

    A write that fails has taken half of the item.
    """

    def __init__(self, made, fails, error=28):
        self._file = made._file
        self._fails = fails
        self._error = error
        made._file = self

    def _check(self, what):
        if what == self._fails:
            raise OSError(self._error)

    def write(self, item):
        if self._fails in ("write", "short"):
            half = self._file.write(memoryview(item)[: len(item) // 2])
            self._check("write")
            return half
        return self._file.write(item)

    def flush(self):
        self._check("flush")
        self._file.flush()

    def close(self):
        self._file.close()
        self._check("close")


class Broken:
    """`with Broken(module, rename=error)`: os.rename, os.remove, files.replace or open for writing fail in that module."""

    def __init__(self, module, suffix="", **fails):
        self._module = module
        self._suffix = suffix
        self._fails = fails
        self.failed = 0

    def _run(self, name, original, *arguments):
        if name in self._fails and arguments[-1 if name == "rename" else 0].endswith(self._suffix):
            self.failed += 1
            raise OSError(self._fails[name])
        return original(*arguments)

    def rename(self, old, new):
        return self._run("rename", os.rename, old, new)

    def remove(self, path):
        return self._run("remove", os.remove, path)

    def __getattr__(self, name):
        return getattr(os, name)

    def _open(self, path, mode="r"):
        if mode[0] == "r" and "+" not in mode:
            return open(path, mode)
        return self._run("open", open, path, mode)

    def __enter__(self):
        self._module.os = self
        if "open" in self._fails:
            self._module.open = self._open
        if "replace" in self._fails:
            self._replace, files.replace = files.replace, lambda path, data: self._run("replace", None, path)
        return self

    def __exit__(self, *raised):
        self._module.os = os
        if "open" in self._fails:
            self._module.open = open
        if "replace" in self._fails:
            files.replace = self._replace
