#!/usr/bin/env bash
# Installs the Debian packages that building, testing and recording need, and those named as arguments.
# Safe to repeat: what is there already is left alone. Needs root or sudo only if something is missing.
set -euo pipefail

packages=(
  build-essential cmake ninja-build pkg-config git
  libzstd-dev zlib1g-dev libxxhash-dev libjansson-dev libcmocka-dev
  python3 python3-dev libpython3-dev
  libjemalloc-dev libmimalloc-dev libgc-dev systemtap-sdt-dev valgrind libbenchmark-dev
  libinih-dev parallel gnuplot-nox rsync
  "$@"
)

missing=()
for package in "${packages[@]}"; do
  if ! dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed'; then
    missing+=("$package")
  fi
done

if [ ${#missing[@]} -eq 0 ]; then
  echo "setup: all ${#packages[@]} Debian packages are installed"
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "setup: missing packages (${missing[*]}), and neither root nor sudo to install them" >&2
    exit 1
  fi
  as_root=(sudo)
fi
echo "setup: installing ${missing[*]}"
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
echo "setup: done"
