# The program does not see that it is recorded: no variable, no descriptor, also through env and sh.
#   bash test_environment.sh GCREPLAY
set -u
. "$(dirname "$0")/kit.sh"
gcreplay=$1
cat >"$work/look.py" <<'PY'
import os
print(sorted(k for k in os.environ if k.startswith(("LD_PRELOAD", "GCREPLAY_RECORD"))))
print(sorted(int(fd) for fd in os.listdir("/proc/self/fd"))[:-1])
PY
plain=$("$python" "$work/look.py" </dev/null)
for how in directly env sh; do
    case $how in
    directly) command=("$python" "$work/look.py") ;;
    env) command=(/usr/bin/env "$python" "$work/look.py") ;;
    sh) command=(/bin/sh -c "exec $python $work/look.py") ;;
    esac
    recorded=$("$gcreplay" record -o "$work/t.gct" -- "${command[@]}" </dev/null | sed -n 1,2p)
    if [ "$plain" != "$recorded" ]; then
        echo "FAIL: $how: the program sees"
        echo "$recorded"
        echo "and without recording"
        echo "$plain"
        failed=1
    fi
done
exit $failed
