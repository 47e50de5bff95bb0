"""A handout builds what students need and shows no solution."""

import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import workspace

sys.path.insert(0, str(workspace.REPOSITORY / "classroom"))
import handout  # noqa: E402


def run(*words):
    return subprocess.run(
        [sys.executable, handout.__file__, *map(str, words)],
        capture_output=True, text=True, check=False)


class Handout(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.out = Path(cls.folder.name) / "handout"
        done = run(cls.out, "--labs", "4", "--term", "2027-spring",
                   "--hints", "off", "--book", "off")
        assert done.returncode == 0, done.stderr

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_a_lab_brings_those_that_it_rests_on(self):
        labs = {path.name for path in (self.out / "labs").iterdir()}
        rests_on = handout.chapters()["04_worker_pool"]["rests_on"]
        self.assertEqual(labs, {"04_worker_pool", *rests_on})

    def test_it_is_one_commit_and_nothing_else(self):
        git = ["git", "-C", str(self.out)]
        log = subprocess.run([*git, "rev-list", "--all"], check=True,
                             capture_output=True, text=True).stdout
        self.assertEqual(len(log.splitlines()), 1)
        status = subprocess.run([*git, "status", "--porcelain"], text=True,
                                capture_output=True, check=True).stdout
        self.assertEqual(status, "")

    def test_no_solution_mutant_or_hint_is_in_it(self):
        self.assertEqual(handout.leaks(
            self.out, ["00_channel", "04_worker_pool"], False), [])
        names = {path.name for path in self.out.rglob("*")}
        self.assertFalse(names & {"solutions", "mutants", "alternatives",
                                  "hints", "instructors_guide.md"})
        for patch in (workspace.REPOSITORY / "tests").glob(
                "0[04]_*/mutants/*.patch"):
            self.assertNotIn(patch.name, names)
        for file in self.out.glob("tests/*/chapter.json"):
            for step in json.loads(file.read_text())["steps"]:
                self.assertFalse(set(step) & {"mutant", "pools"}, file)

    def test_a_leak_is_found(self):
        labs = ["00_channel"]
        given = handout.code_lines(self.out / "tests/00_channel/given")
        secret = max(handout.secret_lines(labs) - given
                     - handout.shown_openly(labs, False), key=len)
        planted = self.out / "labs" / "note.md"
        planted.write_text(f"  {secret}\n")
        try:
            self.assertIn("labs/note.md",
                          handout.leaks(self.out, labs, False)[0])
        finally:
            planted.unlink()

    def test_submit_packs_the_files_of_the_labs_and_no_others(self):
        done = subprocess.run(["make", "-C", self.out, "submit"],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        packed = set(re.findall(r"^  (labs/\S+)$", done.stdout, re.M))
        listed = set((self.out / "files.txt").read_text().split())
        self.assertEqual(packed, listed)
        self.assertIn("labs/04_worker_pool/my_tests.cpp", packed)

    def test_reset_keeps_the_work(self):
        file = self.out / "labs/00_channel/channel.hpp"
        given = file.read_text()
        file.write_text("mine\n")
        done = subprocess.run(
            ["make", "-C", self.out, "reset", "LAB=0"],
            capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(file.read_text(), given)
        kept = list(self.out.glob("build/kept/*/channel.hpp"))
        self.assertEqual([path.read_text() for path in kept], ["mine\n"])

    def test_every_test_of_its_labs_is_declared(self):
        for lab in ("00_channel", "04_worker_pool"):
            for file in (workspace.REPOSITORY / "tests" / lab).glob(
                    "*.cpp"):
                names = re.findall(
                    r"^(?:GRADED|EXPLORED|BREAKS)\s*\(\s*\w+,\s*(\w+)",
                    file.read_text(), re.M)
                copy = self.out / "tests" / lab / file.name
                for name in names:
                    self.assertIn(name, copy.read_text())

    def test_nothing_is_overwritten(self):
        done = run(self.out, "--labs", "0", "--book", "off")
        self.assertEqual(done.returncode, 2)
        self.assertIn("nothing is overwritten", done.stderr)

    def test_wrong_requests_are_one_line(self):
        for labs in ("9", "x", "3-1", "0,,1"):
            done = run(Path(self.folder.name) / "other", "--labs", labs)
            self.assertEqual(done.returncode, 2, labs)
            self.assertEqual(len(done.stderr.splitlines()), 1)
            self.assertIn("the labs are 00", done.stderr)
        self.assertFalse((Path(self.folder.name) / "other").exists())


if __name__ == "__main__":
    unittest.main()
