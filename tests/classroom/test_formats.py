"""Each format, from a record that has every status, by its document."""

import csv
import io
import json
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import jsonschema

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "classroom"))
import export  # noqa: E402
import report  # noqa: E402

STATUSES = ["pass", "fail", "timeout", "crash", "not_written", "not_run"]
NASTY = ("::error::forged\n<script>alert(1)</script> & \"quotes\" 'x' "
         "100% a, b: c ]]> | pipe `code` caf\u00e9 \u2028 word: value")
ENV = {"CLASSROOM": "os-2027", "ASSIGNMENT": "lab-00", "OWNER": "ann",
       "ASSIGNMENT_TYPE": "individual",
       "SUBMISSION_TAG": "submit/2027-02-01T00-00-00Z-abc",
       "COMMIT_URL": "https://x/c", "RELEASE_URL": "https://x/r",
       "REVIEW_URL": "https://x/v"}


def test_of(status, number, points=10):
    passed = status == "pass"
    return {"name": f"00.a_{status}_{number}", "suite": "s", "step": "0.1",
            "points": points, "score": points if passed else 0,
            "bonus": False, "kind": "native", "status": status,
            "message": "" if passed else NASTY, "promise": "p: q, r",
            "seed": None, "schedules": None, "complete_bound": None,
            "duration": 0.25, "section": "", "replay": "",
            "file": "tests/00_channel/step_1.cpp", "line": 7}


def record_of(statuses, status="graded"):
    """A record; each status once, then one test not asked for."""
    tests = [test_of(each, i) for i, each in enumerate(statuses)]
    not_asked = test_of("not_run", 99, 40)
    not_asked["message"] = export.NOT_ASKED
    score = sum(test["score"] for test in tests)
    lab = {"schema": 1, "lab": "00_channel", "title": "Channel",
           "score": score, "max_score": 100, "bonus": 0,
           "tests": tests + [not_asked]}
    hidden = [{"name": "00.hidden_one", "step": "0.1", "points": 5,
               "score": 0, "status": "fail", "message": "SECRET",
               "duration": 0.1, "file": "h.cpp", "line": 1}]
    graded = status == "graded"
    return {"schema": 1, "submission": "=cmd|' /C calc'!A0",
            "status": status, "message": "" if graded else "why: so",
            "isolation": "reduced", "isolation_lacks": "no namespaces",
            "base": "solutions", "term": "2027-spring",
            "score": score if graded else None,
            "max_score": 105 if graded else None,
            "bonus": 0 if graded else None, "forged": [],
            "files": [{"file": "a\nb", "taken": False, "why": "no lab"}],
            "labs": [lab] if graded else [], "hidden":
            hidden if graded else [], "cpu_seconds": 1.5,
            "peak_kibibytes": 1, "duration": 2.5,
            "finished": "2027-02-01T12:00:00Z"}


RECORD = record_of(STATUSES)
NOT_GRADABLE = record_of([], "not_gradable")
INFRA = record_of([], "infra_error")


def valid(value, schema):
    schema = json.loads((HERE / "schemas" / schema).read_text())
    jsonschema.validate(value, schema)


class Formats(unittest.TestCase):
    def test_only_what_is_asked_for_counts(self):
        self.assertEqual(export.asked(RECORD), (10, 65))
        self.assertEqual(export.asked(RECORD, hidden=False), (10, 60))

    def test_gradescope(self):
        for record in (RECORD, NOT_GRADABLE):
            result = json.loads(export.gradescope(record))
            valid(result, "gradescope.json")
        result = json.loads(export.gradescope(RECORD))
        self.assertEqual(result["score"], 10)
        hidden = [t for t in result["tests"] if t["visibility"] != "visible"]
        self.assertEqual([t["name"] for t in hidden], ["00.hidden_one"])
        shown = [t for t in result["tests"] if t["visibility"] == "visible"]
        self.assertNotIn("SECRET", json.dumps(shown))

    def test_prairielearn(self):
        for record in (RECORD, NOT_GRADABLE):
            valid(json.loads(export.prairielearn(record)),
                  "prairielearn.json")
        text = export.prairielearn(RECORD)
        self.assertAlmostEqual(json.loads(text)["score"], 10 / 65)
        self.assertNotIn("SECRET", text)
        self.assertFalse(json.loads(
            export.prairielearn(NOT_GRADABLE))["gradable"])

    def test_prairielearn_stays_below_a_megabyte(self):
        big = record_of(["fail"] * 400)
        for test in big["labs"][0]["tests"]:
            test["message"] = "x" * 16000
        self.assertLess(len(export.prairielearn(big)), 1_000_000)

    def test_classroom50(self):
        for record in (RECORD, NOT_GRADABLE):
            result = json.loads(export.classroom50(record, ENV))
            valid(result, "classroom50.json")
            self.assertLessEqual(result["score"], result["max-score"])

    def test_autolab(self):
        lines = export.autolab(RECORD).splitlines()
        self.assertEqual(len(lines), 2)
        # As Autolab does it: quote each `word:`, then parse.
        quoted = [re.sub(r"([a-zA-Z]+):", r'"\1":', line)
                  for line in lines]
        presentation, scores = map(json.loads, quoted)
        self.assertEqual(scores, {"scores": {"00_channel": 10,
                                             "hidden": 0}})
        self.assertEqual(presentation["_presentation"], "semantic")
        self.assertEqual(set(presentation["stages"]),
                         set(presentation) - {"_presentation", "stages"})
        self.assertNotIn("SECRET", lines[0])

    def test_github(self):
        text = export.github(record_of(["fail"] * 30))
        lines = text.rstrip("\n").split("\n")
        self.assertEqual(len(lines), 10)
        for line in lines:
            self.assertRegex(line, r"^::error [^:\n]*::[^\r\n]*$")
        self.assertIn("21 more tests", lines[-1])

    def test_github_summary(self):
        text = export.github_summary(RECORD)
        self.assertNotIn("<script>", text)
        self.assertNotIn("SECRET", text)
        rows = [row for row in text.splitlines() if row.startswith("| 00")]
        self.assertEqual(len(rows), len(STATUSES))

    def test_junit(self):
        record = record_of(STATUSES + ["infrastructure"])
        record["labs"][0]["tests"][1]["message"] = "bad \x00\x1b\ufffe"
        text = export.junit(record)
        suites = ElementTree.fromstring(text).findall("testsuite")
        cases = [case for suite in suites for case in suite]
        names = [(case.get("classname"), case.get("name"))
                 for case in cases]
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual(sum(case.find("error") is not None
                             for case in cases), 1)
        self.assertEqual(sum(case.find("failure") is not None
                             for case in cases), 6)
        for suite in suites:
            self.assertEqual(int(suite.get("tests")), len(list(suite)))
        done = subprocess.run(
            ["xmllint", "--noout", "--relaxng",
             str(HERE / "schemas" / "junit.rng"), "-"],
            input=text.encode(), capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode())

    def test_check50(self):
        for record in (RECORD, NOT_GRADABLE, INFRA):
            valid(json.loads(export.check50(record)), "check50.json")
        self.assertNotIn("SECRET", export.check50(RECORD))

    def test_an_infrastructure_failure_is_no_mark(self):
        for name in ("gradescope", "prairielearn", "classroom50",
                     "autolab"):
            with self.assertRaises(export.NoMark, msg=name):
                export.FORMATS[name](INFRA)
        self.assertIn("errors=\"1\"", export.junit(INFRA))
        self.assertIn("error", json.loads(export.check50(INFRA)))
        for table in (report.canvas_csv({"a": INFRA}, {}, "Lab", 100),
                      report.moodle_csv({"a": INFRA}, {}, "Lab", 100)):
            self.assertNotIn("calc", table)

    def test_wrong_requests_are_one_line(self):
        with tempfile.TemporaryDirectory() as folder:
            broken = Path(folder) / "broken.json"
            broken.write_text('{"schema": 1, "labs": [')
            for words in (["nonsense", "x"], ["junit", "/nowhere"],
                          ["junit", str(broken)]):
                done = subprocess.run(
                    [sys.executable, export.__file__, *words],
                    capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 2, words)
                self.assertEqual(len(done.stderr.splitlines()), 1, words)
                self.assertEqual(done.stdout, "")


class Marks(unittest.TestCase):
    def test_a_spreadsheet_computes_nothing(self):
        rows = list(csv.reader(io.StringIO(
            report.grades_csv({"a": RECORD}))))
        self.assertTrue(rows[1][0].startswith("'="))

    def test_canvas(self):
        roster = {RECORD["submission"]: {
            "name": "Ann", "canvas_id": "17", "sis_user_id": "u",
            "sis_login_id": "ann", "section": "A"}}
        rows = list(csv.reader(io.StringIO(report.canvas_csv(
            {"a": RECORD}, roster, "Labs 00", 65))))
        self.assertEqual(rows[0][:5], ["Student", "ID", "SIS User ID",
                                       "SIS Login ID", "Section"])
        self.assertTrue(rows[1][0].startswith("Points Possible"))
        self.assertEqual(rows[2], ["Ann", "17", "u", "ann", "A", "10"])

    def test_pages_are_escaped(self):
        text = report.student_page(RECORD)
        self.assertNotIn("<script>", text)
        self.assertNotIn("SECRET", text)
        self.assertIn("Of these, 0 of 5", text)

    def test_similar_submissions_are_listed(self):
        body = "\n".join(
            f"int f{i}(int a) {{ while (a > {i}) a -= {i} + 1; "
            f"return a * {i}; }}" for i in range(30))
        other = "\n".join(
            f"std::string g{i}(char c) {{ if (c == {i}) throw {i}; else "
            f"return std::string({i}, c); }}" for i in range(30))
        renamed = re.sub(r"\ba\b", "total", body)
        pairs = report.similar_pairs(
            {"ann": body, "bob": renamed, "cal": other})
        self.assertEqual({frozenset(pair[:2]) for pair in pairs},
                         {frozenset(("ann", "bob"))})


if __name__ == "__main__":
    unittest.main()
