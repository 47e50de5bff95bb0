#!/usr/bin/env python3
"""make duel: the chapters' code against the best there is.

Builds all contestants, runs them round by round, and writes
build/results/duel.json and a table. Book: chapter 6, "The duel".
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # the tree stays clean

import record  # noqa: E402
import report  # noqa: E402
import rounds  # noqa: E402
from contestants import (  # noqa: E402
    Contestant, chapters, contestants, program_path)
from workloads import WORKLOADS, rows_for  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build" / "explore"
RECORD = ROOT / "book" / "records" / "duel.json"
BUDGET, QUICK_BUDGET = 570, 110  # seconds for all rounds
LEAST_ROUNDS = 3  # of a record


class Problem(Exception):
    """What ends the command with one line."""

    def __init__(self, words: str, status: int = 2):
        super().__init__(words)
        self.status = status


# ---- What is asked for ------------------------------------------------


class _Words(argparse.ArgumentParser):
    def error(self, message):
        raise Problem(message)


def read_command_line(words: list[str]) -> argparse.Namespace:
    parser = _Words(prog="make duel", add_help=False)
    parser.add_argument("--lab", default="")
    parser.add_argument("--case", default="")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--record", action="store_true")
    asked = parser.parse_args(words)
    if asked.lab:
        asked.lab = chapter_named(asked.lab)
    names = [each.name for each in WORKLOADS]
    if asked.case and asked.case not in names:
        raise Problem(f"there is no CASE={asked.case}; the cases are: "
                      + ", ".join(names))
    if asked.record and (asked.lab or asked.case or asked.quick):
        raise Problem("RECORD=1 keeps a whole duel of the reference: "
                      "without LAB, CASE and QUICK")
    return asked


def chapter_named(lab: str) -> str:
    """The chapter that 6, 06 or 06_scheduler means."""
    known = chapters()
    for each in known:
        if lab == each or re.fullmatch(r"0?" + each[1], lab):
            return each
    raise Problem(f"LAB={lab} takes no part; these do: "
                  + ", ".join(known))


# ---- Building ---------------------------------------------------------


def run(command: list, **more) -> subprocess.CompletedProcess:
    return subprocess.run([str(each) for each in command], cwd=ROOT,
                          capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL, **more)


def declared() -> set[str]:
    """The programs that CMake declares, as far as their libraries are
    installed."""
    listing = BUILD / "duel" / "programs.txt"
    return (set(listing.read_text().split()) if listing.exists()
            else set())


def build_go() -> None:
    folder = BUILD / "duel"
    cache = folder / "go-cache"
    env = {**os.environ, "GOCACHE": str(cache), "GO111MODULE": "on",
           "GOFLAGS": "-buildvcs=false"}
    done = subprocess.run(
        ["go", "build", "-o", folder / "peers" / "go", "."],
        cwd=ROOT / "tests" / "duel" / "go", env=env,
        capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Problem("tests/duel/go does not build:\n" + done.stderr)


def missing_peers(everyone: list[Contestant]) -> list[Contestant]:
    """Those whose library or compiler is not installed."""
    have = declared()
    return [each for each in everyone if not (
        shutil.which("go") if each.program == "go"
        else each.target in have)]


def build_targets(targets: list[str]) -> dict:
    """Builds them together; if that fails, one by one, to find out
    which do not build: those are returned."""
    progress = rounds.Progress()
    progress.note("building the contestants")
    failed = {}
    if run([".ci/build", *targets]).returncode != 0:
        results = {each: run([".ci/build", each]) for each in targets}
        failed = {each: done for each, done in results.items()
                  if done.returncode != 0}
    progress.clear()
    return failed


def build(everyone: list[Contestant]) -> list[Contestant]:
    """Builds all who are there; returns the others. A peer that does
    not build with the library that is installed is missing, too."""
    configured = run([".ci/build", "duel_programs"])
    if configured.returncode != 0:
        raise Problem(configured.stderr.strip()[-3000:])
    if missing_peers(everyone):
        run(["cmake", BUILD])  # it may have been installed since
    missing = missing_peers(everyone)
    there = [each for each in everyone if each not in missing]
    if any(each.program == "go" for each in there):
        build_go()
    failed = build_targets(sorted({each.target for each in there
                                   if each.program != "go"}))
    for target, done in failed.items():
        if ".peers." not in target:
            refuse_build(target, done)
    return missing + [
        each for each in there
        if each.target in failed]


def refuse_build(target: str, done) -> None:
    if ".labs." in target:
        lab = next(each.chapter for each in contestants()
                   if each.program == target.split(".")[-1]
                   and each.ours)
        raise Problem(f"labs/{lab} does not compile; `make grade "
                      f"LAB={lab[:2]}` shows where", 1)
    raise Problem(f"{target} does not build:\n"
                  + (done.stderr or done.stdout)[-3000:])


def refuse_skeleton(lab: str, everyone: list[Contestant]) -> None:
    """One line where the reader's code does not run yet."""
    for each in everyone:
        if each.side != "labs":
            continue
        word = next(iter(each.plays.values()))
        done = run([program_path(BUILD, each), word, "ops=2000"],
                   timeout=60)
        if done.returncode != 0:
            why = (done.stderr.strip().splitlines() or
                   [f"status {done.returncode}"])[-1]
            raise Problem(f"labs/{lab} does not run yet: {why}", 1)


# ---- The duel ---------------------------------------------------------


def versions() -> dict[str, str]:
    """The versions of the compilers, for the result."""
    found = {}
    for name, command in (("go", ["go", "version"]),
                          ("c++", ["c++", "--version"])):
        if shutil.which(command[0]):
            said = run(command).stdout.splitlines()
            found[name] = said[0] if said else ""
    return found


def hold(asked: argparse.Namespace) -> dict:
    machine = record.machine()
    rows = rows_for(machine["cores"], asked.quick, asked.case)
    playing = [entry.contestant
               for entry in rounds.entries_for(rows, asked.lab, [])]
    if not playing:
        raise Problem(f"{asked.lab} does not play CASE={asked.case}")
    everyone = [each for each in contestants(asked.lab)
                if each in playing]
    missing = build(everyone)
    if asked.lab:
        refuse_skeleton(asked.lab, everyone)
    entries = rounds.entries_for(rows, asked.lab, missing)
    count = rounds.play(
        entries, rounds.processes(BUILD),
        rounds.Clock(QUICK_BUDGET if asked.quick else BUDGET),
        rounds.Progress())
    return {"schema": report.SCHEMA, "date": record.today(),
            "machine": machine, "versions": versions(),
            "quick": asked.quick, "lab": asked.lab or None,
            "rounds": count,
            "missing": [{"name": each.name, "package": each.package}
                        for each in missing],
            "rows": report.rows_json(entries)}


def refuse_poor_record(duel: dict) -> None:
    """A record is compared with for long: it has several rounds, and a
    result for all that is there."""
    if duel["rounds"] < LEAST_ROUNDS:
        raise Problem(f"fewer than {LEAST_ROUNDS} rounds in this time: the "
                      "machine is too busy for a record", 1)
    for row in duel["rows"]:
        for each in row["contestants"]:
            if each["nanoseconds"] is None:
                raise Problem(
                    f"nothing is recorded: {row['group']}; "
                    f"{row['place']}: {each['name']} has no result: "
                    + (each["void"] or "not in this time"), 1)


def compare(duel: dict) -> str:
    """What moved since the record of this kind of machine."""
    before = record.of_kind(record.read(RECORD), duel["machine"])
    if before is None:
        return ("There is no record of this kind of machine; RECORD=1 "
                "makes one.\n")
    lines = record.changes(duel, before)
    head = f"Against the record of {before['date']}: "
    if not lines:
        return head + "nothing moved by more than its spread.\n"
    return head + "moved by more than its spread:\n" + "\n".join(
        lines) + "\n"


def main(words: list[str]) -> int:
    asked = read_command_line(words)
    duel = hold(asked)
    results = ROOT / "build" / "results"
    record.write(results / "duel.json", duel)
    text = report.table(duel)
    if not asked.record and not asked.lab:
        text += compare(duel)
    (results / "duel.txt").write_text(text)
    sys.stdout.write(text)
    if asked.record:
        refuse_poor_record(duel)
        record.renew(RECORD, duel)
        record.draw(ROOT / "book" / "charts", duel)
        print(f"Recorded in {RECORD.relative_to(ROOT)}.")
    void = any(each["void"] for row in duel["rows"]
               for each in row["contestants"] if each["ours"])
    return 1 if void else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Problem as problem:
        print(f"duel: {problem}", file=sys.stderr)
        sys.exit(problem.status)
    except KeyboardInterrupt:
        sys.exit("duel: interrupted")
