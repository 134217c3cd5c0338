# The bounds of the mark-compact designs on generated programs, by the figures of verified runs.
. "$(dirname "$0")/../cli/expect.sh"
must generate steady --set live=5000 --set steps=60000 -o steady.gct
must generate gcbench --set stretch-depth=13 --set long-depth=11 --set array=5000 --set max-depth=11 -o gcbench.gct
must generate ring --set rings=2000 -o ring.gct
must generate ramp --set objects=40000 -o ramp.gct
must generate cliff --set live=20000 --set slow=20000 -o cliff.gct

figure="next(f['value'] for f in d['design'] if f['name'] =="
small=(--set space=64K --set floor=64K --set first=64K)

# bounded TRACE FACTOR SETTINGS...: used stays below the factor times what lived, and a quarter.
bounded() {
  local trace=$1 factor=$2
  shift 2
  must run "$trace.gct" -c "$@" --verify --json out.json
  expect_json out.json "d['verified'] is True"
  expect_json out.json "$figure 'most used over live before') <= $factor + 0.25"
}

for trace in steady gcbench ring ramp cliff; do
  bounded $trace 1.5 mark-compact --set space=64K
  bounded $trace 1.2 mark-compact --set space=64K --set factor=1.2 --set move=pieces
  bounded $trace 1.667 mark-compact --set mode=2010 --set floor=64K --set first=64K
  bounded $trace 1.5 mark-compact --set mode=ideal "${small[@]}"
  bounded $trace 2.5 mark-compact --set mode=ideal --set factor=2.5 --set marks=side "${small[@]}"
  bounded $trace 1.5 mark-compact-nursery --set nursery=16K --set space=512K --set floor=256K
done

# The factor is reached where nothing dies, and a fall shows what the claim leaves out.
must run ramp.gct -c mark-compact --set space=64K --json ramp.json
expect_json ramp.json "$figure 'most used over live before') >= 1.4"
expect_json ramp.json "$figure 'moves to a larger space') >= 3"
expect_json ramp.json "$figure 'footprint peak in a move') > 0"
must run cliff.gct -c mark-compact --set space=64K --json cliff.json
expect_json cliff.json "$figure 'most used over live now') >= 10"
finish
