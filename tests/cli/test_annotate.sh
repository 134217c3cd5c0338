# Deaths added to a trace: what the command says and refuses, and that others take the result.
. "$(dirname "$0")/expect.sh"

must generate ring --set rings=200 --set held=10 --set deaths=off -o bare.gct
must annotate bare.gct -o exact.gct
expect_out 'exact.gct: '
expect_out ' deaths of 2000 objects, '
must check exact.gct
must info exact.gct
expect_out 'exact'
must run exact.gct -c explicit-free --verify
must annotate bare.gct --keep-indexes -o kept.gct
expect_out '2000 indexes'
must dump bare.gct -o bare.gtt
must dump kept.gct -o kept.gtt
expect "only deaths are new" cmp <(grep -vE '^(block|meta|capabilities)' bare.gtt) \
  <(grep -vE '^(block|meta|capabilities|death)' kept.gtt)

gcr annotate exact.gct -o again.gct
expect_usage 'exact.gct has exact deaths already; --replace puts exact ones there'
expect_absent again.gct
must annotate exact.gct --replace -o again.gct
must dump exact.gct -o exact.gtt
must dump again.gct -o again.gtt
expect "annotating twice changes nothing" cmp <(grep -v '^meta' exact.gtt) <(grep -v '^meta' again.gtt)
cp bare.gct same.gct
gcr annotate same.gct -o same.gct
expect_usage 'would replace the input same.gct'
cp bare.gct same.gct.partial
gcr annotate same.gct.partial -o same.gct
expect_usage 'would be overwritten while it is read'

gcr annotate bare.gct
expect_usage 'missing -o, --output'
gcr annotate missing.gct -o x.gct
expect_usage 'missing.gct: No such file or directory'
gcr annotate bare.gct -o /dev/null
expect_code 2
gcr annotate bare.gct -o no/such/folder.gct
expect_code 1
expect_one_line_err
printf 'gct 1\ncapabilities loads=exact\nshape 1 pair fields=16 slots=2\nlane 0\nalloc o1 1 t0\nroot t0 null\nroot t0 o1\n' >bad.gtt
must assemble bad.gtt -o bad.gct
gcr annotate bad.gct -o x.gct
expect_code 1
expect_one_line_err
expect_err 'lane 0, event 2 (root t0 o1): object o1 is unreachable since event 1'
expect_absent x.gct
expect_absent x.gct.partial

# Cut short: whole blocks are annotated, unless a process is lost.
must generate fork-gc --set objects=3000 --set pairs=4000 --set children=2 --set deaths=off -o forks.gct
must annotate forks.gct -o forked.gct
must check forked.gct
must run forked.gct -c explicit-free --verify
must generate ring --set rings=9000 --set deaths=off -o long.gct
head -c $(($(stat -c %s long.gct) * 3 / 4)) long.gct >cut.gct
must annotate cut.gct -o whole.gct
expect_out 'warning: '
must check whole.gct
for part in 20 40 60 80 95; do
  head -c $(($(stat -c %s forks.gct) * part / 100)) forks.gct >cut.gct
  gcr annotate cut.gct -o whole.gct
  if [ "$code" -eq 0 ]; then
    must check whole.gct
  else
    expect_code 2
    expect_one_line_err
    expect_err 'cut'
  fi
done
finish
