# Demographics of generated traces against those that a second reader works out: test_demographics.sh GCREPLAY.
set -euo pipefail
gcreplay=$1 here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"$gcreplay" generate steady --set live=500 --set steps=3000 -o steady.gct >/dev/null
"$gcreplay" generate steady --set live=200 --set steps=500 --set deaths=off -o deathless.gct >/dev/null
"$gcreplay" generate fork-gc --set objects=500 --set pairs=300 -o fork-gc.gct >/dev/null
"$gcreplay" generate growlist --set lists=3 --set length=300 --set rounds=2 -o growlist.gct >/dev/null
for text in "$here"/../golden/*.gtt; do
  "$gcreplay" assemble "$text" -o "$(basename "$text" .gtt).gct" >/dev/null
done
python3 "$here/check_demographics.py" "$gcreplay" ./*.gct
