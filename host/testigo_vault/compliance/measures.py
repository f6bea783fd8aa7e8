"""What the measures of RD 1720/2007 name: limits, roles and settings as this program has them.

The sentences are in `templates/<language>/_measures_{basic,medium,high}.md.j2`. They describe what this program does: a
change of the program that makes one of them wrong has to change it in every language.
"""

from dataclasses import dataclass

from testigo_vault.compliance.facts import ComplianceFacts
from testigo_vault.identity.roles import ROLES
from testigo_vault.identity.users import (
    FAILURES_ALLOWED,
    LOCK_MS,
    NAME_FAILURES_ALLOWED,
    PASSWORD_LIFE_MS,
    SHORTEST_PASSWORD,
)
from testigo_vault.vocabulary.translator import translator

_THIS_MACHINE = ("127.0.0.1", "::1", "localhost")


@dataclass
class MeasureFacts:
    roles: list[tuple[str, list[str]]]  # each with what it may do, in words
    officers: list[str]  # names of the security officers
    admitted: list[str]  # appliances that are not revoked
    alarms: int
    shortest_password: int  # characters
    password_days: int
    wrong_passwords: int  # in a row from one address, before a pause; of passphrases too
    wrong_passwords_of_a_name: int  # in a row, from everywhere
    lock_minutes: int
    web_on_this_machine_only: bool


def measure_facts(facts: ComplianceFacts, language: str) -> MeasureFacts:
    words = translator(language)
    return MeasureFacts(
        roles=[
            (words.term("roles", role), [words.term("rights", right) for right in sorted(rights)])
            for role, rights in ROLES.items()
        ],
        officers=[user.full_name for user in facts.with_role("security-officer")],
        admitted=[device.device_id for device in facts.devices if not device.revoked],
        alarms=sum(facts.alarms.values()),
        shortest_password=SHORTEST_PASSWORD,
        password_days=PASSWORD_LIFE_MS // 86_400_000,
        wrong_passwords=FAILURES_ALLOWED,
        wrong_passwords_of_a_name=NAME_FAILURES_ALLOWED,
        lock_minutes=LOCK_MS // 60_000,
        web_on_this_machine_only=facts.config.web.host in _THIS_MACHINE,
    )
