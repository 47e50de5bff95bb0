#!/usr/bin/env python3
"""The record of a submission in the words of other systems.

    classroom/export.py FORMAT RECORD [OUT]

RECORD is what `workbook grade-submission` writes; OUT is a file, else
standard output. Exit status 0: written. 2: there is nothing to write
that the system would not take for a mark (`infra_error` where a system
knows no such thing), or the request is wrong. The instructor's guide
says what each format carries, and from which document it is.
"""

import json
import os
import re
import sys
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

NOT_ASKED = "is not part of this assignment"


class NoMark(Exception):
    """The record holds no mark, and the format has no word for that."""


# ---- What all formats are made from ------------------------------------


class Item:
    """One test, its points as integers, its text without control codes."""

    def __init__(self, test, lab, hidden=False):
        self.name = test["name"]
        self.lab = lab
        self.step = test["step"]
        self.points = test["points"]
        self.score = test["score"]
        self.bonus = test.get("bonus", False)
        self.status = test["status"]
        self.passed = test["status"] == "pass"
        self.message = test["message"]
        self.promise = test.get("promise", "")
        self.seconds = test["duration"]
        self.file = test.get("file", "")
        self.line = test.get("line", 1)
        self.hidden = hidden
        self.skipped = test["message"] == NOT_ASKED

    def text(self):
        """What a student reads: what was promised, and what happened."""
        parts = [f"promised: {self.promise}"] if self.promise else []
        if not self.passed:
            parts.append(f"{self.status}: {self.message}")
        return "\n".join(parts)

    def first_line(self):
        return (self.message.splitlines() or [self.status])[0]


def items(record, hidden=True):
    """The tests of a record. Those beyond the assignment are left out."""
    found = [Item(test, lab["lab"]) for lab in record["labs"]
             for test in lab["tests"]]
    if hidden:
        found += [Item(test, "hidden", True) for test in record["hidden"]]
    return [item for item in found if not item.skipped]


def asked(record, hidden=True):
    """Score and maximum of what the assignment asks for."""
    counted = [item for item in items(record, hidden) if not item.bonus]
    return (sum(item.score for item in counted),
            sum(item.points for item in counted))


def heading(record):
    lines = [record["message"]] if record["message"] else []
    if record["isolation"] != "full":
        lines.append(f"reduced isolation: {record['isolation_lacks']}")
    lines += [f"not taken: {shown(each['file'])}: {each['why']}"
              for each in record["files"] if not each["taken"]][:20]
    return "\n".join(lines)


def shown(name):
    """A file's name on one line."""
    return json.dumps(name, ensure_ascii=False)[1:-1]


def need_mark(record):
    if record["status"] == "infra_error":
        raise NoMark(record["message"] or "infrastructure")


def cut(text, most):
    return text if len(text) <= most else text[:most - 10] + "\n… (cut)"


def as_json(value):
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


# ---- Gradescope ---------------------------------------------------------


def gradescope(record):
    """results.json. A run that failed leaves no file: that alone is what
    Gradescope calls failed."""
    need_mark(record)
    score, _ = asked(record)
    tests = [{"name": item.name, "number": item.step,
              "score": item.score,
              "max_score": 0 if item.bonus else item.points,
              "status": "passed" if item.passed else "failed",
              "output": cut(item.text(), 20000), "output_format": "text",
              "visibility": "after_published" if item.hidden
              else "visible"}
             for item in items(record) if not item.bonus]
    return as_json({
        "score": score, "execution_time": round(record["duration"], 1),
        "output": heading(record) or "graded", "output_format": "text",
        "stdout_visibility": "hidden",
        "extra_data": {"status": record["status"],
                       "isolation": record["isolation"],
                       "bonus": record["bonus"] or 0,
                       "forged": record["forged"]},
        **({"tests": tests} if tests else {})})


# ---- PrairieLearn -------------------------------------------------------


def prairielearn(record):
    """results.json: a share between 0 and 1. Hidden tests count and are
    not listed, for it has no visibility of single tests."""
    need_mark(record)
    if record["status"] == "not_gradable":
        return as_json({"gradable": False,
                        "format_errors": [cut(heading(record), 5000)]})
    score, most = asked(record)
    room = 800_000 // max(1, len(items(record)))
    tests = [{"name": item.name, "description": item.promise,
              "points": item.score, "max_points": item.points,
              "message": cut(item.text(), min(room, 8000))}
             for item in items(record, hidden=False) if not item.bonus]
    return as_json({"gradable": True,
                    "score": score / most if most else 0.0,
                    "message": cut(heading(record), 5000),
                    "tests": tests})


# ---- Classroom 50 -------------------------------------------------------


def classroom50(record, env=os.environ):
    """result.json, whose top level takes no other keys."""
    need_mark(record)
    score, most = asked(record)
    tests = [{"test-name": item.name, "passed": item.passed,
              "score": item.score, "max-score": item.points,
              "message": cut(item.text(), 2000)}
             for item in items(record) if not item.bonus]
    if record["status"] == "not_gradable":
        tests = [{"test-name": "the submission", "passed": False,
                  "score": 0, "max-score": 0,
                  "message": cut(heading(record), 2000)}]
    return as_json({
        "schema": "classroom50/result/v1",
        "classroom": env["CLASSROOM"], "assignment": env["ASSIGNMENT"],
        "assignment_type": env.get("ASSIGNMENT_TYPE", "individual"),
        "owner": env.get("OWNER") or env["USERNAME"],
        "submission": env["SUBMISSION_TAG"],
        "commit": env["COMMIT_URL"], "release": env["RELEASE_URL"],
        "review": env["REVIEW_URL"], "datetime": record["finished"],
        "score": score, "max-score": most, "tests": tests})


# ---- Autolab ------------------------------------------------------------


def quiet(text):
    """Autolab quotes every `word:` of the line, within texts too."""
    return text.replace(":", ";")


def autolab(record):
    """The last two lines of standard output: how each test went, and the
    scores of the problems, which are called as the labs are."""
    need_mark(record)
    stages = {}
    for item in items(record, hidden=False):
        stages.setdefault(item.step, {})[quiet(item.name)] = {
            "passed": item.passed,
            **({} if item.passed
               else {"hint": quiet(cut(item.first_line(), 300))})}
    scores = {}
    for item in items(record):
        if not item.bonus:
            lab = item.lab if not item.hidden else "hidden"
            scores[lab] = scores.get(lab, 0) + item.score
    lines = [{"_presentation": "semantic", "stages": list(stages),
              **stages}, {"scores": scores}]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n"
                   for line in lines)


# ---- GitHub Actions -----------------------------------------------------


def github_escaped(text, in_property=False):
    text = (text.replace("%", "%25").replace("\r", "%0D")
            .replace("\n", "%0A"))
    return (text.replace(":", "%3A").replace(",", "%2C")
            if in_property else text)


def github(record):
    """Annotations: GitHub shows ten errors of a step and drops the rest
    in silence, so the tenth says how many there are."""
    failed = [item for item in items(record) if not item.passed
              and not item.hidden]
    lines = []
    for item in failed[:9]:
        place = re.search(r"(labs/[^\s:]+):(\d+)", item.first_line())
        file, line = (place.groups() if place
                      else (item.file, item.line))
        lines.append(
            f"::error file={github_escaped(file, True)},line={line},"
            f"title={github_escaped(item.name, True)}"
            f"::{github_escaped(cut(item.text(), 4000))}")
    if len(failed) > 9:
        lines.append(f"::error title=more::{len(failed) - 9} more tests "
                     "do not pass; the summary lists them")
    if record["status"] != "graded":
        lines.insert(0, "::error title=not graded::"
                     + github_escaped(heading(record)))
    return "".join(line + "\n" for line in lines[:10])


def markdown(text):
    text = re.sub(r"([\\`*_{}\[\]()#+!|~])", r"\\\1", escape(text))
    return text.replace("\n", "<br>")


def github_summary(record):
    """Markdown for GITHUB_STEP_SUMMARY, which takes up to 1 MiB."""
    if record["status"] != "graded":
        return f"### Not graded\n\n{markdown(heading(record))}\n"
    score, most = asked(record)
    lines = [f"### {score} of {most}", "",
             "| test | step | points | what happened |",
             "|:-----|:-----|-------:|:--------------|"]
    for item in items(record, hidden=False):
        lines.append(f"| {markdown(item.name)} | {item.step} | "
                     f"{item.score} of {item.points} | "
                     + ("passes" if item.passed else
                        markdown(cut(item.first_line(), 300))) + " |")
    return cut("\n".join(lines) + "\n", 900_000)


# ---- JUnit --------------------------------------------------------------


def xml_text(text):
    """XML 1.0 has no way to write most control characters."""
    return re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]",
                  "\ufffd", text)


def junit_case(item):
    attributes = (f"classname={quoteattr(item.lab + '.' + item.step)} "
                  f"name={quoteattr(item.name)} "
                  f"file={quoteattr(item.file)} "
                  f"time=\"{item.seconds:.3f}\"")
    points = (f"<properties><property name=\"points\" "
              f"value=\"{item.points}\"/><property name=\"score\" "
              f"value=\"{item.score}\"/></properties>")
    body = ""
    if not item.passed:
        kind = "error" if item.status == "infrastructure" else "failure"
        body = (f"<{kind} type=\"{item.status}\" "
                f"message={quoteattr(xml_text(item.first_line()))}>"
                f"{escape(xml_text(item.text()))}</{kind}>")
    return f"<testcase {attributes}>{points}{body}</testcase>"


def junit(record):
    """JUnit XML: `failure` is the submission's, `error` the machine's."""
    suites = []
    for lab in dict.fromkeys(item.lab for item in items(record)):
        own = [item for item in items(record) if item.lab == lab]
        errors = sum(item.status == "infrastructure" for item in own)
        failures = sum(not item.passed for item in own) - errors
        seconds = sum(item.seconds for item in own)
        suites.append(
            f"<testsuite name={quoteattr(lab)} tests=\"{len(own)}\" "
            f"failures=\"{failures}\" errors=\"{errors}\" skipped=\"0\" "
            f"time=\"{seconds:.3f}\">\n"
            + "\n".join(junit_case(item) for item in own)
            + "\n</testsuite>\n")
    if record["status"] != "graded":
        kind = ("error" if record["status"] == "infra_error"
                else "failure")
        why = escape(xml_text(heading(record)))
        suites.append(
            "<testsuite name=\"submission\" tests=\"1\" "
            f"failures=\"{int(kind == 'failure')}\" "
            f"errors=\"{int(kind == 'error')}\" skipped=\"0\" "
            "time=\"0.000\">\n<testcase classname=\"submission\" "
            "name=\"is graded\" time=\"0.000\">"
            f"<{kind} type=\"{record['status']}\" "
            f"message={quoteattr(xml_text(record['message']))}>"
            f"{why}</{kind}></testcase>\n</testsuite>\n")
    return ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
            + "".join(suites) + "</testsuites>\n")


# ---- check50 ------------------------------------------------------------


def check50(record):
    """JSON as check50 3 prints it; it knows no points."""
    head = {"slug": "/".join(lab["lab"] for lab in record["labs"])
            or record["submission"], "version": "3.3.11"}
    if record["status"] != "graded":
        return as_json({**head, "error": {
            "type": record["status"], "value": heading(record),
            "traceback": [], "data": {}}})
    results = [{
        "name": item.name, "description": item.promise or item.name,
        # null is what could not be run at all
        "passed": True if item.passed else
        None if item.status in ("not_run", "infrastructure") else False,
        "log": item.message.splitlines(),
        "cause": None if item.passed else {
            "rationale": item.first_line(), "help": None},
        "data": {"points": item.points, "score": item.score},
        "dependency": None}
        for item in items(record, hidden=False)]
    return as_json({**head, "results": results})


FORMATS = {
    "gradescope": gradescope, "prairielearn": prairielearn,
    "classroom50": classroom50, "autolab": autolab, "github": github,
    "github-summary": github_summary, "junit": junit,
    "check50": check50}


def write_whole(file, text):
    """Beside it first, then renamed: nobody reads half a file."""
    part = Path(f"{file}.part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, file)


def read_record(file):
    record = json.loads(Path(file).read_text(encoding="utf-8"))
    if record.get("schema") != 1 or "labs" not in record:
        raise ValueError("it is no record of a submission")
    return record


def main(words):
    if len(words) not in (2, 3) or words[0] not in FORMATS:
        print(f"usage: export.py FORMAT RECORD [OUT]; the formats are: "
              f"{', '.join(FORMATS)}", file=sys.stderr)
        return 2
    try:
        text = FORMATS[words[0]](read_record(words[1]))
        if len(words) == 3:
            write_whole(words[2], text)
        else:
            sys.stdout.write(text)
        return 0
    except NoMark as why:
        print(f"export: not graded: {why}", file=sys.stderr)
    except KeyError as why:
        print(f"export: {why.args[0]} is not set", file=sys.stderr)
    except (OSError, ValueError) as why:
        print(f"export: {words[1]}: {why}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
