# Designs with threads of their own, really threaded, on traces with threads and forks. Under
# ThreadSanitizer a data race ends the run, and so the test.
export TSAN_OPTIONS=${TSAN_OPTIONS:+$TSAN_OPTIONS:}halt_on_error=1:abort_on_error=1
. "$(dirname "$0")/../cli/expect.sh"
must generate mt-store --set nodes=800 --set turns=250 -o mt-store.gct
must generate gcbench --set stretch-depth=11 --set long-depth=9 --set array=2000 --set max-depth=9 -o gcbench.gct
must generate fork-gc --set objects=3000 --set pairs=3000 -o fork-gc.gct
must generate popular --set referrers=20000 --set storms=20000 --set garbage=20000 -o popular.gct
must generate finchain --set groups=20 -o finchain.gct

# threaded COLLECTOR SETTINGS...: every trace, timed and verified. The small epochs make many of them.
threaded() {
  local trace
  for trace in mt-store gcbench fork-gc popular finchain; do
    must run "$trace.gct" -c "$@"
    must run "$trace.gct" -c "$@" --verify --final-collection --json out.json
    expect_json out.json "d['outcome'] == 'ok' and d['verified'] is True"
  done
}

threaded buffered-refcount --set chunk=4K --set epoch-chunks=1
threaded buffered-refcount --set chunk=4K --set epoch-chunks=1 --set cycles=sync --set context=tls-gd
threaded buffered-refcount --set chunk=4K --set epoch-chunks=1 --set buffers=two --set stacks=logged
threaded parallel-mark-sweep --set workers=4 --set floor=64K --set packet=16 --set range=64
threaded parallel-mark-sweep --set workers=3 --set floor=64K --set mark=plain --set sweep=eager --set share=full
threaded parallel-mark-sweep --set workers=4 --set floor=64K --set marks=bit

finish
