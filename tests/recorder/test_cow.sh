# A recorded pre-fork server, replayed with --cow: model and kernel name the same pages in every process.
#   bash test_cow.sh GCREPLAY
set -u
. "$(dirname "$0")/kit.sh"
gcreplay=$1
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$work" || exit 1

"$gcreplay" record -o prefork.gct -- "$python" "$root/workloads/programs/prefork_index.py" 6 2 20 >record.out 2>&1 ||
    { cat record.out; exit 1; }
"$gcreplay" compare prefork.gct -c linked-list,bitmap,semispace,mark-sweep --cow -o out || exit 1
refusal=$(python3 -c 'import json; print(json.load(open("out/prefork-mark-sweep.json"))["lanes"][1]["cow"][0]["kernel_refusal"] or "")')
if [ -n "$refusal" ]; then
    echo "skipped: $refusal"
    exit 77
fi
python3 "$root/tests/cli/cow_agreement.py" out/prefork-*.json
