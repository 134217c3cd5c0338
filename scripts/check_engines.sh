#!/usr/bin/env bash
# Do studies on several machines lose anything when a machine dies?
#
#   scripts/check_engines.sh [ssh] [slurm]      both by default
#
# Runs a small study on this machine by GNU parallel, then the same study
#   ssh    on two hosts, which are two sshd of our own on localhost with a key for the occasion;
#          one of them is killed mid-study, with its sessions, and does not come back
#   slurm  on two nodes, which are two slurmd of our own on localhost with their own slurmctld and
#          munged; one node is killed mid-study, with its job; later the driver itself (kill -9), and
#          the study is started again while its array is still in the queue
# and holds the results against each other: every job has one, and whatever does not hang on time
# (outcomes, footprints, collections, objects, misses, digests of the heap) is equal to the digit.
# Installs what is missing (Debian packages; root or sudo). Everything else happens in a temporary
# directory that is removed at the end. Needs some ten minutes (Slurm lets a task wait two before it starts it again). GCREPLAY: the program, if not
# build/release/bin/gcreplay.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
gcreplay=${GCREPLAY:-$root/build/release/bin/gcreplay}

case "${1:-}" in --help | -h)
  sed -n '2,17s/^# \{0,1\}//p' "$0"
  exit 0
  ;;
esac
engines=("${@:-}")
[ -n "${engines[0]}" ] || engines=(ssh slurm)
for engine in "${engines[@]}"; do
  case $engine in ssh | slurm) ;; *)
    echo "check_engines: '$engine' is neither ssh nor slurm" >&2
    exit 2
    ;;
  esac
done
if [ ! -x "$gcreplay" ]; then
  echo "check_engines: no $gcreplay: build first (scripts/build.sh), or set GCREPLAY" >&2
  exit 2
fi
packages=(parallel)
for engine in "${engines[@]}"; do
  case $engine in
  ssh) packages+=(openssh-server openssh-client rsync) ;;
  slurm) packages+=(slurmctld slurmd slurm-client munge) ;;
  esac
done
"$root/scripts/setup.sh" "${packages[@]}"
PATH=$PATH:/usr/sbin

work=$(mktemp -d)
chmod 755 "$work" # munge asks that its socket's folder be open to all
daemons=()

# A process and all that it started, and what those started.
tree_of() {
  local child
  echo "$1"
  for child in $(ps -o pid= --ppid "$1"); do tree_of "$child"; done
}
kill_tree() {
  # shellcheck disable=SC2046 # numbers, as words
  kill -9 $(tree_of "$1") 2>/dev/null || true
}
clean_up() {
  local daemon
  for daemon in "${daemons[@]}"; do kill_tree "$daemon"; done
  if [ -n "${munge_pid:-}" ]; then kill "$munge_pid" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap clean_up EXIT

say() { echo "check_engines: $*"; }
die() {
  say "FAILED: $*" >&2
  exit 1
}
# wait_for SECONDS WHAT command...: until the command succeeds.
wait_for() {
  local tenths=$(($1 * 10)) what=$2
  shift 2
  until "$@"; do
    tenths=$((tenths - 1))
    [ "$tenths" -gt 0 ] || die "waited in vain for $what"
    sleep 0.1
  done
}
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
results_in() { find "$1/results" -name '*.json' ! -name '*.full.json' ! -name '.*' 2>/dev/null | wc -l; }
has_results() { [ "$(results_in "$1")" -ge "$2" ]; }

cat >"$work/compare.py" <<'PY'
# Two studies: every job has a result in both, equal but for times and what hangs on them.
import json, sys
from pathlib import Path

def leaves(value, path=""):
    if isinstance(value, dict):
        for key, inner in value.items():
            if not (path == "" and key == "job") and not (path == "/trace" and key == "path"):
                yield from leaves(inner, f"{path}/{key}")
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from leaves(inner, f"{path}/{i}")
    elif not path.endswith(("_ns", "rss_peak_bytes", "footprint_mean_bytes", "events_per_second")):
        yield path, value

first, second = map(Path, sys.argv[1:])
jobs = [job["id"] for job in json.loads((first / "study.json").read_text())["jobs"]]
equal = different = full = 0
hosts = {}
for job in jobs:
    left, right = (json.loads((d / "results" / f"{job}.json").read_text()) for d in (first, second))
    a, b = dict(leaves(left)), dict(leaves(right))
    wrong = [path for path in a.keys() | b.keys() if a.get(path, "absent") != b.get(path, "absent")]
    for path in sorted(wrong)[:3]:
        print(f"  {job}: {path}: {a.get(path, 'absent')} and {b.get(path, 'absent')}")
    equal += len(a) - len(wrong)
    different += len(wrong)
    host = right["job"]["host"]
    hosts[host] = hosts.get(host, 0) + 1
    if (first / "results" / f"{job}.full.json").exists():
        full += 1
        json.loads((second / "results" / f"{job}.full.json").read_text())
print(f"  {len(jobs)} jobs, {full} of them with all lists: {equal} values equal to the digit, {different} not"
      f" (run on {', '.join(f'{h}: {n}' for h, n in sorted(hosts.items()))})")
sys.exit(0 if different == 0 and jobs and equal > 100 * len(jobs) else 1)
PY

# ---- the study ----

"$gcreplay" generate steady --set live=4000 --set steps=200000 -o "$work/steady.gct" >/dev/null
"$gcreplay" generate fork-gc --set objects=20000 --set pairs=5000 -o "$work/fork.gct" >/dev/null
cat >"$work/study.ini" <<'INI'
[study]
question    = Do all engines come to the same results?
traces      = *.gct
collectors  = semispace linked-list generational
heap        = native 4x
invocations = 2
mode        = timed cache
INI

# study NAME arguments...: what it says goes to NAME.log.
study() {
  local name=$1
  shift
  "$gcreplay" study "$work/study.ini" -o "$work/$name" "$@" >"$work/$name.out" 2>>"$work/$name.log"
}
# Exit code 1 is a study of which a run failed; here none should, short of a heap without room.
expect_study() {
  local name=$1
  study "$@" || {
    tail -n 20 "$work/$name.log" >&2
    die "the study by $name ended with exit code $?"
  }
}
compare() { python3 "$work/compare.py" "$work/local" "$work/$1" || die "$1 and local differ"; }

say "the study on this machine"
expect_study local
say "$(results_in "$work/local") results"

# ---- ssh ----

# start_sshd NAME: a machine of that name.
start_sshd() {
  local port
  port=$(free_port)
  cat >"$work/sshd.$1" <<CONF
Port $port
ListenAddress 127.0.0.1
HostKey $work/host_key
AuthorizedKeysFile $work/key.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
CONF
  cat >>"$work/ssh_config" <<CONF
Host $1
  HostName 127.0.0.1
  HostKeyAlias gcreplay-check
  Port $port
  IdentityFile $work/key
  IdentitiesOnly yes
  UserKnownHostsFile $work/known_hosts
  StrictHostKeyChecking accept-new
  BatchMode yes
  ConnectTimeout 10
CONF
  "$(command -v sshd)" -D -f "$work/sshd.$1" -E "$work/sshd.$1.log" &
  daemons+=($!)
  disown # Bash need not tell that it was killed
}

check_ssh() {
  local first second driver
  mkdir -p /run/sshd 2>/dev/null || true # sshd asks for it when root starts it
  ssh-keygen -q -t ed25519 -N '' -f "$work/host_key"
  ssh-keygen -q -t ed25519 -N '' -f "$work/key"
  start_sshd first
  first=${daemons[-1]}
  start_sshd second
  second=${daemons[-1]}
  export PARALLEL_SSH="ssh -F $work/ssh_config"
  wait_for 10 "sshd" ssh -F "$work/ssh_config" first true
  wait_for 10 "sshd" ssh -F "$work/ssh_config" second true

  say "ssh: the study on two hosts; the second dies after 10 results"
  study ssh --engine ssh --hosts 2/first,2/second &
  driver=$!
  wait_for 120 "10 results" has_results "$work/ssh" 10
  kill_tree "$second"
  say "ssh: killed the second host at $(results_in "$work/ssh") results"
  wait "$driver" || die "the study by ssh ended with exit code $?: $(tail -n 3 "$work/ssh.log")"
  grep '^ssh:' "$work/ssh.log" | sed 's/^/  /' || true
  awk -F '\t' '$2 != "Host" { n[$2]++; if ($7 != 0) bad[$2]++ }
               END { for (h in n) printf "  %s: %d jobs, %d of them failed in the end\n", h, n[h], bad[h] }' \
    "$work/ssh/ssh/jobs.log"
  compare ssh
  if [ -e "$HOME/.gcreplay/$(cat "$work/ssh/.mark")" ]; then
    die "something was left on the hosts"
  fi

  say "ssh: the driver is killed after 10 results, and started again"
  study ssh_again --engine ssh --hosts 2/first &
  driver=$!
  wait_for 120 "10 results" has_results "$work/ssh_again" 10
  kill -9 "$(pgrep -P "$driver" -f 'study' || echo "$driver")" "$driver" 2>/dev/null || true
  wait "$driver" 2>/dev/null || true
  say "ssh: killed at $(results_in "$work/ssh_again") results"
  expect_study ssh_again --engine ssh --hosts 2/first
  compare ssh_again
  kill_tree "$first"
}

# ---- Slurm ----

write_slurm_conf() {
  local user host
  user=$(id -un)
  host=$(hostname -s)
  mkdir -p "$work/state" "$work/run" "$work/spool/node1" "$work/spool/node2"
  cat >"$work/slurm.conf" <<CONF
ClusterName=gcreplay
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$(free_port)
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$work/run/munge
StateSaveLocation=$work/state
SlurmctldPidFile=$work/run/slurmctld.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdPidFile=$work/run/slurmd.%n.pid
SlurmdLogFile=$work/slurmd.%n.log
SlurmdSpoolDir=$work/spool/%n
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
SlurmdTimeout=10
KillWait=2
SlurmdParameters=config_overrides
NodeName=node1 NodeHostname=$host NodeAddr=127.0.0.1 Port=$(free_port) CPUs=1
NodeName=node2 NodeHostname=$host NodeAddr=127.0.0.1 Port=$(free_port) CPUs=1
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
}

start_slurm() {
  mkdir -m 700 "$work/munge"
  write_slurm_conf
  (umask 077 && dd if=/dev/urandom of="$work/munge/key" bs=1 count=1024 status=none)
  munged --key-file="$work/munge/key" --socket="$work/run/munge" --pid-file="$work/munge/pid" \
    --log-file="$work/munge/log" --seed-file="$work/munge/seed"
  munge_pid=$(cat "$work/munge/pid")
  export SLURM_CONF=$work/slurm.conf
  slurmctld -i -D >"$work/slurmctld.out" 2>&1 &
  daemons+=($!)
  disown
  wait_for 30 "slurmctld" scontrol show config >/dev/null 2>&1
  local node
  for node in node1 node2; do
    slurmd -N $node -D >"$work/slurmd.$node.out" 2>&1 &
    daemons+=($!)
    disown
  done
  wait_for 60 "two nodes" two_nodes_are_idle
}
two_nodes_are_idle() { [ "$(sinfo -h -N -o '%T' 2>/dev/null | grep -cx idle)" -eq 2 ]; }

# What runs on a node: Bash with a script in its spool folder, below slurmstepd.
node_jobs() {
  local process
  for process in $(pgrep -f "$work/spool/$1/job" || true); do
    ps -o ppid= -p "$process" || true
  done
}
node_is_busy() { [ -n "$(node_jobs node2)" ]; }

check_slurm() {
  local driver node2 step
  start_slurm
  node2=${daemons[-1]}
  sinfo -h -N -o '  %N: %T, %c CPU' | sort

  say "slurm: the study on two nodes; the second dies after 6 results, and its job with it"
  study slurm --engine slurm &
  driver=$!
  wait_for 120 "6 results" has_results "$work/slurm" 6
  wait_for 60 "a job on node2" node_is_busy
  kill -9 "$node2"
  for step in $(node_jobs node2); do kill_tree "$step"; done
  say "slurm: killed node2 at $(results_in "$work/slurm") results"
  wait "$driver" || die "the study by slurm ended with exit code $?: $(tail -n 3 "$work/slurm.log")"
  grep '^slurm:' "$work/slurm.log" | sed 's/^/  /' || true
  sinfo -h -N -o '  %N: %T' | sort
  compare slurm

  say "slurm: the driver is killed after 4 results, and started again"
  study slurm_again --engine slurm &
  driver=$!
  wait_for 120 "4 results" has_results "$work/slurm_again" 4
  kill -9 "$(pgrep -P "$driver" -f 'study' || echo "$driver")" "$driver" 2>/dev/null || true
  wait "$driver" 2>/dev/null || true
  say "slurm: killed at $(results_in "$work/slurm_again") results"
  expect_study slurm_again --engine slurm
  grep '^slurm:' "$work/slurm_again.log" | sed 's/^/  /'
  grep -q 'was submitted earlier' "$work/slurm_again.log" || die "the array was not found again"
  compare slurm_again
}

for engine in "${engines[@]}"; do
  "check_$engine"
done
say "nothing was lost"
