#!/usr/bin/env python3
"""make profile LAB=06 CASE=yield_2: which lines the instructions of a
workload belong to, by callgrind, on one processor.

  VARIANT=solutions   the reference instead of the lab

An instruction belongs to the line that it was compiled from, also where
the compiler has put one function into another. Book: chapter 6, "The
duel".
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.dont_write_bytecode = True  # the tree stays clean

from contestants import contestants, program_path  # noqa: E402
from duel import (  # noqa: E402
    BUILD, ROOT, Problem, chapter_named, refuse_build, run)
from workloads import WORKLOADS  # noqa: E402

LINES = 20
SMALL = {"skynet": 1000, "fib": 15, "sleepers": 2000,
         "empty_task": 2000}


def read_command_line(words):
    parser = argparse.ArgumentParser(prog="make profile",
                                     add_help=False)
    parser.error = lambda message: (_ for _ in ()).throw(
        Problem(message))
    parser.add_argument("--lab", default="")
    parser.add_argument("--case", default="")
    parser.add_argument("--variant", default="labs",
                        choices=["labs", "solutions"])
    asked = parser.parse_args(words)
    if not asked.lab or not asked.case:
        raise Problem("LAB= and CASE= are needed, as in "
                      "LAB=06 CASE=yield_2")
    asked.lab = chapter_named(asked.lab)
    return asked


def chosen(asked):
    """Who plays the case, and the program's own word for it."""
    lab = asked.lab if asked.variant == "labs" else ""
    playing = [each for each in contestants(lab)
               if each.chapter == asked.lab]
    for each in playing:
        if asked.case in each.plays:
            return each, each.plays[asked.case]
    cases = [each.name for each in WORKLOADS
             if any(each.name in one.plays for one in playing)]
    raise Problem(f"there is no CASE={asked.case} for {asked.lab}; "
                  "the cases are: " + ", ".join(cases))


def costs_in(dump: str) -> Counter:
    """Instructions by (file, line), of what callgrind wrote without
    compression. The line after `calls=` repeats what is counted in the
    function that was called."""
    costs: Counter = Counter()
    file, of_call = "", False
    for line in dump.splitlines():
        found = re.match(r"(?:fl|fi|fe)=(.*)$", line)
        if found:
            file = found[1]
        elif line.startswith("calls="):
            of_call = True
        elif re.match(r"\d+ \d+$", line):
            if not of_call:
                number, cost = line.split()
                costs[file, int(number)] += int(cost)
            of_call = False
    return costs


def source_line(file: str, number: int) -> str:
    try:
        lines = Path(file).read_text(errors="replace").splitlines()
        return lines[number - 1].strip()
    except (OSError, IndexError):
        return ""


def lines_of(costs: Counter) -> list[str]:
    """The most expensive lines, at most 80 columns wide."""
    total = sum(costs.values())
    made = []
    for (file, number), cost in costs.most_common(LINES):
        place = (f"{Path(file).name}:{number}" if number
                 else "(assembly)")  # has no line
        made.append(f"{cost / total:6.1%}  {place:<24.24}  "
                    f"{source_line(file, number)}"[:80].rstrip())
    return made


def profile(program: Path, words: list[str]) -> Counter:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--compress-strings=no",
             "--compress-pos=no", f"--callgrind-out-file={out}",
             program, *words], capture_output=True, text=True,
            cwd=ROOT, check=False, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            why = [line for line in done.stderr.splitlines()
                   if not line.startswith("==")]
            raise Problem((why or ["valgrind failed"])[-1], 1)
        return costs_in(out.read_text())


def main(words: list[str]) -> int:
    asked = read_command_line(words)
    playing, word = chosen(asked)
    if not shutil.which("valgrind"):
        raise Problem("valgrind is not installed")
    built = run([".ci/build", playing.target])
    if built.returncode != 0:
        refuse_build(playing.target, built)
    ops = SMALL.get(asked.case, 100_000)
    costs = profile(program_path(BUILD, playing),
                    [word, f"ops={ops}", "processors=1", "workers=8"])
    print(f"{playing.name}, {asked.case}, {ops:,} operations: "
          f"{sum(costs.values()):,} instructions\n")
    print("\n".join(lines_of(costs)))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Problem as problem:
        print(f"profile: {problem}", file=sys.stderr)
        sys.exit(problem.status)
