"""Wrong passwords, by source and by user, and how long no other one is checked after them (RFC 7616 sections 5.4, 5.5)."""

from testigo_wire.compat import const

FREE = const(3)  # wrong passwords of a source without a wait
FREE_OF_USER = const(10)  # of all sources together, for one user
FIRST_MS = const(1000)  # the first wait, which doubles with each wrong password
LONGEST_MS = const(900000)  # of a source
LONGEST_OF_USER_MS = const(10000)  # all other sources together may try a password so often
LONGEST_AT_HOME_MS = const(2000)  # of the source from which the user's right password came last
FORGET_MS = const(3600000)
MAX_SOURCES = const(16)

COUNT, UNTIL = range(2)


class Guesses:
    """Bounded: one entry for each user, and those of the MAX_SOURCES sources that have to wait longest.

    The telephone that was registered last is not locked out by others: `home` says that a source is that of the user's last
    right password, and the wait of a user is not for it.
    """

    __slots__ = ("_sources", "_users")

    def __init__(self):
        self._sources = {}  # host: [wrong passwords, no check until]
        self._users = {}

    def wait_ms(self, user, host, home, now):
        """How long no password of that user is checked that comes from that host; 0: it is checked now."""
        wait = _left(self._sources.get(host), now)
        return wait if home else max(wait, _left(self._users.get(user), now))

    def wrong(self, user, host, home, now):
        """A wrong password; user: "" for one who does not exist."""
        sources = self._sources
        if host not in sources and len(sources) >= MAX_SOURCES:
            del sources[min(sources, key=lambda one: sources[one][UNTIL])]
        _count(sources, host, now, FREE, LONGEST_AT_HOME_MS if home else LONGEST_MS)
        if user and not home:
            _count(self._users, user, now, FREE_OF_USER, LONGEST_OF_USER_MS)

    def right(self, host):
        """A right password."""
        self._sources.pop(host, None)


def _left(entry, now):
    return max(0, entry[UNTIL] - now) if entry else 0


def _count(entries, key, now, free, longest):
    entry = entries.get(key)
    if entry is None or now - entry[UNTIL] > FORGET_MS:
        entry = [0, now]
        entries[key] = entry
    entry[COUNT] = min(entry[COUNT] + 1, free + 20)
    over = entry[COUNT] - free
    entry[UNTIL] = now + (min(FIRST_MS << over, longest) if over >= 0 else 0)
