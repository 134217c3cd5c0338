# The curve tables of real runs against a second computation, by the definitions, from the lists of their
# results: test_curves.sh GCREPLAY WRITE_CURVES.
set -euo pipefail
gcreplay=$1 write_curves=$2 here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

"$gcreplay" generate request-server --set requests=1500 --set sessions=300 --set objects=12 -o server.gct >/dev/null
"$gcreplay" generate fork-gc --set objects=1000 --set pairs=1000 -o fork.gct >/dev/null
"$gcreplay" compare server.gct fork.gct -c linked-list,semispace,generational,incminimark,buffered-refcount,explicit-free \
  -o timed >/dev/null
mkdir tables
"$write_curves" timed tables >list
python3 "$here/check_curves.py" list tables

# A check that finds nothing wrong in a wrong table would be none.
for table in percentiles mmu latency; do
  cp "tables/$table.csv" whole.csv
  awk -F, -v OFS=, 'NR == 2 { $NF = 1 $NF; $5 = 1 $5 } 1' whole.csv >"tables/$table.csv"
  if python3 "$here/check_curves.py" list tables >/dev/null 2>&1; then
    echo "FAILED: a wrong figure in $table.csv was not noticed"
    exit 1
  fi
  cp whole.csv "tables/$table.csv"
done
