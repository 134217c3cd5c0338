#!/usr/bin/env bash
# Are all requests of real web servers recorded? Records each of Debian's Python servers and frameworks that is
# installed, with marks, under load of clients that are not recorded, and compares.
#   scripts/check_servers.sh [REQUESTS]        default 300, 4 at a time
# A line a server: requests that the clients made and that were answered, REQUESTs in the recording that began and
# ended, processes, events, latency in a replay on linked-list (verified), and the same in a faithful recording: collections and freed
# counts equal to CPython's (scripts/fidelity.sh). Exit code 1 if any differs. Those not installed are named.
#   apt-get install gunicorn python3-flask python3-bottle python3-django python3-uvicorn
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
gcreplay=${GCREPLAY:-$root/build/release/bin/gcreplay}
python=/usr/bin/python3
requests=${1:-300}
programs=$root/workloads/programs
case $requests in
'' | *[!0-9]*) echo "usage: scripts/check_servers.sh [REQUESTS]" >&2; exit 2 ;;
esac
if [ ! -x "$gcreplay" ]; then
    echo "check_servers: no $gcreplay: build first (scripts/build.sh), or set GCREPLAY" >&2
    exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

free_port() {
    "$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# The server's command: a line a word, in $work/command.
command_of() { # SERVER PORT
    case $1 in
    wsgiref) words=("$python" "$programs/web_server.py" wsgiref "$2") ;;
    threads) words=("$python" "$programs/web_server.py" threads "$2") ;;
    gunicorn) words=(/usr/bin/gunicorn --chdir "$programs" -b "127.0.0.1:$2" -w 2 --preload web_application) ;;
    gunicorn-threads) words=(/usr/bin/gunicorn --chdir "$programs" -b "127.0.0.1:$2" -w 2 --threads 3 web_application) ;;
    uvicorn) words=("$python" -m uvicorn --app-dir "$programs" --log-level critical --port "$2" web_frameworks:asgi) ;;
    *) words=(/usr/bin/gunicorn --chdir "$programs" -b "127.0.0.1:$2" -w 2 "web_frameworks:$1()") ;;
    esac
}

needs_of() { # the module without which there is no such server
    case $1 in
    wsgiref | threads) echo wsgiref ;;
    gunicorn*) echo gunicorn ;;
    *) echo "$1" ;;
    esac
}

# Records the server from start to end of one load; what the clients said goes to $work/clients.
serve() { # SERVER MODE
    local port
    port=$(free_port)
    command_of "$1" "$port"
    "$gcreplay" record --marks --mode "$2" -o "$work/$1.$2.gct" -- "${words[@]}" >"$work/log" 2>&1 </dev/null &
    local recorder=$! status=0
    "$python" "$programs/web_client.py" "$port" "$requests" 4 >"$work/clients" || status=1
    kill -TERM "$recorder" # goes on to the server
    wait "$recorder" || status=1
    [ $status -eq 0 ] || { cat "$work/clients" "$work/log"; return 1; }
}

printf '%-17s %8s %7s %9s %10s %9s %9s  %s\n' server answered requests processes events p50 p99 'faithful recording'
for server in wsgiref threads gunicorn gunicorn-threads flask bottle django uvicorn; do
    if ! "$python" -c "import $(needs_of "$server")" 2>/dev/null; then
        echo "$server: not installed"
        continue
    fi
    if ! serve "$server" neutral; then failed=1; continue; fi
    answered=$(sed -n 's/^answered 200:\([0-9]*\)$/\1/p' "$work/clients")
    "$gcreplay" run "$work/$server.neutral.gct" -c linked-list --verify --json "$work/run.json" >"$work/run" 2>&1 ||
        { cat "$work/run"; failed=1; continue; }
    figures=$("$python" - "$work/run.json" "${answered:-0}" <<'PY'
import json, sys
result = json.load(open(sys.argv[1]))
requests = result["requests"]
print(f'{requests["count"]:>8} {len(result["lanes"]):>9} {result["trace"]["events"]:>10}'
      f' {requests["p50_ns"] / 1e3:>6.0f} us {requests["p99_ns"] / 1e3:>6.0f} us')
sys.exit(requests["count"] != int(sys.argv[2]) or requests["unfinished"] != 0)
PY
    ) || failed=1
    if ! serve "$server" faithful; then failed=1; continue; fi
    fidelity=$("$root/scripts/fidelity.sh" --trace "$work/$server.faithful.gct" | tail -n 1) || failed=1
    printf '%-17s %8s %s  %s\n' "$server" "${answered:-?}" "$figures" "${fidelity#*: }"
done
exit $failed
