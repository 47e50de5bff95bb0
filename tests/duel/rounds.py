"""Rounds: each contestant of each row once, as a process of its own,
until the time is over."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Optional

from contestants import Contestant, contestants, program_path
from workloads import Row

RUN_LIMIT = 20  # seconds for one process
OPTIONS = ("processors", "workers", "submitters")


@dataclass
class Entry:
    """One contestant in one row: what it is asked for, and a value for
    each round (nanoseconds for an operation, or None)."""

    row: Row
    contestant: Contestant
    values: list[Optional[float]] = field(default_factory=list)
    void: str = ""  # why it does not count

    @property
    def ops(self) -> int:
        workload = self.row.workload
        return workload.ops_for(self.row.quick,
                                self.contestant.share(workload.name))

    @property
    def words(self) -> list[str]:
        workload, row = self.row.workload, self.row
        return [self.contestant.plays[workload.name],
                f"ops={self.ops}",
                f"warm={workload.warm_ops(self.ops)}",
                f"processors={row.processors}",
                f"workers={row.workers}",
                f"submitters={row.submitters}",
                *self.contestant.options]


@dataclass(frozen=True)
class Answer:
    """How a contestant's process ended."""

    status: int
    output: str
    error: str = ""


Player = Callable[[Entry], Answer]


class Void(Exception):
    """Why a result does not count."""


def judged(entry: Entry, answer: Answer) -> float:
    """Nanoseconds for an operation, if the answer is right."""
    if answer.status != 0:
        raise Void((answer.error.strip().splitlines() or
                    [f"ended with status {answer.status}"])[-1])
    try:
        result = json.loads(answer.output)
        ops, took = result["ops"], result["nanoseconds"]
        check = (result["check"]["count"], result["check"]["sum"])
        options = result["options"]
        said = (result["workload"], ops)
        where = tuple(options[name] for name in OPTIONS)
    except (ValueError, KeyError, TypeError) as error:
        raise Void("its answer is not one line of JSON") from error
    if said != (entry.words[0], entry.ops):
        raise Void(f"it ran {said[0]} with {said[1]} operations")
    if where != tuple(getattr(entry.row, name) for name in OPTIONS):
        raise Void(f"it ran with the options {options}")
    expected = entry.row.workload.expected(entry.ops)
    if check != expected:
        raise Void("the check is count {}, sum {}; it must be count {}, "
                   "sum {}".format(*check, *expected))
    if took <= 0:
        raise Void("it took no time")
    return took if entry.row.workload.whole else took / ops


def processes(build: Path) -> Player:
    """Plays an entry by its program below `build`."""
    def player(entry: Entry) -> Answer:
        command = [program_path(build, entry.contestant), *entry.words]
        try:
            done = subprocess.run(command, capture_output=True,
                                  text=True, timeout=RUN_LIMIT,
                                  check=False,
                                  stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            return Answer(1, "", f"no result within {RUN_LIMIT} s")
        except OSError as error:
            return Answer(1, "", f"{command[0]}: {error.strerror}")
        return Answer(done.returncode, done.stdout, done.stderr)
    return player


def entries_for(rows: list[Row], lab: str,
                missing: list[Contestant]) -> list[Entry]:
    """Who plays which row. A missing peer plays none; a lab plays the
    rows of its chapter alone."""
    everyone = [each for each in contestants(lab)
                if each not in missing]
    entries = []
    for row in rows:
        playing = [Entry(row, each) for each in everyone
                   if row.workload.name in each.plays]
        if not lab or any(entry.contestant.side == "labs"
                          for entry in playing):
            entries += playing
    return entries


class Clock:
    """How much of the time is left; replaced in tests."""

    def __init__(self, budget: float):
        self.end = time.monotonic() + budget

    def left(self) -> float:
        return self.end - time.monotonic()


class Progress:
    """A bar on a terminal, and nothing elsewhere."""

    def __init__(self, out=sys.stderr):
        self.out = out if out.isatty() else None

    def note(self, words: str) -> None:
        if self.out:
            self.out.write(f"\r  {words:<70}")
            self.out.flush()

    def show(self, round_number: int, done: int, of: int) -> None:
        if self.out:
            bar = "#" * (40 * done // of)
            self.out.write(f"\r  round {round_number}  "
                           f"{bar:.<40} {done}/{of} ")
            self.out.flush()

    def clear(self) -> None:
        if self.out:
            self.out.write(f"\r{'':72}\r")
            self.out.flush()


def play_round(number: int, entries: list[Entry], player: Player,
               clock: Clock, progress: Progress) -> None:
    """Each once; every other round backwards, so that no contestant
    always follows the same one."""
    order = entries if number % 2 else entries[::-1]
    for done, entry in enumerate(order):
        value = None
        if not entry.void and clock.left() > 0:
            progress.show(number, done, len(order))
            try:
                value = judged(entry, player(entry))
            except Void as reason:
                entry.void = str(reason)
        entry.values.append(value)


def play(entries: list[Entry], player: Player, clock: Clock,
         progress: Progress, most: int = 25) -> int:
    """Rounds while the next one fits into the time; returns how many.
    A round that the time ends lacks its last values."""
    longest = 0.0
    rounds = 0
    while rounds < most and (rounds == 0 or clock.left() >= longest):
        before = clock.left()
        rounds += 1
        play_round(rounds, entries, player, clock, progress)
        longest = max(longest, before - clock.left())
    progress.clear()
    return rounds
