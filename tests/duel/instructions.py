#!/usr/bin/env python3
"""How many instructions the operations of chapters 1, 4, 6 and 7 take:
a regression that no clock is needed for.

  make instructions            compares with tests/duel/instructions.json
  make instructions RECORD=1   renews it

A count depends on the compiler, so each has its own record; without
one, or without valgrind, nothing is compared. The last line is
`instructions: N passed, N failed`.
"""

import json
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / "build" / "explore"
RECORD = HERE / "instructions.json"
PROGRAMS = ["instructions", "instructions_threads"]
OPERATIONS = 1000  # of each, as in counted.hpp
TOLERANCE = 0.03
# Which thread runs first decides who waits: within 1.5% of the median
# in 18 runs on a machine that was busy.
THREADS_TOLERANCE = 0.10


class Skip(Exception):
    """Why nothing can be counted here."""


class Problem(Exception):
    """What ends the command with one line."""


def run(*command) -> subprocess.CompletedProcess:
    return subprocess.run([str(each) for each in command], cwd=ROOT,
                          capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL)


def compiler() -> str:
    """`g++ 12, x86_64`: of what the tree is configured with."""
    cache = (BUILD / "CMakeCache.txt").read_text()
    path = re.search(r"^CMAKE_CXX_COMPILER:\w+=(.*)$", cache, re.M)[1]
    said = run(path, "--version").stdout
    name = "clang++" if "clang" in said else "g++"
    major = run(path, "-dumpversion").stdout.strip().split(".")[0]
    return f"{name} {major}, {platform.machine()}"


def build() -> list[Path]:
    if not shutil.which("valgrind"):
        raise Skip("valgrind is not installed")
    listing = BUILD / "duel" / "programs.txt"
    targets = {f"duel.solutions.{each}" for each in PROGRAMS}
    run(".ci/build", "duel_programs")
    if not targets <= set(listing.read_text().split()):
        run("cmake", BUILD)  # it may have been installed since
    if not targets <= set(listing.read_text().split()):
        raise Skip("valgrind's headers are not installed")
    done = run(".ci/build", *sorted(targets))
    if done.returncode != 0:
        raise Problem("the counted programs do not build:\n"
                      + done.stderr[-3000:])
    folder = BUILD / "duel" / "solutions"
    return [folder / each for each in PROGRAMS]


def counts_in(dump: str) -> dict[str, float]:
    """Instructions for an operation, by its name, of a file that
    callgrind wrote."""
    found = re.findall(r"^desc: Trigger: Client Request: (.*?)$"
                       r".*?^totals: (\d+)$", dump, re.M | re.S)
    return {name: int(total) / OPERATIONS for name, total in found}


def count(programs: list[Path]) -> dict[str, float]:
    found: dict[str, float] = {}
    for each in programs:
        found |= count_in(each)
    return found


def count_in(program: Path) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        done = run("valgrind", "--tool=callgrind",
                   "--instr-atstart=no", "--fair-sched=yes",
                   f"--callgrind-out-file={folder}/out", program)
        dumps = sorted(Path(folder).glob("out*"))
        found = counts_in("".join(each.read_text() for each in dumps))
    if done.returncode != 0 or not found:
        raise Problem("valgrind counted nothing:\n"
                      + done.stderr[-2000:])
    return found


def tolerance(name: str) -> float:
    return (THREADS_TOLERANCE if name.endswith("on threads")
            else TOLERANCE)


def compared(now: dict[str, float],
             before: dict[str, float]) -> list[tuple[bool, str]]:
    """Whether each operation is as cheap as recorded, and words."""
    lines = []
    for name in sorted({*now, *before}):
        if name not in now or name not in before:
            known = "counted" if name in now else "recorded"
            lines.append((False, f"{name}: only {known}"))
            continue
        change = now[name] / before[name] - 1
        words = (f"{name}: {now[name]:.0f} instructions, recorded "
                 f"{before[name]:.0f} ({change:+.1%})")
        lines.append((change <= tolerance(name), words))
    return lines


def read_record() -> dict:
    return json.loads(RECORD.read_text()) if RECORD.exists() else {}


def renew(now: dict[str, float]) -> None:
    record = {**read_record(), compiler(): now}
    RECORD.write_text(json.dumps(record, indent=2) + "\n")
    print(f"recorded for {compiler()}:")
    for name, value in now.items():
        print(f"  {value:8.1f}  {name}")


def check() -> int:
    """Compares, in the words of a part of `make test`."""
    try:
        now = count(build())
        before = read_record().get(compiler())
        if before is None:
            raise Skip(f"there is no record for {compiler()}; "
                       "`make instructions RECORD=1` makes one")
    except Skip as reason:
        print(f"skipped instructions: {reason}")
        print("instructions: 0 passed, 0 failed, 1 skipped")
        return 0
    results = compared(now, before)
    failed = sum(not right for right, _ in results)
    for right, words in results:
        print(("passed  " if right else "FAILED  ") + words)
    print(f"instructions: {len(results) - failed} passed, "
          f"{failed} failed")
    return 1 if failed else 0


def main(words: list[str]) -> int:
    if words not in ([], ["--record"]):
        raise Problem("takes --record, or nothing")
    if not words:
        return check()
    try:
        renew(count(build()))
    except Skip as reason:
        raise Problem(str(reason)) from reason
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Problem as problem:
        print(f"instructions: {problem}", file=sys.stderr)
        sys.exit(2)
