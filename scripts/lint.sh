#!/usr/bin/env bash
# What a compiler does not say by itself: format, a build by clang with all warnings as errors, and
# clang-tidy with the checks of .clang-tidy. Installs what is missing.
#   scripts/lint.sh              everything
#   scripts/lint.sh format       one step: format, clang or tidy
set -euo pipefail
cd "$(dirname "$0")/.."

./scripts/setup.sh clang clang-format clang-tidy libclang-rt-dev
folder=build/lint
steps=("$@")
if [ ${#steps[@]} -eq 0 ]; then steps=(format clang tidy); fi

sources() { git ls-files -z -- '*.c' '*.h'; }

configure() {
  cmake -S . -B "$folder" -G Ninja --log-level=WARNING -DCMAKE_BUILD_TYPE=Release -DGCR_WERROR=ON \
    -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++
}

for step in "${steps[@]}"; do
  echo "lint: $step"
  case $step in
    format)
      sources | xargs -0 clang-format --dry-run -Werror
      ;;
    clang)
      configure
      cmake --build "$folder" -j "$(nproc)"
      ;;
    tidy) # every C file that the build compiles, generated ones apart
      configure
      python3 -c '
import json, os, sys
root = os.getcwd()
files = {os.path.relpath(entry["file"], root) for entry in json.load(open(sys.argv[1]))}
print(*sorted(f for f in files if f.endswith(".c") and not f.startswith(("..", "build"))), sep="\n")
' "$folder/compile_commands.json" |
        xargs -d '\n' -P "$(nproc)" -n 8 clang-tidy -p "$folder" --quiet --warnings-as-errors='*'
      ;;
    *)
      echo "lint: no step is named '$step'; known: format clang tidy" >&2
      exit 2
      ;;
  esac
done
echo "lint: nothing found"
