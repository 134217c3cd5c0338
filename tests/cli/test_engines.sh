# study on other machines: job arrays by a Slurm that is not one, hosts behind an ssh that goes nowhere.
# scripts/check_engines.sh does it with the real ones.
. "$(dirname "$0")/expect.sh"
if ! command -v parallel >/dev/null; then
  echo "skipped: GNU parallel is not installed"
  exit 77
fi
mkdir bin queue homes
export FAKE=$work PATH=$work/bin:$PATH
unset PARALLEL_SSH SLURM_CONF

# ---- Slurm's commands: a queue is a folder with a file for each task ----

cat >bin/sbatch <<'SH'
#!/bin/bash
# Tasks run at once, in the background, unless there is a file telling otherwise:
# refuse: no; lose: task 2 of the first array vanishes; slow: tasks wait for the file go.
[ "${1:-}" != --version ] || exit 0
[ ! -e "$FAKE/refuse" ] || { echo "sbatch: error: no such partition" >&2; exit 1; }
echo "$*" >>"$FAKE/submitted"
script=${!#}
id=$((100 + $(wc -l <"$FAKE/submitted")))
last=$(sed -n 's/^#SBATCH --array=1-//p' "$script")
name=$(sed -n 's/^#SBATCH --job-name=//p' "$script")
for task in $(seq "$last"); do echo "$name" >"$FAKE/queue/$id.$task"; done
(
  for file in {3..63}; do eval "exec $file>&-"; done # a cluster holds none of the driver's locks
  [ ! -e "$FAKE/slow" ] || for _ in {1..600}; do [ -e "$FAKE/go" ] && break; sleep 0.05; done
  for task in $(seq "$last"); do
    if [ -e "$FAKE/lose" ] && [ "$id.$task" = 101.2 ]; then
      echo "slurmstepd: node gone" >"array-1.$task.log"
    else
      SLURM_ARRAY_TASK_ID=$task bash "$script" >>"array-${script//[!0-9]/}.$task.log" 2>&1
    fi
    rm "$FAKE/queue/$id.$task"
  done
) </dev/null >/dev/null 2>&1 &
echo "$id"
SH
cat >bin/squeue <<'SH'
#!/bin/bash
[ "${1:-}" != --version ] || exit 0
if [[ -e $FAKE/mute && $* == *%T* ]]; then rm "$FAKE/mute"; echo "slurm_load_jobs error" >&2; exit 1; fi
for file in "$FAKE"/queue/*; do
  [ -e "$file" ] || continue
  id=${file##*/} wanted=
  for word; do case $word in --name=*) wanted=${word#*=} ;; esac; done
  [ -z "$wanted" ] || [ "$(cat "$file")" = "$wanted" ] || continue
  case "$*" in *%T*) echo "${id%.*} RUNNING None" ;; *) echo "${id%.*}" ;; esac
done
SH
cat >bin/scontrol <<'SH'
#!/bin/bash
echo "MaxArraySize            = 4"
SH
chmod +x bin/*

must generate steady --set live=500 --set steps=2000 -o steady.gct
cat >study.ini <<'INI'
[study]
traces = steady.gct
collectors = semispace linked-list
heap = native 8x
invocations = 2
mode = timed cache
INI
results_in() { find "$1/results" -name '*.json' ! -name '*.full.json' | wc -l; }
logged() { cat "$1"/slurm/*.log; }

must study study.ini -o slurm --engine slurm --slurm-options '--partition=long  --account=x'
expect "twelve results" [ "$(results_in slurm)" -eq 12 ]
expect_err 'slurm: array 101 is over: 8 of 8 jobs left results'
expect_err 'slurm: array 102 is over: 4 of 4 jobs left results'
expect "options reach sbatch" [ "$(head -1 submitted)" = "--parsable --partition=long --account=x array-1.sh" ]
expect "more jobs than tasks" grep -qx '#SBATCH --array=1-3' slurm/slurm/array-1.sh
expect "timed runs have a node" grep -q -- --exclusive slurm/slurm/array-1.sh
expect "others share it" [ "$(grep -c -- --exclusive slurm/slurm/array-2.sh)" -eq 0 ]
expect "both arrays are over" [ -e slurm/slurm/array-1.over -a -e slurm/slurm/array-2.over ]
must study -o slurm --engine slurm
expect "nothing is submitted twice" [ "$(wc -l <submitted)" -eq 2 ]

# A task that vanishes is submitted again; a controller that is silent for a moment is asked again.
rm submitted
touch lose mute
must study study.ini -o lost --engine slurm
rm lose
expect_err 'slurm: array 101 is over: 5 of 8 jobs left results'
expect_err 'slurm: array 102 is over: 3 of 3 jobs left results'
expect "twelve results" [ "$(results_in lost)" -eq 12 ]

# A driver that is killed finds its array again, by its id or by its name.
for how in id name; do
  rm -f submitted go
  touch slow
  "$gcreplay" study study.ini -o "again_$how" --engine slurm >/dev/null 2>&1 &
  driver=$!
  for _ in {1..600}; do [ -e "again_$how/slurm/array-1.id" ] && break; sleep 0.05; done
  kill -9 $driver
  wait $driver 2>/dev/null
  [ "$how" = id ] || rm "again_$how/slurm/array-1.id"
  rm slow
  (sleep 1; touch go) &
  must study -o "again_$how" --engine slurm
  expect_err 'slurm: array 101 of 8 jobs was submitted earlier and comes first'
  expect_err 'slurm: array 101 is over: 8 of 8 jobs left results'
  expect "one array for each mode" [ "$(wc -l <submitted)" -eq 2 ]
  expect "twelve results" [ "$(results_in "again_$how")" -eq 12 ]
done

touch refuse
gcr study study.ini -o refused --engine slurm
rm refuse
expect_code 1
expect_err 'sbatch ended with exit code 1; what it said is in'
expect "what sbatch said is kept" grep -q 'no such partition' refused/slurm/errors.log

# ---- hosts ----

cat >bin/ssh <<'SH'
#!/bin/bash
# A home for each host; "dead" has never answered, "dying" stops to after 12 logins.
[ "${1:-}" != -V ] || exit 0
while :; do case $1 in -o | -p | -l) shift 2 ;; -*) shift ;; *) break ;; esac; done
host=$1
shift
[ "${1:-}" != -- ] || shift
echo >>"$FAKE/logins.$host"
case $host in
dead) exit 255 ;;
dying) [ "$(wc -l <"$FAKE/logins.$host")" -le 12 ] || exit 255 ;;
esac
export HOME=$FAKE/homes/$host SHELL=/bin/sh # sshd sets it, and a worker of GNU parallel needs it
mkdir -p "$HOME" && cd "$HOME" && exec sh -c "$*"
SH
chmod +x bin/ssh
gcr study study.ini -o ssh --engine ssh
expect_usage '--engine ssh needs --hosts'
gcr study study.ini -o ssh --engine ssh --hosts one,4/:
expect_usage "'4/:' is this machine without ssh"
gcr study study.ini -o ssh --hosts one
expect_usage '--hosts is of no use to --engine local'
gcr study study.ini -o ssh --engine ssh --hosts one --slurm-options x
expect_usage '--slurm-options is of no use to --engine ssh'
expect_absent ssh
if command -v rsync >/dev/null; then
  gcr study study.ini -o ssh --engine ssh --hosts dead
  expect "no host: exit code" [ "$code" -ne 0 ]
  expect_err 'no host answers'
  gcr study study.ini -o ssh --engine ssh --hosts one --remote-program /nowhere/gcreplay
  expect_err 'no host answers'
  printf '# ours\n2/one\ndying\ndead\n' >hosts
  must study study.ini -o ssh --engine ssh --hosts hosts
  expect "twelve results" [ "$(results_in ssh)" -eq 12 ]
  expect "lists come back" [ "$(find ssh/results -name '*.full.json' | wc -l)" -eq 8 ]
  expect_err 'ssh: dead is left out'
  expect "both hosts had jobs" [ "$(cut -f 2 ssh/ssh/jobs.log | sort -u | grep -cE 'one|dying')" -eq 2 ]
  expect "the dying one died" [ "$(wc -l <logins.dying)" -gt 12 ]
  expect "nothing is left on hosts" [ -z "$(ls -A homes/one)" ]
  python3 - ssh slurm <<'PY'
import json, pathlib, sys
a, b = (pathlib.Path(d) / "results" for d in sys.argv[1:])
names = sorted(p.name for p in a.glob("*.json"))
assert names == sorted(p.name for p in b.glob("*.json")) and len(names) == 20, names
for name in names:
    x, y = (json.loads((d / name).read_text()) for d in (a, b))
    for key in "outcome", "collections", "objects", "cache", "events":
        assert x[key] == y[key], (name, key)
PY
  expect "the same results as by Slurm" [ $? -eq 0 ]
fi
finish
