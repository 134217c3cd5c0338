#!/usr/bin/env bash
# Makes the recordings of traces/samples anew: real programs, so small that they fit into the repository.
#   scripts/record_samples.sh [DIR]        default traces/samples
# Each is recorded with Debian's Python 3.11 (-S: without the site module's imports), checked, packed once more at zstd
# level 19, replayed verified on every design, and entered in manifest.json. No two recordings of a program are
# equal byte for byte: they tell the time.
set -euo pipefail
cd "$(dirname "$0")/.."
gcreplay=${GCREPLAY:-$PWD/build/release/bin/gcreplay}
python=/usr/bin/python3
folder=${1:-traces/samples}
if [ ! -x "$gcreplay" ]; then
    echo "record_samples: no $gcreplay: build first (scripts/build.sh), or set GCREPLAY" >&2
    exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$folder"

sample() { # NAME MODE WHAT PROGRAM...
    local name=$1 mode=$2 what=$3 program=$4
    shift 4
    echo "record_samples: $name: $program $*"
    "$gcreplay" record --mode "$mode" --marks -o "$work/$name.gct" -- "$python" -S "workloads/programs/$program" "$@" \
        </dev/null
    finish "$name" "$what"
}

finish() { # NAME WHAT: packs, checks, replays
    "$gcreplay" dump "$work/$1.gct" | sed -e '/^zstd /d' -e '1a zstd 19' >"$work/$1.txt"
    "$gcreplay" assemble "$work/$1.txt" -o "$folder/$1.gct"
    "$gcreplay" check "$folder/$1.gct"
    "$gcreplay" compare "$folder/$1.gct" -c all --verify >"$work/compare" || { cat "$work/compare"; exit 1; }
    printf '%s.gct\t%s\n' "$1" "$2" >>"$work/list"
}

sample compile neutral "a compiler: parses three modules of the standard library, resolves names, folds constants, compiles" \
    compile_modules.py 3 1
sample json_service neutral "a JSON service: 30 requests to sessions in a cache" json_service.py 30
sample prefork_server neutral "a pre-fork server: an index of two modules, two workers, 10 requests (REQUEST), phases index and serve" \
    prefork_index.py 2 2 10
sample object_graph faithful "science on an object graph: 300 people, preferential attachment, two rounds" \
    object_graph.py 300 2
sample unit_suite faithful "a test suite: unittest over a small bank, heaps and text" unit_suite.py 1
lisp=$(dirname "$gcreplay")/lisp-recorded
echo "record_samples: lisp_queens: $lisp"
"$lisp" -o "$work/lisp_queens.gct" workloads/lisp/programs/queens.lisp
finish lisp_queens "a small Lisp interpreter, recorded exactly (every store, load and root): workloads/lisp/programs/queens.lisp"
python3 scripts/trace_manifest.py "$gcreplay" "$folder" <"$work/list"
