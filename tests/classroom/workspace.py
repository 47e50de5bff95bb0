"""The small workspace of tests/workbook/classroom/fixture, and what is
handed in there."""

import os
import shutil
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
PROGRAMS = REPOSITORY / "build" / "explore" / "tests" / "workbook"
FIXTURE = REPOSITORY / "tests" / "workbook" / "classroom" / "fixture"

ADDER = "#pragma once\ninline int add(int a, int b) { return a + b; }\n"
COUNTER = ("#pragma once\nclass counter {\n public:\n"
           "  int next() { return ++last_; }\n private:\n"
           "  int last_ = 0;\n};\n")
WRONG = "#pragma once\ninline int add(int, int) { return 17; }\n"


def make_workspace(root):
    """The fixture with its skeletons, in a folder that all may read."""
    shutil.copytree(FIXTURE, root)
    subprocess.run([PROGRAMS / "workbook", "labs", "--root", root,
                    "--build", root / "build"], check=True,
                   stdout=subprocess.DEVNULL)


def hand_in(folder, adder=ADDER, counter=COUNTER):
    lab = folder / "labs" / "09_fixture"
    lab.mkdir(parents=True)
    for name, text in (("adder.hpp", adder), ("counter.hpp", counter)):
        if text is not None:
            (lab / name).write_text(text)


def mode(folder):
    """mkdtemp's folders are closed to the sandbox's user."""
    os.chmod(folder, 0o755)
    return Path(folder)
