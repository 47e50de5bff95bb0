#!/usr/bin/env python3
"""Writes a git repository for students.

    make handout OUT=dir [LABS=00-04] [STEPS=..6.9] [TERM=2027-spring]
                 [HINTS=off] [BOOK=off]

What goes in: the labs as skeletons, their tests, the grader, the book
without solutions and answers, a README, a workflow, `make submit`. What
stays out: solutions, mutants, alternatives, hidden tests. Labs that a
chosen one rests on are added. A "break it" step runs a wrong solution,
which would show the right one, and "test it" runs several: a handout
says of both that they are graded where they are handed in.

Everything is made in a folder beside OUT, searched for lines of the
solutions, committed once, and renamed. Exit status 2: it was not made.
"""

import argparse
import html
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORKBOOK = ROOT / "build" / "explore" / "tests" / "workbook" / "workbook"
AS_IT_IS = [
    "CMakeLists.txt", "CMakePresets.json", "LICENSE", ".clang-format",
    ".gitignore", ".ci/build", ".ci/need", ".ci/packages",
    "tests/chapter.cmake", "tests/flags.cmake", "tests/packages.cmake",
    "tests/platform.cmake", "tests/test_it.cmake", "tests/grading",
    "tests/explore", "tests/workbook"]
LEFT_OUT = {"tests/workbook/fixture", "tests/workbook/classroom/fixture"}
LEFT_OUT_NAMES = re.compile(
    r"(?!run_test)\w+_test\.cpp|hostile_cases\..pp|bench\.cpp|toy_pool_test\.hpp")


class Problem(Exception):
    """What ends the command with one line."""


def run(command, folder, **more):
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, **more)
    if done.returncode != 0:
        raise Problem(f"{' '.join(map(str, command[:3]))} failed:\n"
                      + done.stdout.decode("utf-8", "replace")[-3000:])


# ---- Which labs ---------------------------------------------------------


def chapters():
    found = {}
    for file in sorted((ROOT / "tests").glob("[0-9][0-9]_*/chapter.json")):
        chapter = json.loads(file.read_text())
        found[chapter["lab"]] = chapter
    return found


def chosen(wanted, known):
    """The labs that `00-02,04` means, and those that they rest on."""
    numbers = {lab[:2]: lab for lab in known}
    labs = set()
    for part in wanted.split(",") if wanted else list(numbers):
        first, _, last = part.strip().partition("-")
        first, last = first.zfill(2), (last or first).zfill(2)
        if not part.strip() or first not in numbers or last not in numbers or first > last:
            raise Problem(f"LABS={wanted}: there is no \"{part}\"; the "
                          f"labs are {', '.join(numbers)}")
        labs |= {lab for number, lab in numbers.items()
                 if first <= number <= last}
    more = set(labs)
    while more:
        more = {each for lab in more for each in known[lab]["rests_on"]}
        more -= labs
        labs |= more
    return sorted(labs)


# ---- What goes in -------------------------------------------------------


def copy(source, target):
    if source.is_dir():
        for each in sorted(source.iterdir()):
            if (str(each.relative_to(ROOT)) not in LEFT_OUT
                    and not LEFT_OUT_NAMES.fullmatch(each.name)):
                copy(each, target / each.name)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


def copy_grader(out, labs):
    for name in AS_IT_IS:
        copy(ROOT / name, out / name)
    lists = (ROOT / "tests" / "CMakeLists.txt").read_text().splitlines()
    kept = [line for line in lists
            if not line.startswith("workbook_chapter(")]
    kept += [f"workbook_chapter({lab})" for lab in labs]
    (out / "tests" / "CMakeLists.txt").write_text("\n".join(kept) + "\n")


def files_of(chapter):
    names = list(chapter["files"])
    for step in chapter["steps"]:
        if step.get("file") and step["file"] not in names:
            names.append(step["file"])
    return names


def stub(text):
    """The tests of a "test it" file by name and points, with no body."""
    heads = re.findall(r"^((?:GRADED|EXPLORED)\s*\([^{]*?\))\s*\{", text,
                       re.MULTILINE)
    tests = "\n\n".join(
        f"{head} {{\n  GTEST_SKIP() << \"graded where it is handed "
        "in\";\n}" for head in heads)
    return ("// Judges your tests by wrong solutions, which a handout "
            "does not have.\n\n#include \"grading/grading.hpp\"\n\n"
            + tests + "\n")


def copy_lab(out, lab, chapter):
    given = out / "tests" / lab / "given"
    run([WORKBOOK, "skeleton", "--chapter", lab, "--step", "0", "--out",
         given, "--root", ROOT], ROOT)
    shutil.copytree(given, out / "labs" / lab)
    steps = []
    for step in chapter["steps"]:
        if "pools" in step:
            for test in step["tests"]:
                source = (ROOT / "tests" / lab / test).read_text()
                (out / "tests" / lab / test).write_text(stub(source))
        steps.append({key: value for key, value in step.items()
                      if key not in ("mutant", "pools")})
    for file in sorted((ROOT / "tests" / lab).iterdir()):
        target = out / "tests" / lab / file.name
        if file.suffix in (".cpp", ".hpp") and not target.exists():
            copy(file, target)
    (out / "tests" / lab / "bench.cpp").unlink(missing_ok=True)
    (out / "tests" / lab / "chapter.json").write_text(
        json.dumps({**chapter, "steps": steps}, indent=1,
                   ensure_ascii=False) + "\n")


# ---- The book -----------------------------------------------------------


def without_answers(text):
    """The prose less solutions, listings of them, and folded answers."""
    text = re.sub(r"^\\answer\{.*?^\\endanswer\n", "", text,
                  flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"^\\(solution|listing)\{.*?\}\n", "", text,
                  flags=re.MULTILINE | re.DOTALL)


def copy_hints(out, labs):
    for lab in labs:
        source = ROOT / "book" / "hints" / lab
        if source.is_dir():
            shutil.copytree(source, out / "book" / "hints" / lab)


def build_book(out, labs, hints):
    """Builds it where `solutions` holds the skeletons, so that the pages
    of the API show contracts and nothing else."""
    stage = out / ".stage"
    shutil.copytree(ROOT / "book", stage / "book", ignore=shutil.
                    ignore_patterns("instructors_guide.md"))
    for page in sorted((stage / "book").glob("*.md")):
        chapter = re.match(r"\d\d_", page.name)
        if chapter and page.stem not in labs:
            page.unlink()
            continue
        text = without_answers(page.read_text())
        if not hints:
            text = re.sub(r"^\\hints\{.*?\}\n", "", text, flags=re.M)
            text = re.sub(r"^\\hint\{.*?^\\endhint\n", "", text,
                          flags=re.M | re.S)
        page.write_text(text)
    arc = json.loads((stage / "book" / "arc.json").read_text())
    (stage / "book" / "arc.json").write_text(json.dumps(arc))
    for trace in (stage / "book" / "traces").glob("*.json"):
        story = json.loads(trace.read_text())
        for step in story.get("steps", []):
            step.pop("text", None)  # lines of the code that ran
        trace.write_text(json.dumps(story))
    for lab in labs:
        for name in ("solutions", "labs"):
            shutil.copytree(out / "labs" / lab, stage / name / lab)
        copy(out / "tests" / lab / "chapter.json",
             stage / "tests" / lab / "chapter.json")
    try:
        run(["book/build.sh"], stage)
        (out / "book").mkdir(exist_ok=True)
        shutil.copytree(stage / "build" / "book" / "html",
                        out / "book" / "html")
    finally:
        shutil.rmtree(stage)


# ---- Nothing that gives it away -----------------------------------------


def code_lines(folder):
    found = set()
    for file in folder.rglob("*"):
        if file.suffix in (".hpp", ".cpp", ".S", ".schedule"):
            found |= {line.strip()
                      for line in file.read_text(errors="replace")
                      .splitlines()}
    return found


def secret_lines(labs):
    """Lines that only the solutions have."""
    solved = set()
    for lab in labs:
        solved |= code_lines(ROOT / "solutions" / lab)
    for known in ("tests/grading", "tests/explore", "tests/workbook"):
        solved -= code_lines(ROOT / known)
    for lab in labs:
        for file in (ROOT / "tests" / lab).glob("*.?pp"):
            solved -= {line.strip()
                       for line in file.read_text().splitlines()}
    return {line for line in solved
            if len(line) >= 24 and not line.startswith(("//", "#"))}


def shown_openly(labs, hints):
    """Lines that the prose shows to every reader, and the hints."""
    pages = [without_answers(page.read_text())
             for page in (ROOT / "book").glob("*.md")]
    if hints:
        pages += [file.read_text() for lab in labs for file in
                  (ROOT / "book" / "hints" / lab).glob("*.md")]
    return {line.strip() for page in pages for line in page.splitlines()}


def leaks(out, labs, hints=True):
    """Where a file of the handout has a line of a solution."""
    given = shown_openly(labs, hints)
    for lab in labs:
        given |= code_lines(out / "tests" / lab / "given")
    secrets = secret_lines(labs) - given
    found = []
    for file in sorted(out.rglob("*")):
        if not file.is_file() or ".git" in file.parts:
            continue
        text = file.read_text(errors="replace")
        if file.suffix == ".html":
            text = html.unescape(re.sub(r"<[^>]*>", "", text))
        lines = {line.strip() for line in text.splitlines()}
        lines |= {re.sub(r"^\d+\s*", "", line) for line in lines}
        for line in sorted(lines & secrets)[:3]:
            found.append(f"{file.relative_to(out)}: {line}")
    for name in ("solutions", "mutants", "alternatives"):
        found += [f"{path.relative_to(out)}: a folder of that name"
                  for path in out.rglob(name) if path.is_dir()]
    return found


# ---- The whole ----------------------------------------------------------


def readme(labs, known, options):
    rows = "\n".join(f"| `labs/{lab}` | {known[lab]['title']} | "
                     f"{sum(step.get('minutes', 0) for step in known[lab]['steps']) / 60:.0f} h |"
                     for lab in labs)
    upto = (f"\nThe assignment ends with step {options.steps}; later "
            "steps are yours to do.\n" if options.steps else "")
    term = f" {options.term}" if options.term else ""
    return f"""# From Pool to Scheduler{term}

Labs on concurrency in C++20. On Debian 12, Ubuntu 24.04 or a newer one:

```sh
.ci/need make && make
```

builds the labs, grades them, and says what to do next. `make help` lists
the rest. The book is `book/html/index.html`.

| what you edit | lab | about |
|:--------------|:----|:------|
{rows}
{upto}
`make submit` packs the files that are to be handed in, and no others.
They are graded with the tests that you have, perhaps under other
schedules and with further tests. "Break it" and "test it" steps are
graded there alone: write the schedule or the tests, and hand them in.
"""


def commit(out):
    who = {"GIT_AUTHOR_NAME": "course", "GIT_AUTHOR_EMAIL": "course@localhost",
           "GIT_COMMITTER_NAME": "course",
           "GIT_COMMITTER_EMAIL": "course@localhost",
           "GIT_CONFIG_GLOBAL": "/dev/null"}
    env = {**os.environ, **who}
    for variable in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        env.pop(variable, None)
    run(["git", "init", "-q", "-b", "main"], out, env=env)
    run(["git", "add", "-A"], out, env=env)
    run(["git", "commit", "-q", "-m", "Labs as given out"], out, env=env)


def make(options):
    known = chapters()
    labs = chosen(options.labs, known)
    final = options.out.absolute()
    if final.exists() and (not final.is_dir() or any(final.iterdir())):
        raise Problem(f"{options.out}: is there already; nothing is "
                      "overwritten")
    if not shutil.which("git"):
        raise Problem("git is not installed (package: git)")
    out = final.parent / f".{final.name}.part"
    shutil.rmtree(out, ignore_errors=True)
    try:
        out.mkdir(parents=True)
        copy_grader(out, labs)
        for lab in labs:
            copy_lab(out, lab, known[lab])
        if options.hints != "off":
            copy_hints(out, labs)
        if options.book != "off":
            build_book(out, labs, options.hints != "off")
        copy(ROOT / "classroom/handout/Makefile", out / "Makefile")
        copy(ROOT / "classroom/handout/grade.yml",
             out / ".github/workflows/grade.yml")
        (out / "files.txt").write_text("".join(
            f"labs/{lab}/{name}\n" for lab in labs
            for name in files_of(known[lab])))
        (out / "README.md").write_text(readme(labs, known, options))
        found = leaks(out, labs, options.hints != "off")
        if found:
            raise Problem("the handout would show a solution:\n  "
                          + "\n  ".join(found[:20]))
        commit(out)
        if final.exists():
            final.rmdir()
        out.rename(final)
    finally:
        shutil.rmtree(out, ignore_errors=True)
    return labs


def main(words):
    parser = argparse.ArgumentParser(prog="handout", allow_abbrev=False)
    parser.add_argument("out", type=Path)
    parser.add_argument("--labs", default="")
    parser.add_argument("--steps", default="")
    parser.add_argument("--term", default="")
    parser.add_argument("--hints", choices=["on", "off"], default="on")
    parser.add_argument("--book", choices=["on", "off"], default="on")
    options = parser.parse_args(words)
    options.steps = options.steps.removeprefix("..")
    try:
        labs = make(options)
    except Problem as why:
        print(f"handout: {why}", file=sys.stderr)
        return 2
    except OSError as why:
        print(f"handout: {why}", file=sys.stderr)
        return 2
    print(f"handout: {options.out} holds {', '.join(labs)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
