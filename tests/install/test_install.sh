# Installs into a fresh prefix, and uses what is there as a stranger does: a C program by CMake package,
# by pkg-config, statically, as C99, and as C++; and gcreplay itself, which must find its parts there.
#   bash test_install.sh BUILD SOURCE CMAKE CC CXX
set -uo pipefail
build=$1 source=$2 cmake=$3 cc=$4 cxx=$5
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix

fail() {
    echo "FAIL: $*"
    failed=1
}

"$cmake" --install "$build" --prefix "$prefix" >"$work/log" 2>&1 || {
    tail -n 5 "$work/log"
    exit 1
}
lib=$(dirname "$(find "$prefix" -name libgctrace.so)")
for file in bin/gcreplay include/gctrace.h share/gcreplay/plots/common.inc.gp; do
    [ -e "$prefix/$file" ] || fail "$file is not installed"
done
grep -rIl -e "$source" -e "$build" "$prefix" && fail "installed text names the tree"
for binary in "$prefix"/bin/gcreplay "$lib"/libgctrace.so; do
    readelf -d "$binary" | grep -E 'R(UN)?PATH' && fail "$binary has a path of libraries"
done

# Only gctrace_* in the shared library and in the static one; the version is the soname's.
nm -D --defined-only "$lib/libgctrace.so" | awk '{print $3}' | sed 's/@.*//' | sort >"$work/shared"
nm --defined-only --extern-only "$lib/libgctrace.a" | awk 'NF == 3 {print $3}' | sort >"$work/static"
grep -v '^GCTRACE_0$' "$work/shared" | cmp - "$work/static" || fail "shared and static define other names"
grep -v '^gctrace_' "$work/static" && fail "the library defines other names than gctrace_*"
grep -oE 'gctrace_[a-z_]+\(' "$prefix/include/gctrace.h" | tr -d '(' | sort -u | cmp - "$work/static" ||
    fail "the header declares other functions than the library has"
readelf -d "$lib/libgctrace.so" | grep -q 'soname: \[libgctrace.so.0\]' || fail "soname"

# The example of docs/c-api.md, word by word, away from the tree.
outside=$work/outside
mkdir -p "$outside"
sed -n '/^```c$/,/^```$/p' "$source/docs/c-api.md" | sed '/^```/d' >"$outside/list.c"
cp "$outside/list.c" "$outside/list.cc"
cat >"$outside/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.16)
project(outside C CXX)
find_package(gctrace 0.1 REQUIRED)
add_executable(by_package list.c)
target_link_libraries(by_package gctrace::gctrace)
add_executable(by_static_package list.c)
target_link_libraries(by_static_package gctrace::gctrace_static)
add_executable(by_package_cxx list.cc)
target_link_libraries(by_package_cxx gctrace::gctrace)
CMAKE
cd "$outside" || exit 1

# records NAME: runs the program of that name; its trace is valid and has 1000 objects.
records() {
    rm -f list.gct
    LD_LIBRARY_PATH=$lib "$2" || {
        fail "$1 does not run"
        return
    }
    "$prefix/bin/gcreplay" check list.gct >check || fail "$1: $(cat check)"
    grep -q '1,000 objects\|1000 objects' check || fail "$1: $(cat check)"
}

if CC=$cc CXX=$cxx "$cmake" -S . -B made -DCMAKE_PREFIX_PATH="$prefix" >log 2>&1 &&
    "$cmake" --build made >>log 2>&1; then
    for name in by_package by_static_package by_package_cxx; do records $name made/$name; done
else
    fail "CMake package: $(tail -n 20 log)"
fi
export PKG_CONFIG_PATH=$lib/pkgconfig
strict='-Wall -Wextra -Wpedantic -Werror'
if $cc -std=c99 $strict list.c -o by_pc $(pkg-config --cflags --libs gctrace); then records pkg-config ./by_pc; else
    fail "pkg-config"
fi
if $cxx -std=c++11 $strict list.cc -o by_pc_cxx $(pkg-config --cflags --libs gctrace); then
    records "pkg-config, C++" ./by_pc_cxx
else
    fail "pkg-config, C++"
fi
if $cc list.c -o by_pc_static $(pkg-config --cflags gctrace) -L"$lib" -l:libgctrace.a -lzstd -lxxhash -lpthread; then
    records "static" ./by_pc_static
else
    fail "static"
fi
[ "$(pkg-config --modversion gctrace)" = "$(sed -n 's/^project(gcreplay VERSION \([0-9.]*\) .*/\1/p' "$source/CMakeLists.txt")" ] ||
    fail "gctrace.pc has another version"

# gcreplay finds its parts in the prefix: figures are drawn by the scripts there (which say so) ...
gcreplay=$prefix/bin/gcreplay
echo 'set label 99 "drawn by the installed script" at graph 0.5,0.5' >>"$prefix/share/gcreplay/plots/common.inc.gp"
if command -v gnuplot >/dev/null; then
    "$gcreplay" compare list.gct -c mark-sweep,semispace -o drawn >log 2>&1 || fail "compare: $(tail -n 3 log)"
    "$gcreplay" report drawn >log 2>&1 || fail "report: $(tail -n 3 log)"
    grep -rql 'drawn by the installed script' drawn/plots || fail "figures come from elsewhere than the prefix"
fi
# ... and the recorder of CPython programs, with the module for marks.
if [ -e "$prefix/lib/gcreplay/libgcreplay_cpython.so" ] &&
    /usr/bin/python3 -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
    "$gcreplay" record --marks -o python.gct -- /usr/bin/python3 -c 'import gcreplay_marks; print(gcreplay_marks.__file__)' >out 2>log ||
        fail "record: $(tail -n 3 log)"
    grep -qx "$prefix/lib/gcreplay/python/gcreplay_marks.py" out || fail "marks: $(cat out)"
    "$gcreplay" check python.gct >log || fail "record: $(cat log)"
fi
exit $failed
