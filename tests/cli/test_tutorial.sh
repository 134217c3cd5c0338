# Runs every command of docs/tutorial.md as it stands there, in an empty directory.
#   bash test_tutorial.sh GCREPLAY
set -u
gcreplay=$(realpath "$1")
root=$(cd "$(dirname "$0")/../.." && pwd)
if ! /usr/bin/python3 -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
    echo "skipped: /usr/bin/python3 is not CPython 3.11"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
PATH=$(dirname "$gcreplay"):$PATH

# Blocks of shell, each ended by a line that says where it was.
awk '/^```sh$/ { inside = 1; block++; next }
     /^```$/ && inside { inside = 0; print ":; echo \"== block " block " done\"" }
     inside' "$root/docs/tutorial.md" >"$work/commands.sh"
blocks=$(grep -c '^```sh$' "$root/docs/tutorial.md")
mkdir "$work/here" && cd "$work/here" || exit 1
if ! bash -eux "$work/commands.sh" >"$work/out" 2>&1; then
    tail -n 40 "$work/out"
    echo "FAIL: a command of the tutorial failed"
    exit 1
fi
if [ "$blocks" = 0 ] || [ "$(grep -c '^== block' "$work/out")" != "$blocks" ]; then
    echo "FAIL: not all $blocks blocks were run"
    exit 1
fi
for file in study/report.html study/tables/summary.csv study/pauses.trace.json nursery/report.html; do
    if [ ! -s "$file" ]; then
        echo "FAIL: the tutorial promises $file"
        exit 1
    fi
done
echo "$blocks blocks"
