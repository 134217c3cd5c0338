#!/usr/bin/env bash
# Configures and builds one preset (release by default): scripts/build.sh [PRESET [TARGET...]].
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:-release}
shift || true
echo "build: cmake --preset $preset"
cmake --preset "$preset" --log-level=WARNING
targets=()
for target in "$@"; do targets+=(--target "$target"); done
cmake --build --preset "$preset" -j "$(nproc)" "${targets[@]}"
