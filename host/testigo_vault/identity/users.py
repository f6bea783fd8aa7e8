"""User accounts: passwords kept as scrypt digests, limited attempts, sessions that end.

RD 1720/2007 articles 93 and 98: passwords unintelligible at rest and changed at least yearly, repeated attempts limited.
"""

import base64
import functools
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from testigo_vault.errors import NotFound, Refused, VaultError
from testigo_vault.identity.roles import ROLES, rights_of
from testigo_vault.identity.sign_in_limits import Attempts
from testigo_vault.storage.database import Database
from testigo_vault.storage.models import KnownBrowser, User, WebSession

SHORTEST_PASSWORD = 10
FAILURES_ALLOWED = 5  # wrong passwords in a row from one place before a pause; wrong audio passphrases too
NAME_FAILURES_ALLOWED = 50  # wrong passwords in a row for a name, from all places but the browsers of its owner
LOCK_MS = 15 * 60_000
PASSWORD_LIFE_MS = 365 * 86_400_000
BROWSER_LIFE_MS = 365 * 86_400_000

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}\Z")
_N, _R, _P = 1 << 15, 8, 1


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
        self._places = Attempts(FAILURES_ALLOWED, LOCK_MS)  # by name, address, and when the password was set
        self._unknown = Attempts(NAME_FAILURES_ALLOWED, LOCK_MS)  # by a name without an account

    def check_new(self, name: str, roles: list[str], password: str) -> None:
        """Raises VaultError where `add` would."""
        if not _NAME.match(name):
            raise VaultError(f"{name!r} cannot be a user name.", "Use letters, digits and . _ @ -, at most 64.")
        _check_roles(roles)
        _check_password(password, name)
        with self._database.read() as session:
            _check_free(session, name)

    def check_change(self, name: str, roles: list[str] | None = None, password: str | None = None) -> None:
        """Raises VaultError where there is no such user, or roles or password cannot be set."""
        if roles is not None:
            _check_roles(roles)
        if password is not None:
            _check_password(password, name)
        with self._database.read() as session:
            self._get(session, name)

    def add(self, name: str, roles: list[str], password: str, now_ms: int, full_name: str = "") -> None:
        self.check_new(name, roles, password)
        with self._database.session() as session:
            _check_free(session, name)
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
            session.execute(delete(KnownBrowser).where(KnownBrowser.user == name))

    def set_roles(self, name: str, roles: list[str]) -> None:
        _check_roles(roles)
        with self._database.session() as session:
            self._get(session, name).roles = ",".join(roles)

    def disable(self, name: str, now_ms: int) -> None:
        """Accounts are never deleted, since the access log names them."""
        with self._database.session() as session:
            self._get(session, name).disabled_ms = now_ms
            session.execute(delete(WebSession).where(WebSession.user == name))
            session.execute(delete(KnownBrowser).where(KnownBrowser.user == name))

    def all(self) -> list[User]:
        with self._database.read() as session:
            return list(session.scalars(select(User).order_by(User.name)))

    def sign_in(
        self, name: str, password: str, now_ms: int, session_minutes: int, address: str = "", browser: str = ""
    ) -> str:
        """A new session's token. Raises Refused, with the same message and after the same work for an unknown name.

        address: what counts as the place of the attempt. browser: the token that `remember_browser` gave it, or "". An attempt
        is counted before the password is checked, so that each of several attempts at the same time counts.
        """
        known = self.knows_browser(browser, name, now_ms)
        place, stored, locked = self._attempt(name, address, browser if known else "", now_ms)
        if locked:
            raise Refused(
                "Too many wrong passwords for this name.",
                f"Wait {LOCK_MS // 60_000} minutes, or ask the administrator for a new password.",
            )
        if not check_password(password, stored or _unmatched_hash()) or not stored:
            raise Refused("Name or password is wrong.", "Try again, or ask the administrator.")
        self._places.forget(place)
        with self._database.session() as session:
            if known:
                session.execute(update(KnownBrowser).where(KnownBrowser.digest == _digest(browser)).values(failures=0))
            else:
                session.execute(update(User).where(User.name == name).values(failures=0, locked_until_ms=0))
            session.execute(delete(WebSession).where(WebSession.ends_ms < now_ms))
            session.execute(delete(KnownBrowser).where(KnownBrowser.ends_ms < now_ms))
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
        return token

    def remember_browser(self, name: str, now_ms: int) -> str:
        """A token for the browser in which a user has just signed in. Wrong passwords elsewhere do not lock it out."""
        token = secrets.token_urlsafe(32)
        with self._database.session() as session:
            session.add(KnownBrowser(digest=_digest(token), user=name, ends_ms=now_ms + BROWSER_LIFE_MS))
        return token

    def knows_browser(self, browser: str, name: str, now_ms: int) -> bool:
        """Whether this user has signed in there, and not too many wrong passwords came from there since."""
        if not browser:
            return False
        with self._database.read() as session:
            found = session.get(KnownBrowser, _digest(browser))
            return (
                found is not None
                and found.user == name
                and found.ends_ms >= now_ms
                and found.failures < FAILURES_ALLOWED
            )

    def _attempt(self, name: str, address: str, browser: str, now_ms: int) -> tuple[tuple, str, bool]:
        """Count an attempt. -> (its place, the stored password or "" where there is no active account, whether it is locked)"""
        with self._database.session() as session:
            user = session.get(User, name)
            place = (name, address, user.changed_ms if user else 0)
            if user is not None and not user.disabled_ms and browser and _counted(session, browser):
                return place, user.password, False
            if self._places.count(place, now_ms):
                return place, "", True
            if user is None or user.disabled_ms:
                return place, "", bool(self._unknown.count(name, now_ms))
            if user.locked_until_ms > now_ms:
                return place, "", True
            session.execute(update(User).where(User.name == name).values(failures=User.failures + 1))
            session.refresh(user)
            if user.failures >= NAME_FAILURES_ALLOWED:
                # The last attempt that is checked; a right password resets the count.
                user.failures, user.locked_until_ms = 0, now_ms + LOCK_MS
            return place, user.password, False

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


def _counted(session: Session, browser: str) -> bool:
    """Count an attempt of a known browser, which has a count of its own; False after too many: then it is as any other."""
    mine = KnownBrowser.digest == _digest(browser)
    counted = update(KnownBrowser).where(mine, KnownBrowser.failures < FAILURES_ALLOWED)
    result = session.execute(counted.values(failures=KnownBrowser.failures + 1).returning(KnownBrowser.digest))
    return result.first() is not None


def _check_free(session: Session, name: str) -> None:
    if session.get(User, name):
        raise VaultError(f"There is a user {name} already.", "Use another name, or `testigo user password`.")


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
