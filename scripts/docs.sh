#!/usr/bin/env bash
# Writes docs/cli from the tables in the source: scripts/docs.sh [GCREPLAY]. With --check as the first
# word it changes nothing and fails if the pages in the tree are not what the tables say.
set -euo pipefail
cd "$(dirname "$0")/.."
check=no
if [ "${1:-}" = --check ]; then
  check=yes
  shift
fi
gcreplay=${1:-build/release/bin/gcreplay}

if [ "$check" = no ]; then
  "$gcreplay" list --markdown docs/cli
  echo "docs: docs/cli written"
  exit 0
fi

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
"$gcreplay" list --markdown "$fresh"
if ! diff -ru docs/cli "$fresh"; then
  echo "docs: docs/cli is out of date; run scripts/docs.sh" >&2
  exit 1
fi
echo "docs: docs/cli is up to date"
