#!/usr/bin/env bash
# Sets up, builds and runs every test: the designs with threads under ThreadSanitizer, all tests under AddressSanitizer and
# UndefinedBehaviorSanitizer at the highest check level, the fuzz targets for a fixed number of inputs, and all tests in the release
# build, where the micro-benchmarks are built too and run once each. Ends with ctest's own closing lines.
#   scripts/test.sh            the four builds
#   scripts/test.sh release    one of them
set -euo pipefail
cd "$(dirname "$0")/.."

presets=("$@")
if [ ${#presets[@]} -eq 0 ]; then presets=(tsan fuzz asan release); fi
packages=()
if [[ " ${presets[*]} " == *" fuzz "* ]]; then packages=(clang libclang-rt-dev); fi
./scripts/setup.sh "${packages[@]}"
for preset in "${presets[@]}"; do
  targets=() only=()
  if [ "$preset" = tsan ]; then
    targets=(threads_tests)
    only=(-L threads)
  fi
  if [ "$preset" = release ]; then cmake --preset release -DGCR_BENCH=ON --log-level=WARNING; fi
  ./scripts/build.sh "$preset" "${targets[@]}"
  echo "test: ctest --preset $preset ${only[*]}"
  if ! ctest --preset "$preset" -j "$(nproc)" "${only[@]}"; then
    # Some tests hold a replay against what the kernel did to a real program, on a machine that may be busy.
    echo "test: what failed runs once more, alone"
    ctest --preset "$preset" -j 1 --rerun-failed
  fi
done
