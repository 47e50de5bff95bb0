#!/usr/bin/env python3
"""Checks the English of the workbook, one fault a line.

  english.py spelling   words that neither hunspell nor words.txt has
  english.py idioms     expressions of idioms.txt, each with its better one
  english.py long [N]   sentences of more than N words (25), as a report

Reads the files that git knows. The prose of a page is its text without
code, links, commands and tables' rules.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PAGES = ["book/*.md", "book/hints/*.md", "README.md", "CONTRIBUTING.md",
         "CHANGELOG.md"]
# Whatever people read: pages, docstrings, comments, messages.
TEXTS = PAGES + ["solutions/*", "tests/*.hpp", "tests/*.cpp",
                 "tests/*.patch", "tests/*.json", "classroom/*", ".ci/*",
                 "Makefile", "book/figures/*.svg"]


def files(patterns):
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", *patterns], cwd=ROOT, check=True,
            capture_output=True, text=True).stdout.split("\0")
        found = [ROOT / each for each in listed if each]
    except (OSError, subprocess.CalledProcessError):  # an archive
        found = [file for each in patterns
                 for file in ROOT.glob(each.replace("/*", "/**/*"))]
    return sorted(each for each in found if each.is_file())


def blank(found):
    """As many line ends, so that lines keep their numbers."""
    return " " + "\n" * found.group(0).count("\n")


# What the book renders of a number or a claim about a chart.
SAID = re.compile(r"\\(?:holds|noise|quoted)\{([^,{}]*),[^{}]*\}")
NUMBER = re.compile(r"\\(?:number|percent)\{[^{}]*\}")


def prose(text):
    text = SAID.sub(lambda said: said[1] + "\n" * said[0].count("\n"),
                    text)
    text = NUMBER.sub(lambda said: "2 times" + "\n" * said[0].count("\n"),
                      text)
    for form in (r"^```.*?^```\s*$", r"<!--.*?-->", r"`[^`]*`",
                 r"\]\([^)]*\)", r"https?://\S+",
                 r"[\\@]\w+(?:\{[^}]*\})?", r"\{[^}]*\}", r"<[^>]*>",
                 r"&\w+;"):
        text = re.sub(form, blank, text, flags=re.S | re.M)
    return text


def shown(file):
    return file.relative_to(ROOT)


def spelling():
    if shutil.which("hunspell") is None:
        return None
    own = set((HERE / "words.txt").read_text().split())
    places = {}
    for file in files(PAGES):
        for number, line in enumerate(
                prose(file.read_text()).split("\n"), 1):
            for word in re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)*", line):
                word = re.sub(r"'s$", "", word)
                if word not in own:
                    places.setdefault(word, f"{shown(file)}:{number}")
    said = subprocess.run(["hunspell", "-d", "en_US", "-l"],
                          input="\n".join(places), check=True,
                          capture_output=True, text=True)
    return [f"{places[word]}: {word}"
            for word in sorted(set(said.stdout.split()))]


def idioms():
    table = []
    for line in (HERE / "idioms.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            form, better = re.split(r"\t+", line)
            table.append((re.compile(form, re.I), better))
    faults = []
    for file in files(TEXTS):
        for number, line in enumerate(
                file.read_text(errors="replace").splitlines(), 1):
            for form, better in table:
                if found := form.search(line):
                    faults.append(f"{shown(file)}:{number}: "
                                  f"\"{found.group(0)}\": {better}")
    return faults


def long(limit):
    faults = []
    for file in files(PAGES):
        for block in re.split(r"\n\s*\n|\n\s*(?:[-*]|\d+\.)\s",
                              prose(file.read_text())):
            if block.lstrip().startswith("|"):
                continue
            for sentence in re.split(r"(?<=[.!?:])\s+", block):
                count = len(re.findall(r"\w[\w'-]*", sentence))
                if count > limit:
                    faults.append(f"{shown(file)}: {count} words: "
                                  f"{' '.join(sentence.split())[:60]}")
    return faults


def main(words):
    if words == ["spelling"]:
        faults = spelling()
    elif words == ["idioms"]:
        faults = idioms()
    elif words[:1] == ["long"] and all(each.isdigit()
                                       for each in words[1:2]):
        faults = long(int(words[1]) if words[1:] else 25)
    else:
        print(__doc__, file=sys.stderr)
        return 2
    if faults is None:
        print("hunspell is not installed", file=sys.stderr)
        return 3
    print("\n".join(faults), end="\n" if faults else "")
    return 1 if faults and words[0] != "long" else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
