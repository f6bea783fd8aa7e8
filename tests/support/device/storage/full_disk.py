"""The firmware on a disk that is full from the start on, in the place of firmware/main.py.

micropython full_disk.py ROOT
"""

import sys

import board

from recorder.main import start
from support.device.storage import disks

disk = disks.FailingDisk("/disk", sys.argv[1])
disk.error = disks.ENOSPC
start(board, {"root": disk.point})
