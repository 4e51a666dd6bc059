#!/usr/bin/env bash
# Puts promtool and amtool of Debian's packages into tools/monitoring, unless they are there or installed. The packages
# are taken apart and not installed: nothing is started, and the machine stays as it is.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p tools/monitoring && cd tools/monitoring
PATH="$PATH:$PWD/usr/bin"

for pair in promtool:prometheus amtool:prometheus-alertmanager; do
  program="${pair%%:*}" package="${pair##*:}"
  command -v "$program" >/dev/null && continue
  apt-get download -qq "$package" || { apt-get update -qq && apt-get download -qq "$package"; }
  dpkg -x "$package"_*.deb .
  rm -f "$package"_*.deb
done
