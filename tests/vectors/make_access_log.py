"""The vectors of the access log: logs, and which of their lines do not hold."""

import json

from testigo_vault.audit.log_file import GENESIS, Entry, line_of

LINES = (
    ("maite", "", "sign-in", "granted", "from 192.0.2.7"),
    ("maite", "0197a000000070008000000000000001", "view", "granted", ""),
    ("maite", "0197a000000070008000000000000001", "play", "denied", "not opened, or its time is over"),
    ("os:root", "", "user-add", "failed", "Grüße as agent: There is a user Grüße already."),
    ("", "", "sign-in", "denied", "17 more attempts from 2001:db8::1, the last one at 2026-11-23T09:30:00Z"),
)


def access_logs() -> dict:
    good = _written()
    damaged = {
        "as written": (good, []),
        "empty": ([], []),
        "a member changed": ([good[0], good[1].replace("view", "play"), *good[2:]], [2]),
        "a line removed": ([good[0], *good[2:]], [2, 3, 4]),
        "a line doubled": ([*good[:2], *good[1:]], [3, 4, 5, 6]),
        "two lines exchanged": ([good[0], good[2], good[1], *good[3:]], [2, 3, 4]),
        "a line cut short": ([*good[:3], good[3][:70] + "\n", good[4]], [4]),
        "other members": ([*good[:4], good[4].replace('"detail"', '"details"')], [5]),
    }
    cases = {name: {"lines": lines, "breaks": breaks} for name, (lines, breaks) in damaged.items()}
    return {
        "source": "tests/vectors/make_access_log.py: lines by testigo_vault/audit/log_file.py, damaged by hand",
        "cases": cases,
    }


def _written() -> list[str]:
    lines = []
    previous = GENESIS
    for number, (user, recording, kind, outcome, detail) in enumerate(LINES, 1):
        entry = Entry(number, f"2026-11-23T09:30:0{number}.125Z", user, recording, kind, outcome, detail)
        previous, line = line_of(entry, previous)
        lines.append(line.decode())
    return lines


if __name__ == "__main__":
    print(json.dumps(access_logs(), indent=1, ensure_ascii=False))
