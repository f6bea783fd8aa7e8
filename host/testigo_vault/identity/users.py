"""User accounts: passwords kept as scrypt digests, limited attempts, sessions that end.

RD 1720/2007 articles 93 and 98: passwords unintelligible at rest and changed at least yearly, repeated attempts limited.
"""

import base64
import functools
import hashlib
import hmac
import re
import secrets
import threading
from dataclasses import dataclass

from sqlalchemy import delete, select, update

from testigo_vault.errors import NotFound, Refused, VaultError
from testigo_vault.identity.roles import ROLES, rights_of
from testigo_vault.storage.database import Database
from testigo_vault.storage.models import User, WebSession

SHORTEST_PASSWORD = 10
FAILURES_ALLOWED = 5  # wrong passwords in a row before a pause; wrong audio passphrases too
LOCK_MS = 15 * 60_000
PASSWORD_LIFE_MS = 365 * 86_400_000

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}\Z")
_N, _R, _P = 1 << 15, 8, 1

# Sign-ins at the same time: scrypt takes 32 MiB for each.
_WORK = threading.BoundedSemaphore(4)
_MAX_UNKNOWN = 4096  # unknown names that are remembered


@dataclass
class Identity:
    """The signed-in user, with rights. `csrf` ties forms to the session."""

    name: str
    full_name: str
    roles: list[str]
    rights: set[str]
    session: str
    csrf: str
    password_expired: bool = False


class Users:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._unknown: dict[str, tuple[int, int]] = {}
        self._lock = threading.Lock()

    def add(self, name: str, roles: list[str], password: str, now_ms: int, full_name: str = "") -> None:
        if not _NAME.match(name):
            raise VaultError(f"{name!r} cannot be a user name.", "Use letters, digits and . _ @ -, at most 64.")
        _check_roles(roles)
        _check_password(password, name)
        with self._database.session() as session:
            if session.get(User, name):
                raise VaultError(f"There is a user {name} already.", "Use another name, or `testigo user password`.")
            session.add(
                User(
                    name=name,
                    full_name=full_name or name,
                    roles=",".join(roles),
                    password=hash_password(password),
                    changed_ms=now_ms,
                )
            )

    def set_password(self, name: str, password: str, now_ms: int) -> None:
        _check_password(password, name)
        with self._database.session() as session:
            user = self._get(session, name)
            user.password = hash_password(password)
            user.changed_ms, user.failures, user.locked_until_ms = now_ms, 0, 0
            session.execute(delete(WebSession).where(WebSession.user == name))

    def set_roles(self, name: str, roles: list[str]) -> None:
        _check_roles(roles)
        with self._database.session() as session:
            self._get(session, name).roles = ",".join(roles)

    def disable(self, name: str, now_ms: int) -> None:
        """Accounts are never deleted, since the access log names them."""
        with self._database.session() as session:
            self._get(session, name).disabled_ms = now_ms
            session.execute(delete(WebSession).where(WebSession.user == name))

    def all(self) -> list[User]:
        with self._database.read() as session:
            return list(session.scalars(select(User).order_by(User.name)))

    def sign_in(self, name: str, password: str, now_ms: int, session_minutes: int) -> str:
        """A new session's token. Raises Refused, with the same message and after the same work for an unknown name.

        An attempt is counted before the password is checked, so that each of several attempts at the same time counts.
        """
        stored, locked = self._attempt(name, now_ms)
        with _WORK:
            right = check_password(password, stored or _unmatched_hash()) and bool(stored) and not locked
        with self._database.session() as session:
            if right:
                session.execute(update(User).where(User.name == name).values(failures=0, locked_until_ms=0))
                session.execute(delete(WebSession).where(WebSession.ends_ms < now_ms))
                token = secrets.token_urlsafe(32)
                session.add(
                    WebSession(
                        digest=_digest(token),
                        user=name,
                        csrf=secrets.token_urlsafe(32),
                        made_ms=now_ms,
                        ends_ms=now_ms + session_minutes * 60_000,
                    )
                )
        if locked:
            raise Refused(
                "Too many wrong passwords for this name.",
                f"Wait {LOCK_MS // 60_000} minutes, or ask the administrator for a new password.",
            )
        if not right:
            raise Refused("Name or password is wrong.", "Try again, or ask the administrator.")
        return token

    def _attempt(self, name: str, now_ms: int) -> tuple[str, bool]:
        """Count an attempt. -> (the stored password, "" where there is no active account; whether the name is locked)"""
        with self._database.session() as session:
            session.execute(
                update(User).where(User.name == name, User.locked_until_ms <= now_ms).values(failures=User.failures + 1)
            )
            user = session.get(User, name)
            if user is not None and not user.disabled_ms:
                if user.locked_until_ms > now_ms:
                    return user.password, True
                if user.failures >= FAILURES_ALLOWED:
                    # The last attempt that is checked; a right password resets the count.
                    user.failures, user.locked_until_ms = 0, now_ms + LOCK_MS
                return user.password, False
        return "", self._count_unknown(name, now_ms)

    def _count_unknown(self, name: str, now_ms: int) -> bool:
        """Count an attempt for a name without an account: it locks as others do. Kept in memory, the latest names only."""
        with self._lock:
            count, until = self._unknown.pop(name, (0, 0))
            locked = until > now_ms
            if not locked:
                count += 1
                if count >= FAILURES_ALLOWED:
                    count, until = 0, now_ms + LOCK_MS
            self._unknown[name] = count, until
            while len(self._unknown) > _MAX_UNKNOWN:
                del self._unknown[next(iter(self._unknown))]
        return locked

    def identify(self, token: str, now_ms: int) -> Identity | None:
        """The user of a session's token, while the session lasts."""
        if not token:
            return None
        with self._database.read() as session:
            found = session.get(WebSession, _digest(token))
            if found is None or found.ends_ms < now_ms:
                return None
            user = session.get(User, found.user)
            if user is None or user.disabled_ms:
                return None
            roles = user.roles.split(",")
            expired = now_ms - user.changed_ms > PASSWORD_LIFE_MS
            return Identity(user.name, user.full_name, roles, rights_of(user.roles), found.digest, found.csrf, expired)

    def sign_out(self, token: str) -> None:
        with self._database.session() as session:
            session.execute(delete(WebSession).where(WebSession.digest == _digest(token)))

    @staticmethod
    def _get(session, name: str) -> User:
        user = session.get(User, name)
        if user is None:
            raise NotFound(f"There is no user {name}.", "See `testigo user list`.")
        return user


def hash_password(password: str) -> str:
    salt = secrets.token_bytes(16)
    return f"scrypt${_N}${_R}${_P}${_text(salt)}${_text(_scrypt(password, salt, _N, _R, _P))}"


def check_password(password: str, stored: str) -> bool:
    kind, n, r, p, salt, digest = stored.split("$")
    if kind != "scrypt":
        return False
    found = _scrypt(password, base64.b64decode(salt), int(n), int(r), int(p))
    return hmac.compare_digest(found, base64.b64decode(digest))


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, maxmem=1 << 27, dklen=32)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _check_roles(roles: list[str]) -> None:
    unknown = [role for role in roles if role not in ROLES]
    if unknown or not roles:
        raise VaultError(f"No role is called {unknown[0] if unknown else ''!r}.", "Roles: " + ", ".join(ROLES) + ".")


def _check_password(password: str, name: str) -> None:
    if len(password) < SHORTEST_PASSWORD or password.lower() == name.lower():
        raise VaultError("The password is too easy.", f"Use {SHORTEST_PASSWORD} characters or more, not the user name.")


@functools.cache
def _unmatched_hash() -> str:
    return hash_password(secrets.token_hex(8))
