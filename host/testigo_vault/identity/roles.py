"""What each role may do: one table. A user may have several roles; what none of them allows is refused.

Least privilege (RD 1720/2007 articles 89 to 91): administrators and auditors do not listen, and users who listen
cannot change accounts.
"""

LIST = "list"  # see that calls were made, and the details of each
LISTEN = "listen"  # open audio, in the browser or as an export
VERIFY = "verify"  # have the copies of a recording checked
READ_LOG = "read-log"  # read the access log and the alarms
MANAGE_USERS = "manage-users"

ROLES = {
    "agent": {LIST},
    "supervisor": {LIST, LISTEN, VERIFY},
    "security-officer": {LIST, VERIFY, READ_LOG},
    "auditor": {LIST, VERIFY, READ_LOG},
    "administrator": {LIST, VERIFY, MANAGE_USERS},
}


def rights_of(roles: str) -> set[str]:
    """The rights of a comma-separated list of roles; unknown roles give none."""
    rights: set[str] = set()
    for role in roles.split(","):
        rights |= ROLES.get(role.strip(), set())
    return rights
