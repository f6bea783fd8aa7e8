"""What the C library and OpenSSL do better than MicroPython. Where one is missing, the appliance does as on a chip."""

FILE_SYSTEMS_IN_MEMORY = ("tmpfs", "ramfs")


def load():
    """-> `openssl` and `recv` of the HAL's contract, None where they cannot be had."""
    openssl = recv = None
    try:
        from recorder import hal_unix_openssl as openssl
    except (ImportError, OSError):
        pass
    try:
        import ffi

        recv = ffi.open(None).func("i", "recv", "iPii")
    except (ImportError, OSError):
        pass
    return openssl, recv


def in_memory(folder, mounts="/proc/mounts"):
    """Whether the folder is on a file system in memory: a flush does nothing there, and a thread for it costs more."""
    found = length = 0
    try:
        with open(mounts) as lines:
            for line in lines:
                _, point, kind = line.split(" ")[:3]
                point = point.rstrip("/") + "/"
                if (folder + "/").startswith(point) and len(point) >= length:
                    found, length = kind, len(point)
    except OSError:
        pass
    return found in FILE_SYSTEMS_IN_MEMORY
