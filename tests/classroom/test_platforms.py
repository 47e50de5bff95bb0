"""Each platform's scripts, in a root laid out as the platform's is."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import jsonschema
import workspace
from test_formats import ENV, HERE

sys.dont_write_bytecode = True


def valid(file, schema):
    value = json.loads(Path(file).read_text())
    jsonschema.validate(value,
                        json.loads((HERE / "schemas" / schema).read_text()))
    return value


class Platform(unittest.TestCase):
    """A root of its own: the system's /usr, and `mounts`."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.place = workspace.mode(self.folder.name)
        self.workbook = self.place / "workbook"
        shutil.copytree(workspace.REPOSITORY / "classroom",
                        self.workbook / "classroom")
        programs = self.workbook / "build/explore/tests/workbook"
        (programs / "classroom").mkdir(parents=True)
        for name in ("workbook", "classroom/workbook_confine",
                     "classroom/workbook_take_in"):
            shutil.copy(workspace.PROGRAMS / name, programs / name)
        workspace.make_workspace(self.workbook / "fixture")
        self.submission = self.place / "handed_in"
        workspace.hand_in(self.submission, counter=None)

    def tearDown(self):
        self.folder.cleanup()

    def assignment(self, at):
        return (f"LABS=9\nROOT={at}/fixture\nBUILD={at}/fixture/build\n"
                f"PRIVATE={at}/fixture/hidden\n")

    def run_in_root(self, mounts, command, env=None):
        words = ["bwrap", "--unshare-pid", "--die-with-parent",
                 "--ro-bind", "/usr", "/usr", "--ro-bind", "/etc", "/etc"]
        for name in ("bin", "sbin", "lib", "lib64"):
            if os.path.islink(f"/{name}"):
                words += ["--symlink", os.readlink(f"/{name}"),
                          f"/{name}"]
        words += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp",
                  "--tmpfs", "/run", "--clearenv",
                  "--setenv", "PATH", "/usr/sbin:/usr/bin:/sbin:/bin"]
        for name, value in (env or {}).items():
            words += ["--setenv", name, value]
        for source, target in mounts.items():
            words += ["--bind", str(source), target]
        return subprocess.run(words + command, capture_output=True,
                              text=True, errors="replace", check=False)

    def hide_cmake(self):
        """What makes the grader's own build fail."""
        (self.workbook / "fixture/CMakeLists.txt").write_text(
            "message(FATAL_ERROR broken)\n")


class Gradescope(Platform):
    def grade(self):
        autograder = self.place / "autograder"
        for name in ("source", "submission", "results"):
            (autograder / name).mkdir(parents=True, exist_ok=True)
        shutil.copy(self.workbook / "classroom/gradescope/run_autograder",
                    autograder)
        (self.workbook / "assignment").write_text(
            self.assignment("/autograder/source/workbook"))
        shutil.copytree(self.workbook, autograder / "source/workbook",
                        dirs_exist_ok=True)
        shutil.copytree(self.submission, autograder / "submission",
                        dirs_exist_ok=True)
        done = self.run_in_root(
            {autograder: "/autograder"},
            ["--chdir", "/autograder", "/autograder/run_autograder"])
        return autograder / "results/results.json", done

    def test_a_submission(self):
        file, done = self.grade()
        self.assertEqual(done.returncode, 0, done.stderr)
        result = valid(file, "gradescope.json")
        self.assertEqual(result["score"], 70)

    def test_a_machine_that_fails_leaves_no_results(self):
        self.hide_cmake()
        file, done = self.grade()
        self.assertNotEqual(done.returncode, 0)
        self.assertFalse(file.exists())


class PrairieLearn(Platform):
    def grade(self):
        for name in ("data", "student", "tests"):
            (self.place / "grade" / name).mkdir(parents=True,
                                                exist_ok=True)
        shutil.copytree(self.submission, self.place / "grade/student",
                        dirs_exist_ok=True)
        (self.place / "grade/data/data.json").write_text("{}")
        (self.place / "grade/tests/assignment").write_text(
            self.assignment("/workbook"))
        return self.run_in_root(
            {self.place / "grade": "/grade", self.workbook: "/workbook"},
            ["/workbook/classroom/prairielearn/run.sh"])

    def test_a_submission(self):
        done = self.grade()
        self.assertEqual(done.returncode, 0, done.stderr)
        result = valid(self.place / "grade/results/results.json",
                       "prairielearn.json")
        self.assertAlmostEqual(result["score"], 70 / 110)

    def test_a_machine_that_fails_is_not_read(self):
        self.hide_cmake()
        self.assertNotEqual(self.grade().returncode, 0)

    def test_the_questions_options(self):
        info = json.loads((self.workbook / "classroom/prairielearn/"
                           "info.json").read_text())
        options = info["externalGradingOptions"]
        self.assertEqual(info["gradingMethod"], "External")
        self.assertLessEqual(set(options), {
            "enabled", "image", "entrypoint", "serverFilesCourse",
            "timeout", "enableNetworking", "environment"})
        self.assertLessEqual(options["timeout"], 600)


class Others(Platform):
    def test_classroom_50(self):
        bundle = self.place / "bundle"
        bundle.mkdir()
        shutil.copy(self.workbook / "classroom/classroom50/autograder.py",
                    bundle)
        (bundle / "assignment").write_text(
            self.assignment("/workbook"))
        done = self.run_in_root(
            {bundle: "/bundle", self.workbook: "/workbook",
             self.submission: "/checkout"},
            ["--chdir", "/checkout", "python3", "/bundle/autograder.py"],
            ENV)
        self.assertEqual(done.returncode, 0, done.stderr)
        result = valid(self.submission / "result.json", "classroom50.json")
        self.assertEqual((result["score"], result["max-score"]), (70, 110))

    def test_autolab(self):
        folder = self.place / "autolab"
        folder.mkdir()
        (self.workbook / "assignment").write_text(
            self.assignment("/workbook"))
        shutil.copy(self.workbook / "classroom/autolab/autograde-Makefile",
                    folder / "Makefile")
        subprocess.run(["tar", "-cf", folder / "autograde.tar", "-C",
                        self.place, "workbook/assignment"], check=True)
        subprocess.run(["tar", "-czf", folder / "handin.tar.gz", "-C",
                        self.submission, "."], check=True)
        done = self.run_in_root(
            {folder: "/autolab", self.workbook: "/workbook"},
            ["--chdir", "/autolab", "make"])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(
            json.loads(done.stdout.splitlines()[-1]),
            {"scores": {"09_fixture": 60, "hidden": 10}})

    def test_an_index_of_a_kubernetes_job(self):
        course = self.place / "course"
        shutil.copytree(self.submission, course / "submissions/ann")
        shutil.copytree(self.submission, course / "submissions/bob")
        (course / "assignment").write_text(self.assignment("/workbook"))
        done = self.run_in_root(
            {course: "/course", self.workbook: "/workbook"},
            ["/workbook/classroom/kubernetes/grade_index"],
            {"JOB_COMPLETION_INDEX": "1",
             "ASSIGNMENT_FILE": "/course/assignment"})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertFalse((course / "out/submissions/ann").exists())
        record = json.loads((course / "out/submissions/bob/result.json")
                            .read_text())
        self.assertEqual(record["score"], 70)


if __name__ == "__main__":
    unittest.main()
