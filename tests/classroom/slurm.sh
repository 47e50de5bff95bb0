#!/bin/bash
# Eight submissions as a job array of a real Slurm, started here for
# this test: one task is killed with its node's daemon half-way and
# requeued; nothing may be lost or graded twice. Needs root and the
# packages of the purpose `slurm`.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
for tool in slurmctld slurmd sbatch munged; do
  PATH=$PATH:/usr/sbin command -v $tool >/dev/null || {
    echo "skipped slurm: $tool is not installed"
    exit 0
  }
done
[ "$(id -u)" -eq 0 ] || { echo "skipped slurm: needs root"; exit 0; }
PATH=$PATH:/usr/sbin
place=$(mktemp -d)
chmod 755 "$place"
pids=()
cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  sleep 1
  rm -rf "$place"
}
trap cleanup EXIT

# ---- Munge, a controller, a node -----------------------------------------

mkdir -p "$place"/{munge,state,spool,log,work}
head -c 128 /dev/urandom >"$place/munge/key"
chmod 700 "$place/munge"
chmod 400 "$place/munge/key"
chmod 755 "$place/munge"
munged --foreground --force --key-file="$place/munge/key" \
  --socket="$place/munge/socket" --pid-file="$place/munge/pid" \
  --log-file="$place/munge/log" --seed-file="$place/munge/seed" \
  >"$place/log/munge.out" 2>&1 &
pids+=($!)
node=$(hostname -s)
cat >"$place/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$node(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$place/munge/socket
CredType=cred/munge
SlurmctldPort=16817
SlurmdPort=16818
StateSaveLocation=$place/state
SlurmdSpoolDir=$place/spool
SlurmctldPidFile=$place/ctld.pid
SlurmdPidFile=$place/slurmd.pid
SlurmctldLogFile=$place/log/ctld
SlurmdLogFile=$place/log/slurmd
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
SlurmdTimeout=10
MpiDefault=none
SwitchType=switch/none
NodeName=$node NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$place/slurm.conf
start_node() {
  slurmd -D -N "$node" >"$place/log/slurmd.out" 2>&1 &
  slurmd=$!
  pids+=("$slurmd")
}
for _ in $(seq 50); do [ -S "$place/munge/socket" ] && break; sleep 0.1; done
slurmctld -D >"$place/log/ctld.out" 2>&1 &
pids+=($!)
start_node
for _ in $(seq 150); do
  sinfo -h -o %T 2>/dev/null | grep -q idle && break
  sleep 0.2
done
sinfo -h -o '%n is %T' || { tail -20 "$place"/log/*; exit 1; }

# ---- Eight submissions ---------------------------------------------------

PYTHONDONTWRITEBYTECODE=1 python3 - "$here" "$place" <<'PYTHON'
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import workspace
place = Path(sys.argv[2])
workspace.make_workspace(place / "fixture")
for i in range(8):
    workspace.hand_in(place / "submissions" / f"s{i}",
                      adder=workspace.ADDER if i % 2 else workspace.WRONG)
PYTHON
cat >"$place/assignment" <<CONF
LABS=9
ROOT=$place/fixture
BUILD=$place/fixture/build
CONF
export ASSIGNMENT_FILE=$place/assignment WORKBOOK_ROOT=$root \
  SUBMISSIONS=$place/submissions OUT=$place/out
mkdir -p "$OUT"
cd "$place/work"
job=$(sbatch --parsable --array=0-7%2 "$root/classroom/slurm/grade.sh")

# Half-way, a task is requeued while it runs.
for _ in $(seq 600); do
  [ "$(cat "$OUT"/begun 2>/dev/null | wc -l)" -ge 3 ] && break
  sleep 0.05
done
victim=$(squeue -h -r -t R -o %i | head -1)
scontrol requeue "$victim"
for _ in $(seq 900); do
  [ -z "$(squeue -h -j "$job" 2>/dev/null)" ] && break
  # What was requeued would wait for two minutes.
  scontrol update "jobid=$victim" starttime=now 2>/dev/null || true
  sleep 0.2
done

# ---- What must be there ----------------------------------------------------

python3 - "$OUT" <<'PYTHON'
import collections
import json
import sys
from pathlib import Path
out = Path(sys.argv[1])
records = {path.parent.name: json.loads(path.read_text())
           for path in out.glob("submissions/*/result.json")}
marks = {name: each["score"] for name, each in records.items()}
for name, each in records.items():
    if each["score"] is None:
        print(name, each["status"], each.get("message"),
              [test["message"] for lab in each["labs"]
               for test in lab["tests"]])
assert marks == {f"s{i}": 100 if i % 2 else 40 for i in range(8)}, marks
count = collections.Counter(line.split()[1] for line in
                            (out / "ended").read_text().splitlines())
assert set(count.values()) == {1} and len(count) == 8, count
begun = len((out / "begun").read_text().splitlines())
assert begun == 9, begun
print(f"slurm: 8 of 8 graded, {begun} begun, none twice")
PYTHON
