# Traces in and out: text round trip, and files that are missing, foreign, cut short, damaged, of another
# version, or invalid. Bad input is exit code 2 with file and offset; an invalid trace is 1.
. "$(dirname "$0")/expect.sh"

must generate fork-gc --set objects=3000 --set pairs=4000 --set children=2 -o good.gct
must dump good.gct -o good.gtt
must assemble good.gtt -o again.gct
expect "assembling a dump gives the same file" cmp good.gct again.gct
"$gcreplay" assemble - -o piped.gct <good.gtt
expect "assembling standard input gives the same file" cmp good.gct piped.gct
must dump good.gct
expect "dump to standard output is the same text" cmp "$work/.out" good.gtt
must dump good.gct --lane 2
expect_out 'lane 2'
expect "only lane 2" [ "$(grep -c '^lane ' "$work/.out")" -eq 1 ]

for command in 'info' 'check' 'dump' 'run -c epsilon' 'compare -c epsilon'; do
  # shellcheck disable=SC2086
  gcr $command missing.gct
  expect_usage 'missing.gct: No such file or directory'
  printf 'this is not a trace, and long enough to have had a header in it' >foreign.gct
  # shellcheck disable=SC2086
  gcr $command foreign.gct
  expect_usage 'foreign.gct: not a gcreplay trace'
  : >empty.gct
  # shellcheck disable=SC2086
  gcr $command empty.gct
  expect_code 2
  expect_one_line_err
  # shellcheck disable=SC2086
  gcr $command .
  expect_code 2
  expect_one_line_err
done
gcr assemble missing.gtt -o x.gct
expect_usage 'missing.gtt: No such file or directory'

# Another version: byte 8 and on of the header hold it (FORMAT.md).
python3 - <<'PY'
data = bytearray(open("good.gct", "rb").read())
data[8] ^= 0x40
open("version.gct", "wb").write(data)
PY
gcr info version.gct
expect_code 2
expect_one_line_err
expect_err version

# Cut short anywhere: opens with a warning, or is refused in one line; never a crash.
size=$(stat -c %s good.gct)
for part in 1 7 15 31 100 $((size / 4)) $((size / 2)) $((size - 100)) $((size - 1)); do
  head -c "$part" good.gct >cut.gct
  gcr info cut.gct
  if [ "$code" -eq 0 ]; then
    expect "a trace cut at $part says so" grep -qE '^WARNING' <<<"$out"
  else
    expect_code 2
    expect_one_line_err
    expect_err cut.gct
  fi
done

# One flipped bit: found, with the offset, wherever it is; nothing is half-used.
python3 - <<'PY'
import random
data = open("good.gct", "rb").read()
random.seed(4)
for i in range(40):
    at = random.randrange(16, len(data))
    bad = bytearray(data)
    bad[at] ^= 1 << random.randrange(8)
    open(f"flip{i}.gct", "wb").write(bad)
PY
noticed=0
for i in $(seq 0 39); do
  gcr check "flip$i.gct"
  expect "a flipped bit is no crash" [ "$code" -le 2 ]
  if [ "$code" -eq 2 ]; then
    noticed=$((noticed + 1))
    expect_one_line_err
    expect "flip$i: the offset is named" grep -qi 'offset' <<<"$err"
  fi
done
# What is not an error is the index or a name for people: the trace itself is unharmed or said to be cut.
expect "most flipped bits are errors ($noticed of 40)" [ "$noticed" -ge 30 ]

# A damaged block stops run and compare as well.
python3 - <<'PY'
data = bytearray(open("good.gct", "rb").read())
data[len(data) // 2] ^= 0xff
open("middle.gct", "wb").write(data)
PY
for command in 'run middle.gct -c semispace' 'compare middle.gct -c semispace,epsilon -o out'; do
  # shellcheck disable=SC2086
  gcr $command
  expect_code 2
  expect_one_line_err
  expect_err middle.gct
done

# Invalid: the first bad event is named by lane and number, exit code 1.
cat good.gtt | sed -n '1,/^lane 0/p' >bad.gtt
cat >>bad.gtt <<'TEXT'
alloc o1 2 t0 0
alloc o2 2 t0 0
store o2 0 o1
TEXT
must assemble bad.gtt -o bad.gct
gcr check bad.gct
expect_code 1
expect_one_line_err
expect_err 'event 2'
expect_err 'store o2 0 o1'

# An object that is rooted again after nothing reached it: found by the proof, and by a verified run
# whether or not the heap has freed it.
cat good.gtt | sed -n '1,/^lane 0/p' >revived.gtt
cat >>revived.gtt <<'TEXT'
alloc o1 2 t0 0
root t0 null
root t1 o1
TEXT
must assemble revived.gtt -o revived.gct
gcr check revived.gct
expect_code 1
expect_err 'lane 0, event 2 (root t1 o1): object o1 is unreachable since event 1'
for name in $(collectors); do
  gcr run revived.gct -c "$name" --verify=every
  expect_code 1
  expect_err "invalid_trace: lane 0, event 2 (root t1 o1): object o1 has long been unreachable"
done

# Wrong text: file and line.
printf 'gct 1\nshape nonsense\n' >wrong.gtt
gcr assemble wrong.gtt -o x.gct
expect_code 2
expect_one_line_err
expect_err 'wrong.gtt:2'
expect_absent x.gct
finish
