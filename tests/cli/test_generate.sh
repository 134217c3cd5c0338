# generate: each generator's happy path, what it prints, and its errors.
. "$(dirname "$0")/expect.sh"

gcr generate --list
expect_code 0
for name in gcbench ring list steady fork-read fork-gc; do expect_out "$name: "; done

declare -A small=(
  [gcbench]='--set stretch-depth=7 --set long-depth=5 --set max-depth=6 --set array=100'
  [ring]='--set rings=100' [list]='--set length=100' [steady]='--set live=50 --set steps=200'
  [fork-read]='--set objects=50' [fork-gc]='--set objects=50 --set pairs=20')
for name in "${!small[@]}"; do
  # shellcheck disable=SC2086
  must generate "$name" ${small[$name]} -o "$name.gct"
  expect_no_err
  expect_out "$name.gct: "
  expect_out 'peak live in the first process: '
  must check "$name.gct"
  expect_out 'valid: '
done

gcr generate rnig -o x.gct
expect_usage "no generator is named 'rnig'; known: gcbench, tree"
gcr generate ring
expect_usage 'missing -o TRACE'
gcr generate -o x.gct
expect_usage 'missing NAME'
gcr generate ring --set rings=0 -o x.gct
expect_usage "ring: option 'rings' cannot be '0'; allowed: 1 .. "
gcr generate ring --set rigns=1 -o x.gct
expect_usage "unknown option 'rigns'; known options: rings, size"
gcr generate gcbench --set min-depth=9 --set max-depth=4 -o x.gct
expect_usage 'min-depth 9 is above max-depth 4'
gcr generate steady --set min-size=9 --set max-size=4 -o x.gct
expect_usage 'min-size 9 is above max-size 4'
expect_absent x.gct
expect_absent x.gct.partial
finish
