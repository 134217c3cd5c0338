# Outputs: whole or absent. Disk full, file size limits and devices are reported, exit code 1; nothing but
# results goes to a pipe.
. "$(dirname "$0")/expect.sh"
must generate steady --set live=2000 --set steps=20000 -o t.gct

expect_full() {
  expect_code 1
  expect_one_line_err
  expect_err 'No space left on device'
}
"$gcreplay" dump t.gct >/dev/full 2>"$work/.err"
code=$? ran='dump >/dev/full' out='' err=$(cat "$work/.err")
expect_full
for command in '--help' 'list' 'info t.gct' 'run t.gct -c semispace --json -' 'compare t.gct -c epsilon'; do
  # shellcheck disable=SC2086
  "$gcreplay" $command >/dev/full 2>"$work/.err"
  code=$? ran="$command >/dev/full" err=$(cat "$work/.err")
  expect_full
done
gcr dump t.gct -o /dev/full
expect_full
gcr info t.gct --json=/dev/full
expect_full
gcr run t.gct -c semispace --json /dev/full
expect_full
expect "the device is still a device" [ -c /dev/full ]

# Traces appear by rename: a device or folder is refused before any work.
for target in /dev/full /dev/null .; do
  gcr generate ring -o "$target"
  expect_code 2
  expect_one_line_err
  gcr assemble t.gct -o "$target"
  expect_code 2
  expect_one_line_err
done
gcr generate ring -o no/such/folder/t.gct
expect_code 1
expect_one_line_err
expect_err 'no/such/folder/t.gct'
gcr info t.gct --json=no/such/folder/t.json
expect_code 1
expect_one_line_err

# A file that may not grow (what a full disk does in the middle of a write): nothing under its name.
limited() {
  ran="(ulimit -f 8) gcreplay $*"
  (
    trap '' XFSZ
    ulimit -f 8
    exec "$gcreplay" "$@"
  ) >"$work/.out" 2>"$work/.err"
  code=$? out=$(cat "$work/.out") err=$(cat "$work/.err")
}
limited generate steady --set live=2000 --set steps=200000 -o big.gct
expect_code 1
expect_one_line_err
expect_err 'File too large'
expect_absent big.gct
limited dump t.gct -o big.gtt
expect_code 1
expect_one_line_err
expect_absent big.gtt
expect_absent big.gtt.partial
limited run t.gct -c epsilon --json big.json
expect "run into a full disk" [ "$code" -eq 1 -o -s big.json ]
expect_absent big.json.partial

# What was there before survives a failure.
echo before >kept.gtt
limited dump t.gct -o kept.gtt
expect_code 1
expect "the old file is still there" [ "$(cat kept.gtt)" = before ]

# An output that is the input by mistake: refused, and the input is as it was.
cp t.gct mine.gct
ln -s mine.gct alias.gct
must dump t.gct -o mine.gtt
for command in 'dump mine.gct -o mine.gct' 'dump alias.gct -o ./mine.gct' 'info mine.gct --json=mine.gct' \
  'run mine.gct -c epsilon --json mine.gct' 'compare t.gct mine.gct -c epsilon --json mine.gct' \
  'assemble mine.gtt -o mine.gtt'; do
  # shellcheck disable=SC2086
  gcr $command
  expect_usage 'would replace the input'
done
expect "the trace is unchanged" cmp t.gct mine.gct
"$gcreplay" dump t.gct | expect "the text is unchanged" cmp - mine.gtt

# Closed standard streams: nothing that is printed gets into a file, and what cannot be printed is an error.
"$gcreplay" run t.gct -c epsilon --json closed.json <&- >&- 2>&-
expect "a table for a closed output is an error" [ $? -eq 1 ]
expect_json closed.json "d['outcome'] == 'ok'"
"$gcreplay" dump t.gct -o closed.gtt <&- >&- 2>&-
expect "nothing printed, no error" [ $? -eq 0 ]
expect "the text is whole" cmp closed.gtt mine.gtt

# Silent when piped, even for work of more than a second; alive on a terminal.
must generate gcbench --set stretch-depth=16 -o long.gct
expect_no_err
must run long.gct -c semispace
expect_no_err
if script -qec true /dev/null >/dev/null 2>&1; then # else there are no pseudo-terminals here
  script -qec "'$gcreplay' generate gcbench -o longer.gct" /dev/null >terminal.txt 2>&1 </dev/null
  ran='generate on a terminal' out=$(tr -d '\0' <terminal.txt) err='' code=0
  expect_out '% '
  expect_out ' left'
fi
finish
