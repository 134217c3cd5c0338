#!/usr/bin/env bash
# Opens a report in headless Chromium (Debian: chromium; installed if it is missing) and checks that it renders without
# a word on the console or a request, that its tables sort, and that it is complete without scripting:
#   scripts/check_report.sh DIR|PAGE.html [FOLDER]
# Pictures of it, light, dark, narrow, printed and without scripting, go to FOLDER (default: a new one), to be looked at.
set -euo pipefail
if [ $# -lt 1 ]; then sed -n '2,5s/^# //p' "$0" >&2; exit 2; fi
root=$(cd "$(dirname "$0")/.." && pwd)
page=$1
if [ -d "$page" ]; then page=$page/report.html; fi
if [ ! -f "$page" ]; then
  echo "check_report: $page does not exist (gcreplay report makes it)" >&2
  exit 2
fi
folder=${2:-$(mktemp -d)}
if ! command -v chromium >/dev/null; then "$root/scripts/setup.sh" chromium; fi
python3 "$root/scripts/check_report.py" "$page" "$folder" "$(command -v chromium)"
