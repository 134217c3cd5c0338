# What the tests of the recorder share: $python, a folder $work that goes when the test ends, and fail, which counts
# in $failed. The test is skipped where $python is not CPython 3.11.
python=/usr/bin/python3
failed=0
if ! "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
    echo "skipped: $python is not CPython 3.11"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "FAIL: $*"
    failed=1
}
