#!/bin/sh
# The entrypoint of PrairieLearn's container. It reads the results only
# if the exit status is 0: an infrastructure failure costs no attempt.
set -u
mkdir -p /grade/results
rm -f /grade/results/results.json
source=/workbook
ASSIGNMENT_FILE=/grade/tests/assignment
export ASSIGNMENT_FILE
$source/classroom/grade_one /grade/student /tmp/record
python3 $source/classroom/export.py prairielearn \
  /tmp/record/result.json /grade/results/results.json
