"""The record, the charts, the command line, counts and profiles: what
is made of a duel, and what is beside it."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import duel
import instructions
import profiling
import record
import rounds
from contestants import program_path
from test_duel import (
    ANSWERS, HERE, KIND, RECORDED, VOID, by_name, entries, play)


class Record(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.file = self.folder / "records" / "duel.json"
        self.duel = play()[0]

    def moved_by(self, factor):
        """The same duel with Go's ratio so many times as large."""
        other = json.loads(json.dumps(self.duel))
        ratio = by_name(other)["Go"]["ratio"]
        for name in ("median", "low", "high", "least", "most"):
            ratio[name] *= factor
        return other

    def test_a_record_is_of_one_kind_of_machine(self):
        other = {**self.duel, "machine": {**KIND, "cores": 64}}
        record.renew(self.file, other)
        record.renew(self.file, self.duel)
        records = record.read(self.file)
        self.assertEqual(len(records), 2)
        found = record.of_kind(records, KIND)
        self.assertEqual(found["machine"], KIND)
        self.assertIsNone(record.of_kind(records, {**KIND, "cores": 3}))

    def test_to_renew_it_replaces_the_old_one(self):
        record.renew(self.file, self.duel)
        record.renew(self.file, {**self.duel, "date": "2027-01-01"})
        self.assertEqual([each["date"]
                          for each in record.read(self.file)],
                         ["2027-01-01"])

    def test_what_moved_is_named_with_what_it_was(self):
        lines = record.changes(self.moved_by(10), self.duel)
        self.assertEqual(len(lines), 1)
        self.assertRegex(lines[0], r"yield, 2 goroutines; P = 1: Go "
                                   r"[\d.]+x, was [\d.]+x")

    def test_nothing_moves_from_itself(self):
        record.renew(self.file, self.duel)
        before = record.of_kind(record.read(self.file), KIND)
        self.assertEqual(record.changes(self.duel, before), [])

    def test_two_rounds_are_no_record(self):
        with self.assertRaisesRegex(duel.Problem, "fewer than 3 rounds"):
            duel.refuse_poor_record(play(budget=10.0)[0])

    def test_a_duel_with_a_void_row_is_no_record(self):
        made, _ = play({"Go": [VOID["wrong sum"]]})
        with self.assertRaisesRegex(duel.Problem,
                                    "Go has no result: the check"):
            duel.refuse_poor_record(made)

    def test_three_rounds_with_every_result_are_one(self):
        duel.refuse_poor_record(self.duel)

    def test_charts_have_the_ratios_machine_and_date(self):
        record.draw(self.folder, self.duel)
        chart = json.loads((self.folder / "duel_one.json").read_text())
        self.assertIn("a processor of paper", chart["recorded"])
        self.assertIn("2026-11-24", chart["recorded"])
        bars = {bar["label"]: bar for bar in chart["groups"][0]["bars"]}
        self.assertTrue(bars["reference"]["ours"])
        self.assertEqual(bars["reference"]["value"], 1)
        self.assertAlmostEqual(
            bars["Go"]["value"],
            by_name(self.duel)["Go"]["ratio"]["median"], delta=0.05)

    def test_without_a_duel_a_chart_names_its_command(self):
        record.draw(self.folder, None)
        chart = json.loads((self.folder / "duel_two.json").read_text())
        self.assertEqual((chart["command"], chart["groups"]),
                         ("make duel RECORD=1", []))


class Processes(unittest.TestCase):
    """Contestants of paper: scripts in the place of the programs."""

    def setUp(self):
        self.build = Path(tempfile.mkdtemp())
        self.entry = entries()[0]

    def answer(self, script):
        program = program_path(self.build, self.entry.contestant)
        program.parent.mkdir(parents=True)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return rounds.processes(self.build)(self.entry)

    def test_a_program_gets_the_words_of_its_row(self):
        self.assertEqual(
            self.answer('echo "$*"').output,
            "yield_2 ops=500000 warm=50000 processors=1 workers=1 "
            "submitters=1\n")

    def test_its_line_is_judged(self):
        line = ANSWERS["reference"][0]
        found = rounds.judged(self.entry,
                              self.answer(f"echo '{line}'"))
        self.assertGreater(found, 0)

    def test_its_status_and_last_words_are_kept(self):
        answer = self.answer("echo no memory >&2; exit 3")
        self.assertEqual((answer.status, answer.error),
                         (3, "no memory\n"))

    def test_one_that_hangs_is_ended(self):
        with mock.patch.object(rounds, "RUN_LIMIT", 0.1):
            answer = self.answer("exec sleep 60")
        self.assertEqual(answer.error, "no result within 0.1 s")

    def test_one_that_is_not_there_is_named(self):
        answer = rounds.processes(self.build)(self.entry)
        self.assertIn("scheduler: No such file", answer.error)


class CommandLine(unittest.TestCase):
    def refused(self, *words):
        done = subprocess.run(
            [sys.executable, HERE / "duel.py", *words],
            capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        return done.stderr

    def test_a_lab_that_takes_no_part_is_refused(self):
        self.assertIn("LAB=05 takes no part", self.refused("--lab=05"))

    def test_an_unknown_case_is_refused_with_the_known_ones(self):
        self.assertIn("yield_2, yield_500",
                      self.refused("--case=nope"))

    def test_a_case_of_another_chapter_is_refused(self):
        self.assertIn("does not play CASE=empty_task",
                      self.refused("--lab=6", "--case=empty_task"))

    def test_a_record_is_a_whole_duel(self):
        self.assertIn("RECORD=1 keeps a whole duel",
                      self.refused("--record", "--quick"))

    def test_an_unknown_option_is_refused(self):
        self.assertIn("--foo", self.refused("--foo"))

    def test_a_lab_is_named_as_elsewhere(self):
        for name in ("6", "06", "06_scheduler"):
            self.assertEqual(duel.chapter_named(name), "06_scheduler")


class Instructions(unittest.TestCase):
    def test_each_count_is_read_by_its_name(self):
        dump = (RECORDED / "callgrind.txt").read_text()
        self.assertEqual(instructions.counts_in(dump),
                         {"switch": 31.515, "yield": 195.799})

    def test_within_the_tolerance_it_passes(self):
        self.assertEqual(
            [right for right, _ in instructions.compared(
                {"yield": 102.9, "spawn": 50}, {"yield": 100,
                                                "spawn": 100})],
            [True, True])

    def test_beyond_the_tolerance_it_fails(self):
        [(right, words)] = instructions.compared({"yield": 104},
                                                 {"yield": 100})
        self.assertFalse(right)
        self.assertEqual(words, "yield: 104 instructions, recorded "
                                "100 (+4.0%)")

    def test_threads_have_a_wider_tolerance(self):
        before = {"run, on threads": 100}
        for now, right in ((109, True), (111, False)):
            [(passed, _)] = instructions.compared(
                {"run, on threads": now}, before)
            self.assertEqual(passed, right)

    def test_an_operation_that_is_only_on_one_side_fails(self):
        results = instructions.compared({"a": 1}, {"b": 1})
        self.assertEqual([right for right, _ in results],
                         [False, False])


class Profile(unittest.TestCase):
    DUMP = """\
events: Ir
fl=a.cpp
fn=main
10 5
fi=b.hpp
3 90
fe=a.cpp
11 5
cfn=other
calls=7 20
11 1000
fl=c.hpp
fn=other
20 1000
"""

    def test_a_line_has_what_it_took_itself(self):
        self.assertEqual(profiling.costs_in(self.DUMP),
                         {("a.cpp", 10): 5, ("b.hpp", 3): 90,
                          ("a.cpp", 11): 5, ("c.hpp", 20): 1000})

    def test_the_most_expensive_line_comes_first(self):
        lines = profiling.lines_of(profiling.costs_in(self.DUMP))
        self.assertEqual(lines[0], " 90.9%  c.hpp:20")

    def test_a_case_of_another_chapter_is_refused(self):
        asked = profiling.read_command_line(
            ["--lab", "6", "--case", "empty_task"])
        with self.assertRaisesRegex(duel.Problem, "the cases are: yiel"):
            profiling.chosen(asked)

    def test_without_a_case_it_says_what_is_needed(self):
        with self.assertRaisesRegex(duel.Problem, "CASE= are needed"):
            profiling.read_command_line(["--lab", "6"])
