# What cannot be recorded is refused with one line and exit code 2, and leaves no file behind.
#   bash test_refusals.sh GCREPLAY
set -u
gcreplay=$1
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

refuse() { # NAME, PATTERN, COMMAND...
    local name=$1 pattern=$2
    shift 2
    "$@" >"$work/out" 2>"$work/err" </dev/null
    local rc=$?
    [ $rc = 2 ] || { echo "FAIL: $name: exit code $rc, expected 2"; failed=1; }
    grep -q "$pattern" "$work/err" || { echo "FAIL: $name: $(cat "$work/err")"; failed=1; }
    if [ -e "$work/t.gct" ] || [ -e "$work/t.gct.partial" ]; then
        echo "FAIL: $name: leaves a file"
        failed=1
    fi
}

record=("$gcreplay" record -o "$work/t.gct")
refuse "no program" "missing -- PROGRAM" "${record[@]}" --
refuse "no such program" "No such file" "${record[@]}" -- "$work/none"
refuse "not Python" "started no CPython 3.11" "${record[@]}" -- /bin/true
refuse "wrong mode" "expected neutral or faithful" "${record[@]}" --mode exact -- /bin/true
refuse "wrong interval" "expected 1 .. 1000000" "${record[@]}" --snapshot-every 0 -- /bin/true
refuse "wrong sampling" "expected forked or all" "${record[@]}" --sample-pages=none -- /bin/true
refuse "interval alone" "needs --sample-pages" "${record[@]}" --sample-every 10 -- /bin/true
refuse "wrong sampling interval" "expected 1 .. 1000000000" "${record[@]}" --sample-pages \
    --sample-every 0 -- /bin/true
if /usr/bin/python3 -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
    refuse "other allocator" "PYTHONMALLOC" env PYTHONMALLOC=malloc "${record[@]}" -- \
        /usr/bin/python3 -c pass
fi
exit $failed
