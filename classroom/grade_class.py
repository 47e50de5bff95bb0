#!/usr/bin/env python3
"""Grades a folder of submissions, one process each.

    make class SUBMISSIONS=dir OUT=dir LABS=00,01 [JOBS=2] [TERM=…]
               [PRIVATE=dir] [ROSTER=file.csv] [STEPS=..1.4]

Every entry of SUBMISSIONS (a folder, a tar or a zip) is one submission,
called as it is without its ending. OUT gets

    submissions/<name>/result.json   the record, written whole
    grades.csv, canvas.csv, moodle.csv
    class.html, students/<name>.html

Run again, it grades what has no record, whose submission has changed,
or where the machine failed; so it goes on after it was ended at any
point. Exit status 0: all were graded; 2: for some the machine failed,
and they have no mark.
"""

import argparse
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import export  # noqa: E402
import report  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
ENDINGS = (".tar.gz", ".tar.xz", ".tar.zst", ".tgz", ".tar", ".zip")
LONGEST = 3600  # seconds of wall time for one submission: the machine's


class Problem(Exception):
    """What ends the command with one line."""


# ---- The submissions ----------------------------------------------------


def name_of(path):
    name = path.name
    for ending in ENDINGS:
        if path.is_file() and name.lower().endswith(ending):
            return name[:-len(ending)]
    return name


def slug_of(name):
    """A file's name that no name of a submission can misuse."""
    raw = os.fsencode(name)
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "_",
                   raw.decode("ascii", "replace")).strip("._")[:60]
    if plain == name:
        return plain
    return f"{plain}-{hashlib.sha256(raw).hexdigest()[:8]}".strip("-")


def submissions_in(folder):
    found = {}
    try:
        entries = sorted(folder.iterdir(), key=lambda e: os.fsencode(e))
    except OSError as why:
        raise Problem(f"{folder}: {why.strerror}") from why
    for entry in entries:
        if entry.name.startswith(".") or entry.suffix == ".csv":
            continue
        slug = slug_of(name_of(entry))
        if slug in found:
            raise Problem(f"{found[slug].name!r} and {entry.name!r} are "
                          "of the same name; keep the one that counts")
        found[slug] = entry
    if not found:
        raise Problem(f"{folder}: there is no submission in it")
    return found


def add_file(digest, path):
    """Names and bytes; links by their target, nothing else is read."""
    digest.update(os.fsencode(str(path)) + b"\0")
    if path.is_symlink():
        digest.update(os.fsencode(os.readlink(path)))
    elif path.is_file():
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)


def fingerprint(entry, grader):
    """What the record of a submission depends on."""
    digest = hashlib.sha256(grader.encode())
    if entry.is_dir() and not entry.is_symlink():
        for path in sorted(entry.rglob("*"), key=lambda p: os.fsencode(p)):
            add_file(digest, path)
    else:
        add_file(digest, entry)
    return digest.hexdigest()


def grader_fingerprint(options):
    digest = hashlib.sha256(repr([
        options.labs, options.term, options.base, options.up_to,
        str(options.private)]).encode())
    folders = [options.root / "tests" / "grading",
               options.root / "tests" / "explore"]
    for folder in (options.root / "tests", options.private):
        if folder:
            folders += [each for each in sorted(folder.iterdir())
                        if re.match(r"\d\d_", each.name)]
    for folder in folders:
        for path in sorted(folder.rglob("*.[ch]pp")):
            add_file(digest, path)
    return digest.hexdigest()


# ---- One of them --------------------------------------------------------


def command_for(entry, out, options):
    # An end of this program ends the gradings that it has begun.
    command = ["setpriv", "--pdeathsig", "KILL", str(options.workbook),
               "grade-submission", str(entry), str(out),
               "--labs", options.labs, "--base", options.base,
               "--root", str(options.root), "--build",
               str(options.build)]
    if options.term:
        command += ["--term", options.term]
    if options.up_to:
        command += ["--up-to", options.up_to]
    if options.private:
        command += ["--hidden", str(options.private)]
    return command


def infrastructure(name, why):
    """The record where not even the grader could write one."""
    return {"schema": 1, "submission": name, "status": "infra_error",
            "message": why, "isolation": "full", "isolation_lacks": "",
            "base": "", "term": "", "score": None, "max_score": None,
            "bonus": None, "forged": [], "files": [], "labs": [],
            "hidden": [], "cpu_seconds": 0, "peak_kibibytes": 0,
            "duration": 0, "finished": ""}


def grade(entry, out, options):
    """Runs the grader; its record is in out/result.json afterwards."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "result.json").unlink(missing_ok=True)
    try:
        done = subprocess.run(
            command_for(entry, out, options), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=LONGEST, check=False)
        why = done.stdout.decode("utf-8", "replace").strip()
    except subprocess.TimeoutExpired:
        why = f"grading did not end in {LONGEST} s"
    if not (out / "result.json").exists():
        export.write_whole(out / "result.json", export.as_json(
            infrastructure(name_of(entry), why[-2000:])))


def is_done(entry, out, wanted):
    """Whether the record there is of this submission, and a mark."""
    try:
        state = (out / "inputs").read_text()
        record = export.read_record(out / "result.json")
    except (OSError, ValueError):
        return False
    return state == wanted and record["status"] != "infra_error"


def note_attempt(out, record):
    """A line for every time that another submission was graded."""
    line = json.dumps({"finished": record["finished"],
                       "status": record["status"],
                       "score": record["score"]})
    with (out / "attempts").open("a") as file:
        file.write(line + "\n")


# ---- All of them --------------------------------------------------------


class Progress:
    """One line for each; on a terminal a bar below them."""

    def __init__(self, total):
        self.total, self.done, self.lock = total, 0, threading.Lock()
        self.bar = sys.stdout.isatty()

    def show(self, words):
        with self.lock:
            self.done += 1
            width = 30 * self.done // max(1, self.total)
            clear = "\r\033[K" if self.bar else ""
            print(f"{clear}  {self.done:>4} of {self.total}  {words}",
                  flush=True)
            if self.bar and self.done < self.total:
                print(f"  [{'#' * width}{'.' * (30 - width)}]", end="",
                      flush=True)


def grade_one(slug, entry, options, grader):
    out = options.out / "submissions" / slug
    wanted = fingerprint(entry, grader)
    if is_done(entry, out, wanted):
        return slug, export.read_record(out / "result.json"), False
    (out / "inputs").unlink(missing_ok=True)
    grade(entry, out, options)
    record = export.read_record(out / "result.json")
    note_attempt(out, record)
    export.write_whole(out / "inputs", wanted)
    return slug, record, True


def lock(out):
    """One run at a time writes there; the lock ends with the process."""
    out.mkdir(parents=True, exist_ok=True)
    file = (out / ".lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as why:
        raise Problem(f"{out}: another run is at work there") from why
    return file


def grade_all(found, options):
    grader = grader_fingerprint(options)
    progress = Progress(len(found))
    records = {}
    with ThreadPoolExecutor(options.jobs) as pool:
        pending = {pool.submit(grade_one, slug, entry, options, grader):
                   slug for slug, entry in found.items()}
        for each in as_completed(pending):
            slug = pending[each]
            try:
                _, record, fresh = each.result()
            except Exception as why:  # one must not stop the others
                record, fresh = infrastructure(
                    name_of(found[slug]), f"{type(why).__name__}: {why}"), True
            records[slug] = record
            progress.show(f"{slug}: {report.mark(record)}"
                          + ("" if fresh else " (as before)"))
    return {slug: records[slug] for slug in found}


def options_of(words):
    parser = argparse.ArgumentParser(prog="class", allow_abbrev=False)
    parser.add_argument("submissions", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--labs", required=True)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--term", default="")
    parser.add_argument("--up-to", default="")
    parser.add_argument("--base", default="solutions")
    parser.add_argument("--private", type=Path)
    parser.add_argument("--roster", type=Path)
    parser.add_argument("--root", type=Path, default=ROOT)
    parser.add_argument("--build", type=Path,
                        default=ROOT / "build" / "explore")
    parser.add_argument("--workbook", type=Path)
    options = parser.parse_args(words)
    if not 1 <= options.jobs <= 256:
        raise Problem(f"JOBS is {options.jobs}; 1 to 256 is right")
    options.up_to = options.up_to.removeprefix("..")
    for name in ("submissions", "private", "roster"):
        path = getattr(options, name)
        if path and not path.exists():
            raise Problem(f"{path}: is not there")
    options.private = options.private and options.private.resolve()
    options.workbook = options.workbook or (
        options.build / "tests" / "workbook" / "workbook")
    if not shutil.which("setpriv"):
        raise Problem("setpriv is not installed (package: util-linux)")
    return options


def main(words):
    try:
        options = options_of(words)
        found = submissions_in(options.submissions)
        roster = report.read_roster(options.roster)
        started = time.monotonic()
        held = lock(options.out)
        records = grade_all(found, options)
        sources = report.sources_of(records, options)
        report.write_all(records, roster, sources, options)
        held.close()
    except (Problem, report.Problem) as why:
        print(f"class: {why}", file=sys.stderr)
        return 2
    failed = sum(each["status"] == "infra_error"
                 for each in records.values())
    print(f"class: {len(records) - failed} of {len(records)} submissions "
          f"graded in {time.monotonic() - started:.0f} s; "
          f"{options.out}/grades.csv, class.html")
    return 2 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
