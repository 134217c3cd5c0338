# study: what comes out of a small one; killed, extended, edited, out of disk; each time nothing is lost
# and nothing is half there. Nothing here depends on how fast anything runs.
. "$(dirname "$0")/expect.sh"
must generate steady --set live=500 --set steps=1500 -o steady.gct
must generate fork-gc --set objects=300 --set pairs=100 -o fork.gct
must generate steady --set live=200 --set steps=600 --set deaths=off -o nodeaths.gct
# Minutes of work in a kilobyte: full collections of a large heap, one after the other.
python3 - >long.txt <<'PY'
print("gct 1\ncapabilities stores=exact loads=exact reads=exact deaths=exact roots=exact tracking=no "
      "threads=no forks=no times=no faithful=no\nshape 1 pair fields=16 slots=2 items=0 item-slots=0 "
      "flags=container\nlane 0")
print("\n".join(f"alloc o{i} 1 t{i}" for i in range(1, 100001)))
print("\n".join(["collect 2"] * 100000))
PY
must assemble long.txt -o long.gct
study_long() { printf '[study]\ntraces = long.gct\ncollectors = semispace\ninvocations = 1\ntimeout = %s\n' "$1"; }

# How many short results there are.
results() { find "$1/results" -name '*.json' ! -name '*.full.json' 2>/dev/null | wc -l; }
partial() { find "$1" -name '*.partial' | wc -l; }
# expect_complete DIR JOBS: as many results, all whole, and no more.
expect_complete() {
  expect "$1: $2 results" [ "$(results "$1")" -eq "$2" ]
  expect "$1: nothing half written" [ "$(partial "$1")" -eq 0 ]
  expect "$1: every job has a result that can be read" python3 - "$1" <<'PY'
import json, os, sys
study = json.load(open(sys.argv[1] + "/study.json"))
jobs = [j["id"] for j in study["jobs"] + study["minheap_jobs"]]
for job in jobs:
    result = json.load(open(f"{sys.argv[1]}/results/{job}.json"))
    assert result["outcome"] and result["job"]["id"] == job, job
names = {n for n in os.listdir(sys.argv[1] + "/results") if not n.endswith(".full.json")}
assert names == {j + ".json" for j in jobs}, names
PY
}
# The processes of the long job of DIR: the job itself, and the run below it.
job_of() { pgrep -f -- "^$gcreplay study -o $work/$1 --job long" || true; }
run_of() { pgrep -f -P "$(job_of "$1" | head -1)" -- "^$gcreplay run" || true; }
# await COMMAND: until it prints something, or the study $driver is over.
await() {
  local seen=''
  while [ -z "$seen" ] && kill -0 "$driver" 2>/dev/null; do
    sleep 0.02
    seen=$("$@" 2>/dev/null | head -1)
  done
  echo "$seen"
}

modes='timed cache'
model=yes
if ! "$gcreplay" run steady.gct -c semispace --cache --json - >/dev/null 2>&1; then
  modes=timed
  model=no
fi

# ---- a small study ----
cat >small.ini <<INI
[study]
question    = Which one?
traces      = steady.gct fork.gct
collectors  = semispace generational
heap        = native 4x
invocations = 2
mode        = $modes
baseline    = semispace
[options]
generational.nursery = 64K
  128K   ; each makes a design
INI
jobs=$((2 * 3 * 2 * 2))
[ $model = yes ] && jobs=$((jobs + 2 * 3 * 2))
must study small.ini -o small --dry-run
expect_out "$jobs jobs: 0 done, $jobs missing; how long they take is not known"
expect_out 'to run   steady.generational-nursery=128K.4x.timed.2'
expect_absent small
must study small.ini -o small
expect_complete small $jobs
expect_out 'steady: '
expect_out 'generational:nursery=128K'
expect_out ' has the least total time'
expect_out 'gcreplay report small'
expect_err "[$jobs/$jobs] "
cmp -s small.ini small/study.ini || fail 'study.ini is kept'
expect_json small/study.json "d['schema'] == 'gcreplay-study-1' and d['question'] == 'Which one?' and d['baseline'] == 'semispace'"
expect_json small/study.json "d['designs'] == ['semispace', 'generational:nursery=64K', 'generational:nursery=128K']"
expect_json small/study.json "[t['name'] for t in d['traces']] == ['steady', 'fork'] and all(t['peak_live_bytes'] > 0 for t in d['traces'])"
expect_json small/study.json "isinstance(d['environment']['warnings'], list) and d['machine']['cores'] > 0"
expect_json small/study.json "all((j['budget_bytes'] is None) == (j['heap'] == 'native') for j in d['jobs'])"
one=small/results/steady.semispace.4x.timed.1
expect_json $one.json "d['outcome'] == 'ok' and d['job']['invocation'] == 1 and d['job']['seconds'] > 0 and d['job']['host']"
expect_json $one.json "d['job']['command'][1] == 'run' and d['job']['command'][-2:] == ['--json', '-']"
expect_json $one.json "isinstance(d['job']['cpu'], int) and 'list' not in d['pauses'] and 'footprint_series' not in d['lanes'][0]"
expect_json $one.full.json "'footprint_series' in d['lanes'][0] and 'list' in d['lanes'][0]['pauses']"
expect_absent small/results/steady.semispace.4x.timed.2.full.json
budget=$(python3 -c 'import json; print(4 * json.load(open("small/study.json"))["traces"][0]["peak_live_bytes"])')
expect_json $one.json "d['memory']['budget_bytes'] == $budget"
expect_json small/results/steady.generational-nursery=128K.native.timed.1.json "d['options']['nursery'] == '128K'"
# The command in a result can be repeated.
python3 -c 'import json, shlex; print(shlex.join(json.load(open("'$one.json'"))["job"]["command"]))' >again.sh
bash again.sh >again.json || fail 'the command of a result runs'
expect_json again.json "d['outcome'] == 'ok' and d['memory']['budget_bytes'] == $budget"
if [ $model = yes ]; then
  expect_json small/results/fork.semispace.native.cache.1.json "d['cache']['total']['reads'] > 0 and any(lane['cow'] for lane in d['lanes'])"
  expect_json small/results/steady.semispace.native.cache.1.json "d['model'] and d['lanes'][0]['cow'] is None"
fi

# Again: nothing is left to do, and nothing is done. A result that goes missing is made anew.
before=$(stat -c %Y-%i $one.json)
python3 -c 'import json; d = json.load(open("small/study.json")); d["environment"]["host"] = "elsewhere"; json.dump(d, open("small/study.json", "w"))'
must study -o small
expect_no_err
expect_json small/study.json "d['environment']['host'] == 'elsewhere'"
expect 'what is done stays' [ "$(stat -c %Y-%i $one.json)" = "$before" ]
expect 'no job has run' [ "$(grep -c '^\[' <<<"$err")" -eq 0 ]
rm $one.json small/results/fork.semispace.native.timed.2.json
must study small.ini -o small --dry-run
expect_out '2 missing; about '
expect 'a dry run runs nothing' [ ! -e $one.json ]
must study small.ini -o small
expect_json small/study.json "d['environment']['host'] != 'elsewhere'"
expect 'two jobs have run' [ "$(grep -c '^\[' <<<"$err")" -eq 2 ]
expect_complete small $jobs

# ---- edits ----
sed 's/invocations = 2/invocations = 3/; s/semispace gen/semispace mark-sweep gen/; s/native/3x native/' small.ini >more.ini
must study more.ini -o small --dry-run
expect_out "$jobs done"
sed 's/semispace generational/generational/; /^baseline/d' small.ini >less.ini
gcr study less.ini -o small
expect_usage 'design semispace is no longer in it'
sed 's/^question/seed = 3\nquestion/' small.ini >seed.ini
gcr study seed.ini -o small
expect_usage 'its seed was 1'
sed 's/INI//; s/heap  /heaps /' small.ini >typo.ini
gcr study typo.ini -o typo
expect_usage "typo.ini:5: [study] has no key 'heaps'"
expect_absent typo
mkdir other && touch other/precious
gcr study small.ini -o other
expect_usage 'a new study needs a directory of its own'
gcr study -o nothing
expect_usage 'there is no study to go on with'
gcr study small.ini -o small --engine cloud
expect_usage "--engine cannot be 'cloud'; allowed: local"
gcr study small.ini -o small --jobs 0
expect_usage "--jobs cannot be '0'"
gcr study -o small --job steady.none
expect_usage "small has no job 'steady.none'"
gcr study small.ini
expect_usage 'missing -o'
echo '{}' >other/study.json
gcr study small.ini -o other
expect_usage 'this is no gcreplay-study-1 document'

# ---- an extended one; what cannot be run, and heaps that are too small, are results ----
cat >begun.ini <<INI
[study]
traces      = nodeaths.gct
collectors  = semispace explicit-free
heap        = native 0.5x
invocations = 1
INI
must study begun.ini -o begun
expect_complete begun 4
expect_out heap_exhausted
expect_json begun/results/nodeaths.semispace.0.5x.timed.1.json "d['outcome'] == 'heap_exhausted' and 'heap exhausted' in d['message']"
expect_json begun/results/nodeaths.explicit-free.native.timed.1.json "d['outcome'] == 'refused' and d['message'] and d['collector'] == 'explicit-free'"
sed -i 's/nodeaths.gct/nodeaths.gct steady.gct/; s/invocations = 1/invocations = 2/' begun.ini
must study begun.ini -o begun
expect_complete begun 16
expect 'only what was added has run' [ "$(grep -c '^\[' <<<"$err")" -eq 12 ]

# Names of folders may have letters that shells and patterns have other uses for.
odd="odd [1] \$HOME 'x'; *"
mkdir "$odd"
cp steady.gct "$odd/one.gct"
printf '[study]\ntraces = *.gct\ncollectors = semispace\ninvocations = 1\n' >"$odd/odd.ini"
must study "$odd/odd.ini" -o "$odd/out"
expect_complete "$odd/out" 1

# ---- accidents: a crash, a timeout; run again when asked to ----
make_crash
cat >crash.ini <<INI
[study]
traces = crash.gct
collectors = semispace
invocations = 1
INI
gcr study crash.ini -o crash
expect_code 1
expect_err '1 of 1 jobs failed'
expect_out 'crashed (the run was killed by signal'
expect_json crash/results/crash.semispace.native.timed.1.json "d['outcome'] == 'crashed' and d['job']['command']"
before=$(stat -c %i-%y crash/results/*.timed.1.json)
gcr study crash.ini -o crash
expect 'a crash stays as it is' [ "$(stat -c %i-%y crash/results/*.timed.1.json)" = "$before" ]
gcr study crash.ini -o crash --retry-failed
expect 'unless it is to be run again' [ "$(stat -c %i-%y crash/results/*.timed.1.json)" != "$before" ]
study_long 1 >long.ini
gcr study long.ini -o long
expect_code 1
expect_json long/results/long.semispace.native.timed.1.json "d['outcome'] == 'timeout' and d['message'] == 'stopped after 1 s' and d['job']['seconds'] >= 1"

# A trace that is another one by the time it is run.
cp steady.gct moving.gct
printf '[study]\ntraces = moving.gct\ncollectors = semispace\ninvocations = 1\n' >moving.ini
must study moving.ini -o moving
rm moving/results/*.json
cp fork.gct moving.gct
gcr study -o moving
expect_code 1
expect_json moving/results/moving.semispace.native.timed.1.json "d['outcome'] == 'failed' and 'has changed' in d['message']"
gcr study moving.ini -o moving
expect_usage 'trace moving is another one'

# ---- killed: the driver, at several moments ----
cat >killed.ini <<INI
[study]
traces      = steady.gct
collectors  = linked-list semispace
heap        = native 2min
invocations = 3
INI
for moment in 1 4 9; do
  "$gcreplay" study killed.ini -o killed >/dev/null 2>&1 &
  driver=$!
  while [ "$(results killed)" -lt $moment ] && kill -0 $driver 2>/dev/null; do sleep 0.01; done
  kill -9 $driver 2>/dev/null
  wait $driver 2>/dev/null
done
must study killed.ini -o killed
expect_complete killed 14
minimum=$(python3 -c 'import json; print(json.load(open("killed/results/steady.semispace.minheap.json"))["minimum_bytes"])')
expect_json killed/results/steady.semispace.2min.timed.1.json "d['outcome'] == 'ok' and d['memory']['budget_bytes'] == 2 * $minimum"
expect_json killed/study.json "[j['budget_bytes'] for j in d['jobs'] if j['id'] == 'steady.semispace.2min.timed.3'] == [2 * $minimum]"

# A job, a run, a run again: started anew each time, and given up after the third.
study_long 600 >job.ini
"$gcreplay" study job.ini -o job >job.out 2>job.err &
driver=$!
last=''
for victim in job_of run_of run_of; do
  pid=$last
  while [ "$pid" = "$last" ] && kill -0 $driver 2>/dev/null; do pid=$(await $victim job); done
  [ -n "$pid" ] && kill -9 "$pid"
  last=$pid
done
wait $driver
ran='study job.ini, its job killed three times' code=$? out=$(cat job.out) err=$(cat job.err)
expect_code 1
expect_complete job 1
expect_json job/results/long.semispace.native.timed.1.json "d['outcome'] == 'crashed' and 'killed from outside in 3 attempts' in d['message']"

# ---- two drivers ----
"$gcreplay" study job.ini -o two >/dev/null 2>&1 &
driver=$!
await job_of two >/dev/null
gcr study job.ini -o two
expect_code 1
expect_one_line_err
expect_err 'is at work there'
kill -9 $driver
wait $driver 2>/dev/null
# What a killed driver has left holds the other lock, until it ends.
mkfifo hold
flock killed/.lock cat hold >held &
holder=$!
exec 9>hold # open: flock has the lock
"$gcreplay" study -o killed >waits.out 2>waits.err 9>&- &
driver=$!
await grep 'waiting for runs that an earlier study left there to end' waits.err >waits
exec 9>&-
wait $driver
code=$?
wait $holder
ran='study -o killed, while its lock was held' out=$(cat waits.out) err=$(cat waits.err)
expect_code 0
expect 'it waited' [ -s waits ]
expect_complete killed 14

# ---- a full disk: it says so, nothing is half there, and it goes on when there is room ----
{ sed -n '1,/^alloc o9 /p' long.txt && yes 'collect 2' | head -3000; } >pauses.txt # long results
must assemble pauses.txt -o pauses.gct
printf '[study]\ntraces = pauses.gct\ncollectors = semispace\ninvocations = 6\n' >disk.ini
if [ "$(id -u)" -eq 0 ] && mkdir disk && mount -t tmpfs -o size=384k tmpfs disk 2>/dev/null; then
  trap 'umount "$work/disk" 2>/dev/null; rm -rf "$work"' EXIT
  gcr study disk.ini -o disk/study
  full=$(results disk/study)
  left=$(partial disk/study)
  expect_code 1
  expect_err 'cannot write: No space left on device; the study goes on with the same command'
  expect_absent disk/study/results/pauses.semispace.native.timed.1.full.json
  expect 'nothing is half written' [ "$left" -eq 0 ]
  expect 'the study is not over' [ "$full" -lt 6 ]
  mount -o remount,size=8M disk
  must study disk.ini -o disk/study
  expect_complete disk/study 6
else
  echo 'full disk: left out (needs root and mount)'
fi
finish
