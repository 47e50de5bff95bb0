#!/bin/sh
#SBATCH --job-name=workbook
#SBATCH --output=slurm-%A_%a.out
#SBATCH --requeue
#SBATCH --cpus-per-task=1
# One task of a job array grades one submission:
#
#   export WORKBOOK_ROOT=/shared/workbook SUBMISSIONS=… OUT=…
#   sbatch --array=0-$(($(ls "$SUBMISSIONS" | wc -l) - 1))%10 \
#     classroom/slurm/grade.sh
#
# Slurm starts a task again when its node was lost, under the same
# number. The record is written by a rename and the task begins with a
# look for it, so nothing is lost, and nothing is graded twice.
set -eu
entry=$(find "$SUBMISSIONS" -mindepth 1 -maxdepth 1 ! -name '.*' |
  LC_ALL=C sort | sed -n "$((SLURM_ARRAY_TASK_ID + 1))p")
[ -n "$entry" ] || { echo "no submission no. $SLURM_ARRAY_TASK_ID"; exit 2; }
out=$OUT/submissions/$(basename "$entry")
if [ -f "$out/result.json" ] &&
  ! grep -q '"status": "infra_error",$' "$out/result.json"; then
  echo "$entry: graded before"
  exit 0
fi
echo "$(date +%s) $SLURM_ARRAY_TASK_ID" >>"$OUT/begun"
"$WORKBOOK_ROOT/classroom/grade_one" "$entry" "$out"
echo "$(date +%s) $SLURM_ARRAY_TASK_ID" >>"$OUT/ended"
