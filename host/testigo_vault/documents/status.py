"""Whether appliances may record today: the signed policy's time, for the System page and for the alarm before it ends."""

from dataclasses import dataclass
from datetime import UTC, datetime

from testigo_vault.documents.archive import DocumentFolder
from testigo_vault.errors import NotFound, VaultError
from testigo_wire.policy.fields import DIRECTION, MODE, NAME

DAY_MS = 86_400_000
SOON_DAYS = 30
NONE, WAITING, VALID, ENDING, ENDED, UNREADABLE = "none", "waiting", "valid", "ending", "ended", "unreadable"


@dataclass
class PolicyState:
    """kind: one of the words above. lines: (name, direction, mode). alarming: the operator has to act."""

    kind: str
    text: str
    version: int = 0
    lines: tuple[tuple[str, str, str], ...] = ()
    notices: int = 0
    objections: int = 0

    @property
    def alarming(self) -> bool:
        return self.kind in (ENDING, ENDED, UNREADABLE)

    @property
    def show(self) -> str:
        """The colour of its badge: good, bad, or calm."""
        return "good" if self.kind == VALID else "bad" if self.alarming else "calm"


def policy_state(documents: DocumentFolder, now_ms: int) -> PolicyState:
    """The state of the policy that appliances get at their next sync."""
    try:
        policy = documents.read(documents.policy_path())
    except NotFound:
        return PolicyState(NONE, "No policy is signed: appliances connect calls and record nothing.")
    except VaultError as error:
        return PolicyState(UNREADABLE, error.message)
    valid_from, valid_until = policy.body[:2]
    kind, text = _time(valid_from, valid_until, now_ms)
    try:
        objections = documents.read(documents.objections_path()).body[1]
    except NotFound:
        objections = 0
    lines = tuple((line[NAME], line[DIRECTION], line[MODE]) for line in policy.body[9])
    return PolicyState(kind, text, policy.version, lines, len(documents.notice_names()), objections)


def _time(valid_from: int, valid_until: int, now_ms: int) -> tuple[str, str]:
    if now_ms < valid_from:
        return WAITING, f"Begins on {_day(valid_from)}: until then appliances record nothing."
    if not valid_until:
        return VALID, "In force, without an end."
    left = (valid_until - now_ms) // DAY_MS
    if now_ms >= valid_until:
        return ENDED, f"Ended on {_day(valid_until - 1)}: appliances record nothing until another one is signed."
    if left < SOON_DAYS:
        return ENDING, f"Ends on {_day(valid_until - 1)}, in {left} days: from then on appliances record nothing."
    return VALID, f"In force until {_day(valid_until - 1)}, for {left} days."


def _day(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d")
