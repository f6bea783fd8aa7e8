"""What the Unix port needs for a start, and no longer: the stage in a file, and systemd's socket. Unloaded afterwards.

The file is written in place: that needs no free space, and no flush, since it is read after a crash of the process only.
"""

import os
import socket
import struct

STAGE_FILE = "/start.bin"


def kept_stage(root):
    try:
        with open(root + STAGE_FILE, "rb") as file:
            data = file.read(3)
    except OSError:
        data = b""
    return (data[0], data[1]) if len(data) == 2 else (0, 0)


def keep_stage(root, stage, tries):
    for mode in ("r+b", "wb"):
        try:
            with open(root + STAGE_FILE, mode) as file:
                file.write(bytes((stage, tries)))
            return
        except OSError:
            pass  # where both fail, a crash at the same stage is not noticed


def notify_socket(notice):
    """A datagram socket to systemd, which has been told that the start is complete; None without one (sd_notify(3))."""
    path = os.getenv("NOTIFY_SOCKET")
    if not path:
        return None
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        # struct sockaddr_un; "@" is systemd's sign for a name that is not in the file system
        sock.connect(struct.pack("H", socket.AF_UNIX) + path.replace("@", "\0", 1).encode())
        sock.setblocking(False)
        sock.write(b"READY=1")
    except OSError as exc:
        notice("NOTIFY_SOCKET: " + str(exc))
        sock.close()
        return None
    return sock
