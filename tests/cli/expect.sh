# Assertions for the tests of the command line; sourced, with the program's path as $1.
#
# Each test works in a fresh folder of its own. A failed expectation prints what was run and what came
# out, and the script ends with exit code 1 after all of them have been tried.

# A crash stays a crash: AddressSanitizer would make an exit code of it.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}handle_segv=0:handle_abort=0

set -uo pipefail
gcreplay=$1
tests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$tests/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0
expectations=0
out='' err='' code=0 ran=''

# gcr ARGS...: runs the program; leaves $out, $err and $code.
gcr() {
  ran="gcreplay $*"
  "$gcreplay" "$@" >"$work/.out" 2>"$work/.err"
  code=$?
  # NUL bytes would only earn a warning from Bash; traces go to files, not to standard output.
  out=$(tr -d '\0' <"$work/.out")
  err=$(tr -d '\0' <"$work/.err")
}

fail() {
  failures=$((failures + 1))
  printf 'FAILED: %s\n  after: %s\n  exit code: %s\n  stdout: %s\n  stderr: %s\n' \
    "$1" "$ran" "$code" "${out:0:1500}" "${err:0:600}"
}

# expect "what should hold" command...
expect() {
  expectations=$((expectations + 1))
  local what=$1
  shift
  "$@" || fail "$what"
}

expect_code() { expect "exit code $1" [ "$code" -eq "$1" ]; }
expect_out() { expect "standard output has: $1" grep -qF -- "$1" <<<"$out"; }
expect_err() { expect "standard error has: $1" grep -qF -- "$1" <<<"$err"; }
expect_no_err() { expect "standard error is empty" [ -z "$err" ]; }
# One line, from us, and not a crash report.
expect_one_line_err() {
  expect "one line on standard error" [ "$(wc -l <"$work/.err")" -eq 1 ]
  expect "the line begins with gcreplay:" grep -q '^gcreplay: ' "$work/.err"
}
# expect_usage "text": wrong use, exit code 2, one line that has the text.
expect_usage() {
  expect_code 2
  expect_one_line_err
  expect_err "$1"
}
expect_absent() { expect "$1 does not exist" [ ! -e "$1" ]; }
# expect_json FILE PYTHON-EXPRESSION over d
expect_json() {
  expect "$1: $2" python3 -c "import json,sys; d=json.load(open(sys.argv[1])); sys.exit(0 if ($2) else 1)" "$1"
}
must() {
  gcr "$@"
  expect_code 0
}

# make_crash: crash.gct, whose store 32 GB behind its object kills every back end without --verify.
make_crash() {
  must assemble - -o crash.gct <<'TEXT'
gct 1
capabilities stores=exact loads=exact reads=exact deaths=exact roots=exact tracking=no threads=no forks=no times=no faithful=no
shape 1 pair fields=16 slots=2 items=0 item-slots=0 flags=container
lane 0
alloc o1 1 t0
store o1 4000000000 o1
TEXT
}

collectors() { "$gcreplay" list --json | python3 -c 'import json,sys; print(*[c["name"] for c in json.load(sys.stdin)["collectors"]])'; }

finish() {
  echo "$expectations expectations, $failures failed"
  [ "$failures" -eq 0 ] && [ "$expectations" -gt 0 ]
  exit
}
