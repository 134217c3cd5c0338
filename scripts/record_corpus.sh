#!/usr/bin/env bash
# Records real programs at a size of your choice: traces for studies, too large for the repository.
#   scripts/record_corpus.sh [--only NAME,...] [--mode MODE] [SIZE [DIR]]
# SIZE: events of each recording, 1M .. 1000M (default 10M); DIR: default out/corpus-SIZE. MODE: neutral (default) or faithful.
# How many requests, modules or rounds make that many events is found out by two small recordings of each
# program. One that then misses the size by more than 15 % is made again, at most twice: modules are not of a size.
# Each is checked and entered in DIR/manifest.json. What is there already is not recorded again, so the script can
# be interrupted and repeated. Programs that are not installed are named and left out:
#   apt-get install gunicorn python3-flask python3-docutils python3-pygments mercurial
# Disk: about 1.7 bytes an event.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
gcreplay=${GCREPLAY:-$root/build/release/bin/gcreplay}
python=/usr/bin/python3
programs=$root/workloads/programs
names=(compile json_service object_graph prefork_web flask unit_suite docutils pygments mercurial)
only= mode=neutral

usage() {
    echo "usage: scripts/record_corpus.sh [--only NAME,...] [--mode neutral|faithful] [SIZE [DIR]] (SIZE: 1M .. 1000M events; NAME: ${names[*]})" >&2
    exit 2
}
while [ $# -gt 0 ]; do
    case $1 in
    --only) [ $# -gt 1 ] || usage; only=$2; shift 2 ;;
    --mode) [ $# -gt 1 ] || usage; mode=$2; shift 2 ;;
    --help | -h) sed -n '2,11s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) usage ;;
    *) break ;;
    esac
done
size=${1:-10M}
[[ $size =~ ^[1-9][0-9]{0,3}M$ ]] && [ "${size%M}" -le 1000 ] && [ $# -le 2 ] || usage
case $mode in neutral | faithful) ;; *) usage ;; esac
for name in ${only//,/ }; do
    [[ " ${names[*]} " == *" $name "* ]] || usage
done
target=${size%M}000000
mkdir -p "${2:-out/corpus-$size}"
folder=$(cd "${2:-out/corpus-$size}" && pwd)
if [ ! -x "$gcreplay" ]; then
    echo "record_corpus: no $gcreplay: build first (scripts/build.sh), or set GCREPLAY" >&2
    exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# Whether a program is there at all.
present() { # NAME
    case $1 in
    flask) [ -x /usr/bin/gunicorn ] && "$python" -c 'import flask' 2>/dev/null ;;
    docutils | pygments) "$python" -c "import $1" 2>/dev/null ;;
    mercurial) [ -x /usr/bin/hg ] ;;
    esac
}

what() { # NAME
    case $1 in
    compile) echo "a compiler over the standard library: trees, scopes, constants, code" ;;
    json_service) echo "a JSON service with sessions in a cache" ;;
    object_graph) echo "science on an object graph of 4000 people" ;;
    prefork_web) echo "a pre-fork web server on wsgiref, four workers, clients apart (REQUEST)" ;;
    flask) echo "a Flask shop on gunicorn, two workers, clients apart (REQUEST)" ;;
    unit_suite) echo "unittest, one suite again and again" ;;
    docutils) echo "docutils: a manual in reStructuredText to HTML" ;;
    pygments) echo "Pygments: the standard library coloured" ;;
    mercurial) echo "Mercurial: a repository of commits with merged files" ;;
    esac
}

# The smaller of two sizes to measure: n; the other is twice that.
first_n() { # NAME
    case $1 in
    compile | pygments) echo 4 ;;
    object_graph) echo 2 ;;
    json_service | prefork_web | flask) echo 100 ;;
    mercurial) echo 60 ;;
    *) echo 10 ;;
    esac
}

# Records NAME with n units of work to FILE; says how many events that were.
record() { # NAME N FILE
    local name=$1 n=$2 file=$3 modules
    local to=("$gcreplay" record --marks --mode "$mode" -o "$file" --)
    case $name in
    compile) # modules; and all of them several times if there are not so many
        modules=$("$python" -c 'import glob, sysconfig; print(len(glob.glob(sysconfig.get_paths()["stdlib"] + "/*.py")))')
        if [ "$n" -le "$modules" ]; then
            "${to[@]}" "$python" "$programs/compile_modules.py" "$n" 1
        else
            "${to[@]}" "$python" "$programs/compile_modules.py" "$modules" $(((n + modules / 2) / modules))
        fi
        ;;
    json_service) "${to[@]}" "$python" "$programs/json_service.py" "$n" ;;
    object_graph) "${to[@]}" "$python" "$programs/object_graph.py" 4000 "$n" ;;
    prefork_web) "${to[@]}" "$python" "$programs/prefork_web.py" "$n" 4 8 ;;
    flask) serve "$n" "$file" ;;
    unit_suite) "${to[@]}" "$python" "$programs/unit_suite.py" "$n" ;;
    docutils) "${to[@]}" "$python" "$programs/publish_docs.py" "$n" ;;
    pygments) "${to[@]}" "$python" "$programs/highlight_sources.py" "$n" ;;
    mercurial)
        rm -rf "$work/repository"
        HGRCPATH='' /usr/bin/hg init "$work/repository"
        HGRCPATH='' HGUSER=someone "${to[@]}" "$python" /usr/bin/hg -R "$work/repository" debugbuilddag -m "+$n"
        ;;
    esac </dev/null >"$work/out" 2>"$work/log" || { tail -n 3 "$work/out" "$work/log" >&2; return 1; }
    sed -n 's/^.*: \([0-9]*\) events, .*/\1/p' "$work/log" | head -n 1
}

# gunicorn until one load of n requests is over.
serve() { # N FILE
    local port
    port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    "$gcreplay" record --marks --mode "$mode" -o "$2" -- /usr/bin/gunicorn --chdir "$programs" -b "127.0.0.1:$port" \
        -w 2 --preload 'web_frameworks:flask()' &
    local recorder=$! status=0
    "$python" "$programs/web_client.py" "$port" "$1" 8 || status=1
    kill -TERM "$recorder"
    wait "$recorder" && return $status
}

# Records NAME at the size asked for to $work/whole.gct: events = fixed + slope x n, by the last two sizes tried.
record_whole() { # NAME
    local name=$1 n events last last_events attempt miss
    last=$(first_n "$name")
    last_events=$(record "$name" "$last" "$work/whole.gct") || return 1
    n=$((2 * last))
    events=$(record "$name" "$n" "$work/whole.gct") || return 1
    for attempt in 1 2 3; do
        miss=$((100 * (events - target) / target))
        [ "$events" -ne "$last_events" ] && [ "${miss#-}" -gt 15 ] || return 0
        set -- $((n + (target - events) * (n - last) / (events - last_events)))
        [ "$1" -ge 1 ] || set -- 1
        [ "$1" -ne "$n" ] || return 0
        echo "record_corpus: $name: $last make $last_events events, $n make $events: recording $1"
        last=$n last_events=$events n=$1
        events=$(record "$name" "$n" "$work/whole.gct") || return 1
    done
}

for name in "${names[@]}"; do
    file=$folder/$name.gct
    if [ -n "$only" ] && [[ ",$only," != *",$name,"* ]] && [ ! -e "$file" ]; then
        continue # what is there is in the manifest, whoever asked for it
    fi
    if [ ! -e "$file" ] && ! present "$name" && [[ " flask docutils pygments mercurial " == *" $name "* ]]; then
        echo "record_corpus: $name: not installed"
        continue
    fi
    if [ ! -e "$file" ]; then
        record_whole "$name" || { failed=1; continue; }
        "$gcreplay" check "$work/whole.gct" >"$work/check" 2>&1 ||
            { echo "record_corpus: $name: not valid: $(tail -n 1 "$work/check")"; failed=1; continue; }
        mv "$work/whole.gct" "$file"
    fi
    printf '%s.gct\t%s\n' "$name" "$(what "$name")" >>"$work/list"
done
[ -e "$work/list" ] || exit $failed
"$python" scripts/trace_manifest.py "$gcreplay" "$folder" <"$work/list"
exit $failed
