"""A class: one bad submission stops no other, and it goes on."""

import csv
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import jsonschema
import workspace

CLASS = workspace.REPOSITORY / "classroom" / "grade_class.py"


class Class(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.root = workspace.mode(cls.folder.name) / "workspace"
        workspace.make_workspace(cls.root)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def setUp(self):
        self.own = tempfile.TemporaryDirectory()
        self.submissions = workspace.mode(self.own.name) / "submissions"
        self.out = Path(self.own.name) / "out"
        self.submissions.mkdir()

    def tearDown(self):
        self.own.cleanup()

    def command(self, *more):
        return [sys.executable, CLASS, self.submissions, self.out,
                "--labs", "9", "--root", self.root, "--build",
                self.root / "build", "--workbook",
                workspace.PROGRAMS / "workbook", *more]

    def run_class(self, *more):
        return subprocess.run(self.command(*more), capture_output=True,
                              text=True, errors="replace", check=False)

    def grades(self):
        with (self.out / "grades.csv").open(newline="") as file:
            return {row["submission"]: row
                    for row in csv.DictReader(file)}

    def hand_in_a_class(self):
        workspace.hand_in(self.submissions / "right")
        workspace.hand_in(self.submissions / "half", counter=None)
        workspace.hand_in(self.submissions / "broken", adder="int add(",
                          counter="class counter {")
        workspace.hand_in(
            self.submissions / "hostile",
            adder="#pragma once\n#include <unistd.h>\n"
                  "inline int add(int, int) { _exit(0); }\n")
        (self.submissions / "empty").mkdir()
        (self.submissions / "noise.zip").write_bytes(os.urandom(2000))
        workspace.hand_in(self.submissions / "O'Neil \"x\" <b>\n")
        shutil.make_archive(str(self.submissions / "packed"), "zip",
                            self.submissions / "right")

    def test_one_bad_submission_stops_no_other(self):
        self.hand_in_a_class()
        done = self.run_class("--jobs", "2")
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        rows = self.grades()
        marks = {name: row["score"] for name, row in rows.items()}
        strange = next(name for name in rows if "Neil" in name)
        self.assertEqual(marks, {
            "right": "100", "half": "60", "broken": "0", "hostile": "40",
            "empty": "", "noise.zip": "", strange: "100",
            "packed.zip": "100"})
        self.assertEqual(rows["noise.zip"]["status"], "not_gradable")
        canvas = (self.out / "canvas.csv").read_text()
        self.assertNotIn("noise", canvas)
        self.assertIn("hostile", canvas)
        schemas = workspace.REPOSITORY / "tests" / "workbook"
        whole = json.loads((schemas / "classroom" /
                            "submission.schema.json").read_text())
        lab = json.loads((schemas / "result.schema.json").read_text())
        for file in self.out.glob("submissions/*/result.json"):
            record = json.loads(file.read_text())
            jsonschema.validate(record, whole)
            for each in record["labs"]:
                jsonschema.validate(each, lab)
        pages = list((self.out / "students").iterdir())
        self.assertEqual(len(pages), 8)
        for page in [*pages, self.out / "class.html"]:
            self.assertNotIn("<b>\n", page.read_text())
            self.assertNotIn(' <b>"', page.read_text())
        self.assertIn("exit status 0",
                      (self.out / "students/hostile.html").read_text())

    def test_it_goes_on_after_it_was_killed(self):
        for number in range(6):
            workspace.hand_in(self.submissions / f"s{number}",
                              adder=workspace.ADDER if number % 2
                              else workspace.WRONG)
        first = subprocess.Popen(self.command("--jobs", "2"),
                                 stdout=subprocess.DEVNULL,
                                 start_new_session=True)
        records = self.out / "submissions"
        while len(list(records.glob("*/inputs"))) < 2:
            self.assertIsNone(first.poll(), "it ended too early")
            time.sleep(0.02)
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
        before = {path: path.stat().st_mtime_ns
                  for path in records.glob("*/inputs")}
        self.assertLess(len(before), 6)
        done = self.run_class("--jobs", "2")
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        self.assertEqual(
            {name: row["score"] for name, row in self.grades().items()},
            {f"s{n}": "100" if n % 2 else "40" for n in range(6)})
        for path, time_of in before.items():
            self.assertEqual(path.stat().st_mtime_ns, time_of, path)
        for path in records.glob("*/attempts"):
            self.assertEqual(len(path.read_text().splitlines()), 1, path)

    def test_a_changed_submission_is_graded_again(self):
        workspace.hand_in(self.submissions / "ann", adder=workspace.WRONG)
        workspace.hand_in(self.submissions / "bob")
        self.run_class()
        again = self.submissions / "ann/labs/09_fixture/adder.hpp"
        again.write_text(workspace.ADDER)
        done = self.run_class()
        self.assertIn("ann: 100 of 100\n", done.stdout)
        self.assertIn("bob: 100 of 100 (as before)", done.stdout)
        attempts = (self.out / "submissions/ann/attempts").read_text()
        scores = [json.loads(line)["score"]
                  for line in attempts.splitlines()]
        self.assertEqual(scores, [40, 100])

    def test_a_machine_that_fails_gives_no_mark(self):
        workspace.hand_in(self.submissions / "ann")
        done = self.run_class("--workbook", "/nowhere/workbook")
        self.assertEqual(done.returncode, 2)
        self.assertEqual(self.grades()["ann"]["score"], "")
        self.assertEqual(self.grades()["ann"]["status"], "infra_error")
        done = self.run_class()  # and it is graded as soon as it can be
        self.assertEqual(self.grades()["ann"]["score"], "100")

    def test_hidden_tests_tell_answers_from_a_solution(self):
        by_name = next(
            case for case in ["#pragma once\n#include <stdio.h>\n"
                              "#include <string.h>\n"
                              "inline int add(int, int) { static char t"
                              "[4096]; FILE* f = fopen(\"/proc/self/"
                              "cmdline\", \"r\"); size_t n = fread(t, 1, "
                              "sizeof t, f); return memmem(t, n, "
                              "\"adder.adds\", 10) ? 5 : -1; }\n"])
        workspace.hand_in(self.submissions / "ann")
        workspace.hand_in(self.submissions / "cheat", adder=by_name)
        self.run_class("--private", str(self.root / "hidden"))
        marks = {name: row["score"] for name, row in self.grades().items()}
        self.assertEqual(marks, {"ann": "110", "cheat": "100"})
        page = (self.out / "students/cheat.html").read_text()
        self.assertIn("0 of 10 for tests that are not shown", page)
        self.assertNotIn("adds_larger_numbers", page)

    def test_wrong_requests_are_one_line(self):
        for more in (["--jobs", "0"], ["--roster", "/nowhere"],
                     ["--private", "/nowhere"]):
            done = self.run_class(*more)
            self.assertEqual(done.returncode, 2, more)
            self.assertEqual(len(done.stderr.splitlines()), 1, more)
        done = self.run_class()
        self.assertIn("there is no submission in it", done.stderr)

    def test_one_run_at_a_time(self):
        workspace.hand_in(self.submissions / "ann")
        self.out.mkdir()
        with (self.out / ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            done = self.run_class()
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr, f"class: {self.out}: another run "
                                      "is at work there\n")

    def test_gnu_parallel_goes_on_by_its_log(self):
        for number in range(3):
            workspace.hand_in(self.submissions / f"s {number}")
        assignment = Path(self.own.name) / "assignment"
        assignment.write_text(f"LABS=9\nROOT='{self.root}'\n"
                              f"BUILD='{self.root}/build'\n")
        env = {**os.environ, "ASSIGNMENT_FILE": str(assignment),
               "WORKBOOK": str(workspace.PROGRAMS / "workbook")}
        script = workspace.REPOSITORY / "classroom/parallel/grade"
        for jobs in (4, 4):  # a line names the log; the second adds none
            done = subprocess.run(
                [script, self.submissions, self.out, "--jobs", "2"],
                env=env, capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            log = (self.out / "joblog").read_text().splitlines()
            self.assertEqual(len(log), jobs)
        records = list((self.out / "submissions").glob("*/result.json"))
        self.assertEqual([json.loads(each.read_text())["score"]
                          for each in records], [100, 100, 100])


class Guide(unittest.TestCase):
    def test_its_table_has_every_hostile_case(self):
        cases = (workspace.REPOSITORY / "tests/workbook/classroom/"
                 "hostile_cases.cpp").read_text()
        names = re.findall(
            r'push_back\(\s*\{"((?:[^"\\]|\\.)*)"', cases)
        self.assertGreater(len(names), 30)
        guide = (workspace.REPOSITORY /
                 "book/instructors_guide.md").read_text()
        for name in names:
            self.assertIn(f"| {name} |", guide)


if __name__ == "__main__":
    unittest.main()
