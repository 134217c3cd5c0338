#!/usr/bin/env bash
# Holds the statistics of studies (sim/study/statistics.h) against R and its package boot on the same
# numbers: medians, means, standard deviations, ratios of medians, geometric means and their intervals.
#
#   scripts/validate_statistics.sh [--resamples N] [--build DIR]
#
# Installs r-base-core and r-cran-boot if they are missing. Prints a table; fails if a figure differs by
# more than rounding, or an end of an interval by more than the resampling can explain (see the R file).
set -euo pipefail
cd "$(dirname "$0")/.."
build=build/release
resamples=200000
while [ $# -gt 0 ]; do
  case $1 in
    --build) build=${2:?--build needs a directory} ;;
    --resamples) resamples=${2:?--resamples needs a number} ;;
    *) echo "validate_statistics: unknown word '$1'" >&2; exit 2 ;;
  esac
  shift 2
done
if ! [[ $resamples =~ ^[1-9][0-9]{3,6}$ ]]; then
  echo "validate_statistics: --resamples wants 1000 .. 9999999, not '$resamples'" >&2
  exit 2
fi
if ! command -v Rscript >/dev/null || ! Rscript -e 'quit(status = !requireNamespace("boot", quietly = TRUE))'; then
  ./scripts/setup.sh r-base-core r-cran-boot
fi
if [ ! -f "$build/build.ninja" ]; then
  ./scripts/build.sh release
fi
cmake --build "$build" --target print_statistics >/dev/null
exec Rscript --vanilla scripts/validate_statistics.R "$build/tests/study/print_statistics" "$resamples"
