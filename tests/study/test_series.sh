# The series tables of real runs, timed and modelled, against the sums and extremes of their results:
# test_series.sh GCREPLAY WRITE_SERIES.
set -euo pipefail
gcreplay=$1 write_series=$2 here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

check() { # FOLDER: of compare -o
  mkdir "$1.tables"
  "$write_series" "$1" "$1.tables" >"$1.list"
  python3 "$here/check_series.py" "$1.list" "$1.tables"
}

"$gcreplay" generate steady --set live=2000 --set steps=15000 -o steady.gct >/dev/null
"$gcreplay" generate fork-gc --set objects=2000 --set pairs=1000 -o fork.gct >/dev/null
"$gcreplay" compare fork.gct -c all -o timed >/dev/null
check timed
"$gcreplay" compare steady.gct -c linked-list,generational,incminimark -o longer >/dev/null
check longer
"$gcreplay" compare fork.gct -c linked-list --cow=kernel -o kernel >/dev/null
check kernel
if "$gcreplay" run fork.gct -c semispace --cache --json probe.json >/dev/null 2>&1; then
  "$gcreplay" compare fork.gct -c linked-list,bitmap,semispace --cache --cow -o modelled >/dev/null
  check modelled
fi
if command -v parallel >/dev/null && [ -d modelled ]; then
  printf '%s\n' '[study]' 'traces = fork.gct' 'collectors = linked-list semispace' 'invocations = 2' \
    'mode = timed cache' >study.ini
  "$gcreplay" study study.ini -o both >/dev/null
  check both
fi

# A check that finds nothing wrong in a wrong table would be none.
sed -i '2s/\([0-9]\)$/\11/' timed.tables/pauses.csv
if python3 "$here/check_series.py" timed.list timed.tables >/dev/null; then
  echo "FAILED: one more object freed was not noticed"
  exit 1
fi
