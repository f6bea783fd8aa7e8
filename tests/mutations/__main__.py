"""`make mutations`: changes the code at one place after another, in copies of the tree, and runs the tests that must fail then.

    make mutations MODULE=policy/consent SEED=1 COUNT=20    twenty mutants of the modules with that in their path
    make mutations ARGS="--only 'a == b'"                   the mutants of lines with this text
    make mutations ARGS=--write                             what was found goes into docs/reliability.md

A run goes on where the last one with the same source ended; survivors are tried again.
"""

import argparse
import datetime
import json
import queue
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mutations import outcome, section, table
from mutations.copies import Copy, NotGreen, is_timeout
from mutations.mutants import CannotParse, Mutant
from mutations.session import Session
from support.guide.reliability_page import PAGE, with_mutations

AT_A_TIME = 2
SLACK, LEAST_S = 5, 20  # a mutant may take this many times as long as the tests without a mutation, and so much more


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="make mutations", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--module", default="", help="modules with this in their path")
    parser.add_argument("--seed", type=int, default=1, help="of the order in which mutants are tried")
    parser.add_argument("--count", type=int, help="mutants of each module; all by default")
    parser.add_argument("--only", default="", help="mutants with this text in their names")
    parser.add_argument("--seconds", type=float, help="begin no mutant after this time; the next run goes on")
    parser.add_argument("--jobs", type=int, default=AT_A_TIME, help="copies of the tree that are used at a time")
    parser.add_argument("--list", action="store_true", help="name the mutants, try none")
    parser.add_argument("--write", action="store_true", help=f"try none; write what was found into {PAGE.name}")
    chosen = parser.parse_args()
    read = table.read()
    modules = [module for module in read.modules if chosen.module in module.source]
    if not modules:
        parser.error(f"no module of {table.TABLE.name} has {chosen.module!r} in its path")
    try:
        sessions = [Session(module, read, chosen.seed) for module in modules]
    except CannotParse as error:
        print(error, file=sys.stderr)
        return 1
    try:
        if chosen.list:
            for session in sessions:
                for mutant in session.sample(chosen.count, chosen.only):
                    print(mutant.name)
            return 0
        if chosen.write:
            return write(sessions)
        return run(sessions, chosen)
    finally:
        for session in sessions:
            session.close()


def write(sessions: list[Session]) -> int:
    found = [session.outcome(list(session.tried())) for session in sessions]
    results = outcome.merged(outcome.load(), found, datetime.date.today())
    outcome.RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(with_mutations(PAGE.read_text(), section.as_markdown(results, outcome.equivalents())))
    print(f"written: {outcome.RESULTS} and {PAGE}")
    return 0


def run(sessions: list[Session], chosen: argparse.Namespace) -> int:
    """-> 0 if no mutant survived but equivalent ones, 1 if one did or if the tests fail by themselves."""
    until = time.monotonic() + chosen.seconds if chosen.seconds else None
    known = outcome.equivalents()
    survived = 0
    with tempfile.TemporaryDirectory(prefix="testigo-mutations-") as folder:
        copies = [Copy(Path(folder) / str(number)) for number in range(chosen.jobs)]
        for session in sessions:
            sample = session.sample(chosen.count, chosen.only)
            pending = session.untried(sample)
            if pending and (until is None or time.monotonic() < until):
                try:
                    limit_s = LEAST_S + SLACK * copies[0].measure(session.module)
                except NotGreen as error:
                    print(error, file=sys.stderr)
                    return 1
                print(f"{session.module.source}: {len(pending)} mutants, at most {limit_s:.0f} s each", flush=True)
                for mutant, error in tried(session, iter(pending), copies, limit_s, until):
                    print(f"  {error}: {mutant.name}", flush=True)
            found = session.outcome(sample)
            alive, same = outcome.split(found.survivors, known)
            survived += len(alive)
            print(
                f"{found.module}: {found.tried} of {found.candidates} mutants tried, {found.killed} killed "
                f"({found.by_time} by time), {len(same)} equivalent, {len(alive)} survived",
                flush=True,
            )
    return bool(survived)


def tried(
    session: Session, pending: Iterator[Mutant], copies: list[Copy], limit_s: float, until: float | None
) -> Iterator[tuple[Mutant, str]]:
    """Tries the mutants, as many at a time as there are copies, and keeps the results -> those that were not killed."""
    results: queue.Queue = queue.Queue()
    take = threading.Lock()

    def work(copy: Copy) -> None:
        try:
            while until is None or time.monotonic() < until:
                with take:
                    mutant = next(pending, None)
                if mutant is None:
                    break
                results.put((mutant, copy.try_mutant(mutant.module, mutant.item, limit_s)))
        finally:
            results.put(None)

    for copy in copies:
        threading.Thread(target=work, args=(copy,), daemon=True).start()
    ended = 0
    while ended < len(copies):
        result = results.get()
        if result is None:
            ended += 1
            continue
        mutant, verdict = result
        if verdict.test_outcome is None or verdict.worker_outcome != "normal":
            yield mutant, f"not tried ({(verdict.output or '').strip().splitlines()[-1:]})"
            continue
        session.keep(mutant.item, verdict)
        if verdict.test_outcome == "survived":
            yield mutant, "survived"
        elif is_timeout(verdict):
            yield mutant, "killed by time"


if __name__ == "__main__":
    sys.exit(main())
