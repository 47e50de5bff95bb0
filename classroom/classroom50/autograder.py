#!/usr/bin/env python3
"""Classroom 50 runs this in a checkout of a student's repository.

Set WORKBOOK_ROOT to where the workbook is in the container's image, and
put a file `assignment` beside this one. Whatever was graded ends with
exit status 0; a failure of the machine with another, which Classroom 50
shows as an error, not as a mark.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

here = Path(__file__).resolve().parent
root = Path(os.environ.get("WORKBOOK_ROOT", "/workbook"))
with tempfile.TemporaryDirectory() as out:
    graded = subprocess.run(
        [root / "classroom" / "grade_one", Path.cwd(), out], check=False,
        env={**os.environ, "ASSIGNMENT_FILE": str(here / "assignment")})
    written = subprocess.run(
        [sys.executable, root / "classroom" / "export.py", "classroom50",
         Path(out) / "result.json", "result.json"], check=False)
sys.exit(graded.returncode or written.returncode)
