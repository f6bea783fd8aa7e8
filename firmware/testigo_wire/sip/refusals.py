"""What a SIP agent counts of messages that it refuses or drops: a list with one number for each kind."""

from testigo_wire.compat import const

UNKNOWN = const(0)  # an INVITE of an unknown source
MALFORMED = const(1)  # not a message of SIP
RATE = const(2)  # more than the source, or all unknown sources together, may send
PASSWORD = const(3)  # a wrong password
LOCKED = const(4)  # not checked: too many wrong passwords came before
BUSY = const(5)  # a call, or a request in a call, beyond the limits of the tables
MEMORY = const(6)  # no memory for it; the peer repeats it
UNSENT = const(7)  # one of ours that the network stack did not take; it is repeated where that matters
KINDS = const(8)
# As `diag` and the log name them, in that order. One text, which takes less heap than eight.
NAMES = "unknown source,malformed,rate,wrong password,locked,busy,memory,not sent"
