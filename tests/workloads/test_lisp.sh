# The small Lisp, recorded through gctrace.h: its recordings are valid, say exactly what the interpreter's own
# collector says, and replay verified on designs of three kinds.
#   bash test_lisp.sh GCREPLAY LISP LISP_RECORDED PROGRAMS
lisp=$2 recorded=$3 programs=$4
. "$(dirname "$0")/../cli/expect.sh"

# live FILE: the objects that the interpreter has left, by its last line on standard error.
live() { sed -n 's/^lisp: \([0-9]*\) objects live of .*/\1/p' "$1" | tail -n 1; }

for name in queens derive words workers; do
  ran="lisp $name.lisp"
  expect "$name runs" "$lisp" "$programs/$name.lisp" >plain 2>plain.err
  expect "$name runs, recorded" "$recorded" -o $name.gct "$programs/$name.lisp" >out 2>err
  expect "$name: recorded or not, it prints the same" cmp -s plain out
  expect "$name: and leaves the same objects" [ "$(live plain.err)" = "$(live err)" ]
  must check $name.gct
  expect "$name: $(live err) objects live at the end in the trace, too" \
    grep -q "live at the end $(live err) objects" <<<"$out"
  must info --json $name.gct
  printf %s "$out" >info.json
  expect_json info.json "all(d['capabilities'][k] == 'exact' for k in ('stores', 'roots', 'reads'))"
  expect_json info.json "d['capabilities']['loads'] and d['capabilities']['deaths'] == 'granulated'"
done
expect "queens counts right" grep -qx '5 queens: 10' <("$lisp" "$programs/queens.lisp" 2>/dev/null)
expect "workers: a lane for each process" [ "$(grep -c ' objects live of ' err)" -eq 4 ]
expect_json info.json "len(d['lanes']) == 4 if isinstance(d['lanes'], list) else d['lanes'] == 4"

# Counting, sweeping and moving.
for design in linked-list mark-sweep semispace; do
  must run derive.gct -c $design --verify
done
must run workers.gct -c bitmap --verify
must run derive.gct -c generational --set nursery=64K --cache

# The end of a program that fails is recorded as well.
cat >wrong.lisp <<'LISP'
(define f (lambda (n) (cons n (car n))))
(f 'x)
LISP
"$recorded" -o wrong.gct wrong.lisp >out 2>err
expect "status 1 of a program that fails" [ $? -eq 1 ]
expect "and says why" grep -qx 'lisp: a pair is wanted' err
must check wrong.gct
expect_out "live at the end $(live err) objects"
must dump wrong.gct
expect_out "exit 1"
"$recorded" -o nowhere/t.gct wrong.lisp >out 2>err
expect "status 2 without a place for the trace" [ $? -eq 2 ]
finish
