# import: another tool's recording to a trace; what is printed, written and refused.
. "$(dirname "$0")/expect.sh"

gcr import --list
expect_code 0
for name in garcosim heaptrack mtrace; do expect_out "$name: "; done

cat >app.log <<'LOG'
= Start
@ ./app:(main+0x10)[0x1000] + 0x5000 0x40
@ ./app:(main+0x20)[0x1010] + 0x5100 0x18
@ ./app:(main+0x30)[0x1020] - 0x5000
@ ./app:(main+0x40)[0x1030] - 0x7000
= End
LOG
must import app.log -o app.gct
expect_out 'app.gct: 4 events from 6 lines of mtrace'
expect_err 'allocations: 2 (blocks allocated)'
expect_err 'peak_live_bytes: 88 (bytes live at most)'
expect_err 'loss: unknown_frees: 1 '
expect "a loss of nothing is not shown" bash -c "! grep -q reused <<<'$err'"
must check app.gct
expect_out 'valid: 4 events, 2 objects'
must info app.gct --json=info.json
expect_json info.json "d['meta']['import']['allocations'] == 2 and d['meta']['losses']['unknown_frees'] == 1"
expect_json info.json "d['meta']['importer']['name'] == 'mtrace' and d['meta']['program'] == 'app.log'"

# The four small traces of GarCoSim: one full collection at the end frees and keeps what the original
# simulator's does, on every back end that collects.
vectors=$root/tests/import/garcosim
for vector in direct:1:0 indirect:1:2 chained:2:0 cycle:2:0; do
  IFS=: read -r name freed live <<<"$vector"
  must import "$vectors/$name.trace" --set collect=on -o "$name.gct"
  must check "$name.gct"
  must compare "$name.gct" -c all --verify --json=runs.json
  expect_json runs.json "all(r['outcome'] == 'ok' and r['verified'] and r['objects']['freed'] == $freed \
    and r['objects']['allocated'] == $freed + $live and r['objects']['live_end'] == $live \
    for r in d['comparisons'][0]['runs'] if r['collector'] not in ('epsilon', 'explicit-free'))"
  expect_json runs.json "len(d['comparisons'][0]['runs']) >= 14"
  must annotate "$name.gct" -o dying.gct
  must run dying.gct -c explicit-free --verify --json=run.json
  expect_json run.json "d['objects']['freed'] == $freed and d['objects']['allocated'] == $freed + $live"
done
# Counts alone leave the cycle.
must import "$vectors/cycle.trace" -o counted.gct
must run counted.gct -c linked-list --set threshold0=0 --verify --json=run.json
expect_json run.json "d['objects']['freed'] == 0 and d['objects']['allocated'] == 2 and d['collections']['total'] == 0"

# The class table lies beside the trace, or is named.
printf 'C1 I16 #0 java.lang.Object\n\nC2 I16 #1 [I\n' >named.cls
printf 'a T0 O1 C1 S16 N0\n+ T0 O1\na T0 O2 C2 S64 N0\n' | gzip >named.trace.gz
must import named.trace.gz -o named.gct
expect_err 'classes: 2 '
expect_err 'loss: pinned: 1 '
must dump named.gct
expect_out 'shape 1 java.lang.Object fields=0'
expect_out 'shape 2 [I fields=48'
must import --from garcosim --set classes=named.cls - -o piped.gct < <(zcat named.trace.gz)
expect_err 'classes: 2 '
gcr import --set zombies=keep-alive --from garcosim - -o x.gct < <(zcat named.trace.gz)
expect_usage 'standard input: cannot be read twice: it is no file'
printf 'K1 what\n' >bad.cls
gcr import --set classes=bad.cls named.trace.gz -o x.gct
expect_usage "bad.cls:1: expected C, a class's number, and a name at the end"
gcr import --set classes=absent.cls named.trace.gz -o x.gct
expect_usage 'absent.cls: No such file or directory'
gcr import --set zombies=maybe named.trace.gz -o x.gct
expect_usage "garcosim: option 'zombies' cannot be 'maybe'; allowed: error|keep-alive|skip"

# Packed, by content and whatever the name; standard input; the same trace each time.
gzip -c app.log >app.gz
zstd -q app.log -o packed 2>/dev/null || cp app.gz packed
for file in app.gz packed; do
  must import "$file" -o other.gct
  expect_out '4 events from 6 lines'
done
must import --from mtrace - -o stdin.gct <app.log
must import --from=mtrace app.log -o again.gct
expect "the same input gives the same bytes" cmp again.gct app.gct

# Cut short: kept, labelled, exit code 1.
head -c 60 app.gz >torn.gz
gcr import --from mtrace torn.gz -o torn.gct
expect_code 1
expect_err 'gcreplay: torn.gz is not whole: the gzip data end in their middle, at byte 60; torn.gct has what precedes'
must check torn.gct
head -c -3 app.log >torn.log
gcr import torn.log -o torn.gct
expect_code 1
expect_err 'torn.log is not whole: the last line has no end'
must info torn.gct --json=info.json
expect_json info.json "d['meta']['import']['truncated'] == 'the last line has no end'"

# Refused: one line, exit code 2, no file.
printf '= Start\n+ 0x10 0x8\nnonsense\n' >bad.log
gcr import bad.log -o x.gct
expect_usage 'bad.log:3: not a line of mtrace'
head -c 40 app.gz >damaged.gz && printf 'xxxxxxxxxxxxxxxxxxxxxxxxxxxx' >>damaged.gz
gcr import --from mtrace damaged.gz -o x.gct
expect_usage 'damaged.gz: damaged gzip data near byte'
gcr import nothing.log -o x.gct
expect_usage 'nothing.log: No such file or directory'
echo hello >hello.txt
gcr import hello.txt -o x.gct
expect_usage 'hello.txt is of no format that can be imported'
gcr import --from nonesuch app.log -o x.gct
expect_usage "no importer is named 'nonesuch'; known: "
gcr import --from mtrace --set a=b app.log -o x.gct
expect_usage "mtrace: unknown option 'a'; known options: none"
gcr import app.log
expect_usage 'missing -o TRACE'
gcr import -o x.gct
expect_usage 'missing IN'
gcr import - -o x.gct </dev/null
expect_usage 'standard input needs --from NAME'
gcr import app.log -o app.log
expect_usage 'would replace the input app.log'
ln -s app.log link.log
gcr import link.log -o app.log
expect_usage 'would replace the input link.log'
expect "the input is still there" grep -q Start app.log
gcr import app.log -o /dev/null
expect_usage '/dev/null: exists and is not a regular file'
gcr import . -o x.gct
expect_code 1
expect_err '.: cannot read: Is a directory'
expect_absent x.gct
expect_absent x.gct.partial

# A real recording by heaptrack, raw and interpreted: its printer says 918 calls, 827470 bytes at the peak.
recordings=$root/tests/import/recordings
for form in python.raw.zst python.zst; do
  must import "$recordings/$form" -o "$form.gct"
  expect_err 'allocations: 918 (blocks allocated)'
  must check "$form.gct"
  expect_out 'valid: 2712 events, 918 objects'
  must info "$form.gct"
  expect_out '827470 bytes'
done
must run python.zst.gct -c explicit-free --verify
# Which block of its class a free ends is a policy: it is in the trace, and the same seed gives the same trace.
must import "$recordings/python.zst" --set policy=random --set seed=5 -o random.gct
must import "$recordings/python.zst" --set policy=random --set seed=5 -o again.gct
expect "the same seed gives the same bytes" cmp random.gct again.gct
expect "another policy gives another trace" bash -c '! cmp -s random.gct python.zst.gct'
must info random.gct --json=info.json
expect_json info.json "d['meta']['importer']['options']['policy'] == 'random' and d['meta']['losses']['guessed_frees'] > 0"
gcr import "$recordings/python.zst" --set policy=newest -o x.gct
expect_usage "'newest'"
finish
