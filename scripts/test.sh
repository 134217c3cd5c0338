#!/usr/bin/env bash
# Sets up, builds and runs every test: the release build, then the same tests under AddressSanitizer and
# UndefinedBehaviorSanitizer at the highest check level. Ends with ctest's own closing lines.
#   scripts/test.sh            both builds
#   scripts/test.sh release    one of them
set -euo pipefail
cd "$(dirname "$0")/.."

./scripts/setup.sh
presets=("$@")
if [ ${#presets[@]} -eq 0 ]; then presets=(asan release); fi
for preset in "${presets[@]}"; do
  ./scripts/build.sh "$preset"
  echo "test: ctest --preset $preset"
  ctest --preset "$preset" -j "$(nproc)"
done
